//! What a file's header says, read here before a decoder sees the file: its format, and for JPEG, WebP and TIFF what
//! their decoders allocate on the header's word alone.

mod jpeg;
#[cfg(feature = "formats")]
mod tiff;
#[cfg(feature = "formats")]
mod webp;

use image::ImageFormat;

pub(super) use jpeg::frame;
#[cfg(feature = "formats")]
pub(super) use tiff::check as check_tiff;
#[cfg(feature = "formats")]
pub(super) use webp::check as check_webp;

use crate::error::{Error, Result};

/// The format, by the first bytes of the file and never by its name.
///
/// # Errors
/// [`Error::ImageFormat`], which names the format where it is one that only a browser decodes.
pub(super) fn format(bytes: &[u8]) -> Result<(ImageFormat, &'static str)> {
    let known = image::guess_format(bytes).ok().and_then(|format| match format {
        ImageFormat::Jpeg => Some((format, "jpeg")),
        ImageFormat::Png => Some((format, "png")),
        ImageFormat::WebP => Some((format, "webp")),
        ImageFormat::Gif => Some((format, "gif")),
        ImageFormat::Bmp => Some((format, "bmp")),
        ImageFormat::Tiff => Some((format, "tiff")),
        _ => None,
    });
    known.ok_or_else(|| Error::ImageFormat(unreadable(bytes).into()))
}

/// Whether a file is of a format that only builds with the feature `formats` decode, by its first 16 bytes.
pub fn needs_formats(bytes: &[u8]) -> bool {
    let first = bytes.get(..16).unwrap_or(bytes);
    !matches!(format(first), Ok((ImageFormat::Jpeg | ImageFormat::Png, _)) | Err(_))
}

/// Why a file of unknown format cannot be read.
fn unreadable(bytes: &[u8]) -> &'static str {
    let brand = bytes
        .get(4..8)
        .filter(|kind| kind == b"ftyp")
        .and_then(|_| bytes.get(8..12));
    match brand {
        _ if bytes.is_empty() => "the file is empty",
        Some(b"avif" | b"avis") => "AVIF is decoded by the browser only",
        Some(b"heic" | b"heix" | b"hevc" | b"hevx" | b"heim" | b"heis" | b"mif1" | b"msf1") => {
            "HEIC is decoded by the browser only, and not by every browser"
        }
        _ => "it is none of JPEG, PNG, WebP, GIF, BMP, TIFF",
    }
}

/// The two bytes at `at`, most significant first.
fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}
