//! Turning a photo the way its EXIF tag says.

use image::RgbImage;
use image::imageops::{flip_horizontal_in_place, flip_vertical_in_place, rotate90, rotate180_in_place, rotate270};
use image::metadata::Orientation;

/// True if width and height change places.
pub fn swaps_sides(orientation: Orientation) -> bool {
    orientation.to_exif() >= 5
}

/// The photo as it is meant to be seen.
#[inline(never)]
pub fn turn(mut image: RgbImage, orientation: Orientation) -> RgbImage {
    match orientation {
        Orientation::NoTransforms => {}
        Orientation::Rotate90 => image = rotate90(&image),
        Orientation::Rotate180 => rotate180_in_place(&mut image),
        Orientation::Rotate270 => image = rotate270(&image),
        Orientation::FlipHorizontal => flip_horizontal_in_place(&mut image),
        Orientation::FlipVertical => flip_vertical_in_place(&mut image),
        Orientation::Rotate90FlipH => {
            image = rotate90(&image);
            flip_horizontal_in_place(&mut image);
        }
        Orientation::Rotate270FlipH => {
            image = rotate270(&image);
            flip_horizontal_in_place(&mut image);
        }
    }
    image
}
