//! JPEG data inside a TIFF file.
//!
//! The decoder gives each JPEG strip or tile the memory that the strip's own frame header asks for (up to 16,384 x 16,384
//! pixels), whatever the size of the image. So the frame headers are held to the same limits first.

use super::super::Limits;
use crate::error::Result;

/// Refuses a file in which a JPEG frame header exceeds `limits`.
///
/// Frame headers are looked for everywhere, without regard to the directory, which an attacker writes as well. The
/// pattern fixes 40 bits, so pixels that look like one by chance and exceed a limit are not to be expected.
///
/// # Errors
/// [`Error::ImageTooLarge`](crate::Error::ImageTooLarge).
pub(in crate::image) fn check(bytes: &[u8], limits: &Limits) -> Result<()> {
    for (at, pair) in bytes.windows(2).enumerate() {
        if !matches!(pair, [0xFF, 0xC0..=0xC2]) {
            continue;
        }
        let (Some(length), Some(height), Some(width)) = (be16(bytes, at + 2), be16(bytes, at + 5), be16(bytes, at + 7))
        else {
            continue;
        };
        let (precision, components) = (bytes.get(at + 4), bytes.get(at + 9).copied().unwrap_or(0));
        let is_frame =
            precision == Some(&8) && (1..=4).contains(&components) && length == 8 + 3 * u16::from(components);
        if is_frame && width > 0 && height > 0 {
            let (width, height) = (u32::from(width), u32::from(height));
            limits.check_size(width, height)?;
            // Samples, and coefficients of two bytes where the frame is progressive.
            limits.check_memory(
                width,
                height,
                u64::from(width) * u64::from(height) * u64::from(components) * 3,
            )?;
        }
    }
    Ok(())
}

/// The two bytes at `at`, most significant first.
fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}
