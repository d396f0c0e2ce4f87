//! Scaling a photo to the size at which a model looks at it.

use super::{Limits, Pixels, limits::buffer};
use crate::error::{Error, Result};

/// Scales the photo up or down so that its short side has `short_side` pixels, at least 1. The aspect ratio is kept;
/// the long side is rounded to the nearest pixel.
///
/// Photos come out the same on every platform, in training and in scoring. Those that were decoded on a coarser grid
/// ([`DecodeOptions::short_side`](super::DecodeOptions::short_side)) have been scaled there.
///
/// # Errors
/// [`Error::ImageTooLarge`] if the result exceeds the default [`Limits`], as that of a 1x65535 photo does;
/// [`Error::ImageDecode`] if `pixels` is empty or its length is not `width * height * 3`.
pub fn scale(pixels: Pixels, short_side: u32) -> Result<Pixels> {
    let short = pixels.width.min(pixels.height);
    if short == 0 {
        return Err(Error::ImageDecode(format!(
            "its size is {}x{}",
            pixels.width, pixels.height
        )));
    }
    if pixels.rgb.len() as u64 != u64::from(pixels.width) * u64::from(pixels.height) * 3 {
        return Err(Error::ImageDecode("its pixels do not fill its size".into()));
    }
    if short == short_side {
        return Ok(pixels);
    }
    let (width, height) = scaled_size((pixels.width, pixels.height), short_side)?;
    resample(&pixels, width, height)
}

/// The size of a photo that is scaled so that its short side, which is not 0, has `short_side` pixels.
///
/// # Errors
/// As [`scale`].
pub(super) fn scaled_size((width, height): (u32, u32), short_side: u32) -> Result<(u32, u32)> {
    let short = width.min(height);
    let scaled = |side: u32| {
        let (side, wanted, short) = (u64::from(side), u64::from(short_side), u64::from(short));
        u32::try_from((2 * side * wanted + short) / (2 * short)).unwrap_or(u32::MAX)
    };
    let size = (scaled(width), scaled(height));
    Limits::default().check_size(size.0, size.1).map_err(|error| {
        Error::ImageTooLarge(format!(
            "{width}x{height} pixels scaled to a short side of {short_side}: {error}"
        ))
    })?;
    Ok(size)
}

/// The photo on a grid of `width` x `height`. None of the four sides is 0, and `pixels` fills its size.
pub(super) fn resample(pixels: &Pixels, width: u32, height: u32) -> Result<Pixels> {
    let mut rgb = buffer(u64::from(width) * u64::from(height) * 3)?;
    gamma_kernels::resample(&pixels.rgb, [pixels.width, pixels.height], &mut rgb, [width, height]);
    Ok(Pixels { width, height, rgb })
}

/// Scales the photo up so that its short side has `short_side` pixels. A photo that is large enough comes back as it
/// is.
///
/// # Errors
/// As [`scale`].
pub fn enlarge(pixels: Pixels, short_side: u32) -> Result<Pixels> {
    match pixels.width.min(pixels.height) {
        short if short >= short_side => Ok(pixels),
        _ => scale(pixels, short_side),
    }
}
