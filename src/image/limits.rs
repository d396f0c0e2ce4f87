//! What a photo may ask for. Every limit is checked against the header, before a pixel is decoded.

use crate::error::{Error, Result};

/// Upper bounds on a photo's size and on the memory its decoder may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest side in pixels; 65,535 by default.
    pub max_side: u32,
    /// Width times height; 100 million by default.
    pub max_pixels: u64,
    /// Bytes that the decoder's working memory and the pixels it gives may take together; 1 GiB by default, which lets
    /// 50 megapixels of any kind through (the worst, a 16-bit RGBA PNG, takes 0.5 GiB).
    pub max_alloc: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_side: 65_535,
            max_pixels: 100_000_000,
            max_alloc: 1 << 30,
        }
    }
}

/// The decoders count the bytes of four channels in 32 bits, so that no limit can be raised above this.
const MOST_PIXELS: u64 = (1 << 30) - 1;

impl Limits {
    /// Refuses an image of `width` x `height` that is empty or exceeds a limit, naming the limit.
    pub(super) fn check_size(&self, width: u32, height: u32) -> Result<()> {
        if width == 0 || height == 0 {
            return Err(Error::ImageDecode(format!("its size is {width}x{height}")));
        }
        if width.max(height) > self.max_side {
            return Err(Error::ImageTooLarge(format!(
                "{width}x{height} pixels; a side may have at most {}",
                self.max_side
            )));
        }
        let (pixels, most) = (u64::from(width) * u64::from(height), self.max_pixels.min(MOST_PIXELS));
        if pixels > most {
            return Err(Error::ImageTooLarge(format!(
                "{width}x{height} are {pixels} pixels; the limit is {most}"
            )));
        }
        Ok(())
    }

    /// Refuses an image whose decoding takes more than `max_alloc` bytes.
    pub(super) fn check_memory(&self, width: u32, height: u32, bytes: u64) -> Result<()> {
        if bytes > self.max_alloc {
            return Err(Error::ImageTooLarge(format!(
                "{width}x{height} pixels of this kind take {bytes} bytes to decode; the limit is {}",
                self.max_alloc
            )));
        }
        Ok(())
    }
}

/// A zeroed buffer, or an error where the memory cannot be had (a 32-bit address space ends early).
pub(super) fn buffer(bytes: u64) -> Result<Vec<u8>> {
    let refused = || Error::ImageTooLarge(format!("no memory for {bytes} bytes of pixels"));
    let len = usize::try_from(bytes).map_err(|_| refused())?;
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(len).map_err(|_| refused())?;
    buffer.resize(len, 0);
    Ok(buffer)
}
