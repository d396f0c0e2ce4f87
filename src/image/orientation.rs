//! Turning a photo the way its EXIF tag says.

use image::imageops::{flip_horizontal_in_place, flip_vertical_in_place, rotate90, rotate180_in_place, rotate270};
use image::metadata::Orientation;
use image::{ImageBuffer, Rgb};

use super::Pixels;
use crate::error::{Error, Result};

/// True if width and height change places.
pub(super) fn swaps_sides(orientation: Orientation) -> bool {
    orientation.to_exif() >= 5
}

/// The photo as it is meant to be seen.
pub(super) fn apply(pixels: Pixels, orientation: Orientation) -> Result<Pixels> {
    if orientation == Orientation::NoTransforms {
        return Ok(pixels);
    }
    let mut image = ImageBuffer::<Rgb<u8>, _>::from_raw(pixels.width, pixels.height, pixels.rgb)
        .ok_or_else(|| Error::ImageDecode("its pixels do not fill its size".into()))?;
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
    Ok(Pixels {
        width: image.width(),
        height: image.height(),
        rgb: image.into_raw(),
    })
}
