//! Every kind at every level on one picture, for people to look at.

use image::imageops::{FilterType, crop_imm, resize};
use image::{ImageBuffer, Rgb, RgbImage};

use super::{Distortion, Level, font};
use crate::error::{Error, Result};
use crate::image::Pixels;

/// Side of a tile in pixels.
const TILE: u32 = 72;
/// White between tiles, in pixels.
const GAP: u32 = 2;
/// Height of a caption with the white around it, in pixels.
const CAPTION: u32 = font::HEIGHT as u32 + 5;
/// Tiles of a kind: the clean one and one for each level.
const TILES: u32 = 1 + Level::ALL.len() as u32;
/// Kinds beside each other.
const COLUMNS: u32 = 2;

/// A contact sheet of `kinds`: for each its name, the clean tile and those of the five levels. The tile is the middle of
/// the photo, scaled down to twice the tile's size before it is distorted, so that its pixels are seen as they are.
///
/// # Errors
/// As [`Distortion::apply`]; [`Error::ImageTooSmall`] if a side of the photo has fewer than 144 pixels.
pub fn contact_sheet(photo: &Pixels, kinds: &[Distortion], seed: u64) -> Result<Pixels> {
    let clean = middle(photo)?;
    let rows = (kinds.len() as u32).div_ceil(COLUMNS);
    let column = TILES * (TILE + GAP) + 2 * GAP;
    let width = column * COLUMNS.min(kinds.len().max(1) as u32);
    let mut sheet = RgbImage::from_pixel(width, (rows * (CAPTION + TILE)).max(1), Rgb([255; 3]));
    for (index, kind) in kinds.iter().enumerate() {
        let (left, top) = (index as u32 / rows * column, index as u32 % rows * (CAPTION + TILE));
        write(&mut sheet, left + GAP, top + 3, kind.as_str());
        let levels = Level::ALL.map(|level| kind.apply(&clean, level.strength(), seed));
        for (place, tile) in std::iter::once(Ok(clean.clone())).chain(levels).enumerate() {
            let tile = buffer(tile?)?;
            let x = left + GAP + place as u32 * (TILE + GAP);
            image::imageops::replace(&mut sheet, &tile, i64::from(x), i64::from(top + CAPTION));
        }
    }
    Ok(pixels(sheet))
}

/// The middle of the photo, scaled down.
fn middle(photo: &Pixels) -> Result<Pixels> {
    let short = photo.width.min(photo.height);
    if short < 2 * TILE {
        return Err(Error::ImageTooSmall(format!(
            "{}x{} pixels; a contact sheet needs {} both ways",
            photo.width,
            photo.height,
            2 * TILE
        )));
    }
    let scaled = |side: u32| (u64::from(side) * u64::from(2 * TILE) / u64::from(short)) as u32;
    let (width, height) = (scaled(photo.width), scaled(photo.height));
    let small = resize(&buffer(photo.clone())?, width, height, FilterType::CatmullRom);
    Ok(pixels(
        crop_imm(&small, (width - TILE) / 2, (height - TILE) / 2, TILE, TILE).to_image(),
    ))
}

fn write(sheet: &mut RgbImage, left: u32, top: u32, text: &str) {
    for (index, letter) in text.bytes().enumerate() {
        let left = left + (index * (font::WIDTH + 1)) as u32;
        for (x, y) in (0..font::HEIGHT).flat_map(|y| (0..font::WIDTH).map(move |x| (x, y))) {
            if font::ink(letter, x, y) {
                // A caption that is longer than the sheet is wide ends there.
                if let Some(pixel) = sheet.get_pixel_mut_checked(left + x as u32, top + y as u32) {
                    *pixel = Rgb([0; 3]);
                }
            }
        }
    }
}

fn buffer(pixels: Pixels) -> Result<RgbImage> {
    ImageBuffer::from_raw(pixels.width, pixels.height, pixels.rgb)
        .ok_or_else(|| Error::ImageDecode("its pixels do not fill its size".into()))
}

fn pixels(image: RgbImage) -> Pixels {
    Pixels {
        width: image.width(),
        height: image.height(),
        rgb: image.into_raw(),
    }
}
