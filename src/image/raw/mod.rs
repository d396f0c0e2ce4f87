//! Camera RAW files: the JPEG preview that a camera stores in each of them is the photo that is scored.
//!
//! Read are Nikon's NEF, Canon's CR2 and CR3, Sony's ARW, Adobe's DNG, Fujifilm's RAF, Olympus's ORF, Panasonic's
//! RW2, Pentax's PEF, Samsung's SRW, and others that are TIFF files of the same build. The layouts follow the tables
//! of ExifTool's documentation.

mod canon;
mod fujifilm;
mod jpeg;
mod maker;
mod search;
mod tiff;

use std::fmt;

use super::container::tags::Directory;
use super::container::{Parts, Stop};
use super::{DecodeOptions, Decoded, Source};
use crate::error::{Error, Result};

pub use search::{Next, Search};

/// A preview has at least this many pixels along its longer side. Thumbnails have 320 and fewer; the smallest
/// previews that cameras stored have 570.
pub const MIN_SIDE: u32 = 512;

/// Where the photo in a RAW file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Its first byte in the file.
    pub offset: u64,
    /// Its bytes.
    pub length: u64,
    /// Pixels in a row, as stored.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// The orientation that the RAW file states, 1..=8.
    pub orientation: u8,
    /// The kind of RAW file.
    pub kind: Kind,
}

/// Kinds of RAW files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are the names of the files")]
pub enum Kind {
    Arw,
    Cr2,
    Cr3,
    Dng,
    Nef,
    Orf,
    Pef,
    Raf,
    Rw2,
    Srw,
    /// A TIFF file of another maker.
    Other,
}

impl Kind {
    /// What files of this kind are called, in small letters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Arw => "arw",
            Self::Cr2 => "cr2",
            Self::Cr3 => "cr3",
            Self::Dng => "dng",
            Self::Nef => "nef",
            Self::Orf => "orf",
            Self::Pef => "pef",
            Self::Raf => "raf",
            Self::Rw2 => "rw2",
            Self::Srw => "srw",
            Self::Other => "raw",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Arw => "a camera RAW file of Sony (ARW)",
            Self::Cr2 => "a camera RAW file of Canon (CR2)",
            Self::Cr3 => "a camera RAW file of Canon (CR3)",
            Self::Dng => "a camera RAW file (DNG)",
            Self::Nef => "a camera RAW file of Nikon (NEF)",
            Self::Orf => "a camera RAW file of Olympus (ORF)",
            Self::Pef => "a camera RAW file of Pentax (PEF)",
            Self::Raf => "a camera RAW file of Fujifilm (RAF)",
            Self::Rw2 => "a camera RAW file of Panasonic or Leica (RW2)",
            Self::Srw => "a camera RAW file of Samsung (SRW)",
            Self::Other => "a camera RAW file",
        })
    }
}

/// What a look at a RAW file ends with, other than a preview.
#[derive(Debug)]
enum Halt {
    /// A part of the file has to be read first, or the file is damaged.
    Stop(Stop),
    /// There is no preview to score.
    Refused(Error),
}

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// A JPEG file that may be the preview: where it is, and its bytes.
type Candidate = (u64, u64);

/// The preview of a RAW file; `None` if it is a file of another kind.
fn find(parts: &Parts<'_>) -> Result<Option<Preview>, Halt> {
    let head = parts.up_to(0, 16)?;
    let (kind, orientation, candidates) = match head {
        [b'F', b'U', b'J', b'I', b'F', b'I', b'L', b'M', b'C', b'C', b'D', ..] => {
            (Kind::Raf, 1, fujifilm::candidates(parts)?)
        }
        [_, _, _, _, b'f', b't', b'y', b'p', b'c', b'r', b'x', b' ', ..] => {
            let (orientation, candidates) = canon::candidates(parts)?;
            (Kind::Cr3, orientation, candidates)
        }
        [b'I', b'I', ..] | [b'M', b'M', ..] => match tiff::candidates(parts)? {
            Some(found) => found,
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    largest(parts, kind, orientation, candidates).map(Some)
}

/// The candidate of the most pixels.
fn largest(parts: &Parts<'_>, kind: Kind, orientation: u8, candidates: Vec<Candidate>) -> Result<Preview, Halt> {
    let mut best: Option<Preview> = None;
    for (offset, length) in candidates {
        let length = length.min(parts.size().saturating_sub(offset));
        let Some((width, height)) = jpeg::size(parts, offset, length)? else {
            continue;
        };
        let pixels = |preview: &Preview| u64::from(preview.width) * u64::from(preview.height);
        let found = Preview {
            offset,
            length,
            width,
            height,
            orientation,
            kind,
        };
        if best.as_ref().is_none_or(|best| pixels(best) < pixels(&found)) {
            best = Some(found);
        }
    }
    let refused = |why: String| Err(Halt::Refused(Error::ImageFormat(format!("it is {kind}, {why}"))));
    match best {
        None => refused("without a JPEG preview".into()),
        Some(Preview { width, height, .. }) if width.max(height) < MIN_SIDE => refused(format!(
            "and its largest preview has {width}x{height} pixels: a thumbnail is not scored, a side has to have {MIN_SIDE}"
        )),
        Some(preview) => Ok(preview),
    }
}

/// The preview in a whole file; `None` if it is no RAW file.
///
/// # Errors
/// [`Error::ImageFormat`] for a RAW file without a preview that can be scored.
pub(super) fn find_in(bytes: &[u8]) -> Result<Option<Preview>> {
    match find(&Parts::whole(bytes)) {
        Ok(found) => Ok(found),
        Err(Halt::Refused(error)) => Err(error),
        Err(Halt::Stop(_)) => Ok(None),
    }
}

/// An orientation, or 1 for what is none.
pub(super) fn valid_orientation(number: u64) -> u8 {
    tiff::valid(Some(number)).unwrap_or(1)
}

/// Where a TIFF directory says that JPEG files are, as place and length.
pub(super) fn jpeg_places(parts: &Parts<'_>, directory: &Directory) -> Vec<(u64, u64)> {
    tiff::jpeg(parts, directory).unwrap_or_default()
}

/// Decodes the bytes of a preview: a JPEG file, turned as it says itself, or else as the RAW file says.
///
/// # Errors
/// As [`decode`](super::decode()).
pub fn decode_preview(bytes: &[u8], preview: &Preview, options: &DecodeOptions) -> Result<Decoded> {
    if !bytes.starts_with(&[0xFF, 0xD8]) {
        return Err(Error::ImageDecode(format!(
            "the preview of {} is not there",
            preview.kind
        )));
    }
    let mut decoded = super::decode(bytes, options)?;
    if decoded.orientation == 1 && preview.orientation != 1 {
        decoded.orientation = preview.orientation;
        if !options.parity {
            decoded.pixels = super::decode::turned(decoded.pixels, preview.orientation)?;
            if preview.orientation >= 5 {
                decoded.size = (decoded.size.1, decoded.size.0);
            }
        }
    }
    decoded.format = preview.kind.name();
    let (width, height) = (preview.width, preview.height);
    let swapped = !options.parity && decoded.orientation >= 5;
    let (width, height) = if swapped { (height, width) } else { (width, height) };
    decoded.source = Source::RawPreview { width, height };
    Ok(decoded)
}
