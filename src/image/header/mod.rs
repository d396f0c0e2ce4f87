//! What a file's header says, read here before a decoder sees the file: its format, and for WebP and TIFF what
//! their decoders allocate on the header's word alone.

#[cfg(feature = "formats")]
mod bmp;
#[cfg(feature = "formats")]
mod gif;
mod kinds;
mod png;
#[cfg(feature = "formats")]
mod tiff;
#[cfg(feature = "formats")]
mod webp;

use image::ImageFormat;

#[cfg(feature = "formats")]
pub(super) use bmp::usual as usual_bmp;
#[cfg(feature = "formats")]
pub(super) use gif::whole as whole_gif;
pub(super) use png::ended as ended_png;
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
    let large_tiff = bytes.starts_with(b"II+\0") || bytes.starts_with(b"MM\0+");
    if large_tiff {
        return Ok((ImageFormat::Tiff, "tiff"));
    }
    let known = image::guess_format(bytes).ok().and_then(|format| match format {
        ImageFormat::Jpeg => Some((format, "jpeg")),
        ImageFormat::Png => Some((format, "png")),
        ImageFormat::WebP => Some((format, "webp")),
        ImageFormat::Gif => Some((format, "gif")),
        ImageFormat::Bmp => Some((format, "bmp")),
        ImageFormat::Tiff => Some((format, "tiff")),
        _ => None,
    });
    known.ok_or_else(|| Error::ImageFormat(kinds::unreadable(bytes).into()))
}

/// Whether a file is of a format that only builds with the feature `formats` decode, by its first 16 bytes.
pub fn needs_formats(bytes: &[u8]) -> bool {
    let first = bytes.get(..16).unwrap_or(bytes);
    may_be_raw(first) || !matches!(format(first), Ok((ImageFormat::Jpeg | ImageFormat::Png, _)) | Err(_))
}

/// Whether a file may be a camera's RAW file, by its first 16 bytes: many of those are TIFF files. Of such a file a
/// part is enough ([`raw::Search`](super::raw::Search)).
pub fn may_be_raw(bytes: &[u8]) -> bool {
    let starts: [&[u8]; 8] = [
        b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"IIU\0", b"IIRO", b"IIRS", b"MMOR",
    ];
    starts.iter().any(|start| bytes.starts_with(start))
        || bytes.starts_with(b"FUJIFILMCCD-RAW")
        || bytes.get(4..12) == Some(b"ftypcrx ")
}

/// Up to four bytes, least significant first.
#[cfg(feature = "formats")]
fn le(bytes: Option<&[u8]>) -> Option<u32> {
    Some(bytes?.iter().rev().fold(0, |value, &byte| value << 8 | u32::from(byte)))
}
