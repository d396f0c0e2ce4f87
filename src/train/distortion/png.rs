//! PNG: what is written is what was computed.

use std::io::Cursor;

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};

use crate::error::{Error, Result};
use crate::image::Pixels;

/// The photo as a PNG file.
///
/// # Errors
/// [`Error::ImageDecode`] if the pixels do not fill their size.
pub fn encode(pixels: &Pixels) -> Result<Vec<u8>> {
    let whole = u64::from(pixels.width) * u64::from(pixels.height) * 3;
    if whole != pixels.rgb.len() as u64 {
        return Err(Error::ImageDecode("its pixels do not fill its size".into()));
    }
    let mut file = Cursor::new(Vec::new());
    PngEncoder::new(&mut file)
        .write_image(&pixels.rgb, pixels.width, pixels.height, ExtendedColorType::Rgb8)
        .map_err(|error| Error::ImageDecode(format!("it cannot be written as PNG: {error}")))?;
    Ok(file.into_inner())
}
