//! Scaling a small photo up to the crop's size.

use image::imageops::{FilterType, resize};
use image::{ImageBuffer, Rgb};

use super::{Limits, Pixels};
use crate::error::{Error, Result};

/// Scales the photo up so that its short side has `short_side` pixels, and says whether it had to. A photo that is large
/// enough comes back as it is.
///
/// The aspect ratio is kept; the long side is rounded to the nearest pixel. The filter is Catmull-Rom: it is made of
/// multiplications and additions alone, so that every platform gives the same pixels.
///
/// # Errors
/// [`Error::ImageTooLarge`] if the result exceeds the default [`Limits`], as that of a 1x65535 photo does;
/// [`Error::ImageDecode`] if `pixels` is empty or its length is not `width * height * 3`.
pub fn enlarge(pixels: Pixels, short_side: u32) -> Result<(Pixels, bool)> {
    let short = pixels.width.min(pixels.height);
    if short >= short_side {
        return Ok((pixels, false));
    }
    if short == 0 {
        return Err(Error::ImageDecode(format!(
            "its size is {}x{}",
            pixels.width, pixels.height
        )));
    }
    let scaled = |side: u32| {
        let (side, wanted, short) = (u64::from(side), u64::from(short_side), u64::from(short));
        u32::try_from((2 * side * wanted + short) / (2 * short)).unwrap_or(u32::MAX)
    };
    let (width, height) = (scaled(pixels.width), scaled(pixels.height));
    Limits::default().check_size(width, height).map_err(|error| {
        Error::ImageTooLarge(format!(
            "{}x{} pixels scaled up to a short side of {short_side}: {error}",
            pixels.width, pixels.height
        ))
    })?;
    let source = ImageBuffer::<Rgb<u8>, _>::from_raw(pixels.width, pixels.height, pixels.rgb)
        .ok_or_else(|| Error::ImageDecode("its pixels do not fill its size".into()))?;
    let rgb = resize(&source, width, height, FilterType::CatmullRom).into_raw();
    Ok((Pixels { width, height, rgb }, true))
}
