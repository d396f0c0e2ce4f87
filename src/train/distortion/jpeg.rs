//! JPEG, there and back.

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use crate::error::{Error, Result};
use crate::image::{DecodeOptions, Pixels, decode};

/// `pixels` as a JPEG of `quality` 1 to 100, there and back.
pub(super) fn compress(pixels: &Pixels, quality: f32) -> Result<Pixels> {
    let file = encode(pixels, quality.round().clamp(1.0, 100.0) as u8)?;
    Ok(decode(&file, &DecodeOptions::default())?.pixels)
}

/// A baseline JPEG file with the standard's tables scaled to `quality`, 1 to 100, and half the chroma both ways (4:2:0),
/// as cameras and web pages have it.
///
/// # Errors
/// [`Error::ImageTooLarge`] if a side has more than 65,535 pixels; [`Error::ImageDecode`] if `pixels` do not fill their
/// size.
pub fn encode(pixels: &Pixels, quality: u8) -> Result<Vec<u8>> {
    let sides = (u16::try_from(pixels.width), u16::try_from(pixels.height));
    let (Ok(width), Ok(height)) = sides else {
        return Err(Error::ImageTooLarge(format!(
            "{}x{} pixels; a side of a JPEG has at most 65535",
            pixels.width, pixels.height
        )));
    };
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, quality);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder
        .encode(&pixels.rgb, width, height, ColorType::Rgb)
        .map_err(|error| Error::ImageDecode(format!("it cannot be compressed: {error}")))?;
    Ok(file)
}
