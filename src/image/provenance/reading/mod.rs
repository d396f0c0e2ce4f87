//! The reader of all formats: what is found in them, weighed, within limits.

mod bmff;
mod c2pa;
mod cbor;
mod gif;
mod jpeg;
mod json;
mod jumbf;
mod png;
mod source_type;
mod text;
mod tiff;
mod webp;
mod xmp;

use super::parts::{chunks, segments};
use super::{C2pa, Evidence, Provenance, SourceType, be16, be32};
use source_type::source_of;

/// The most pieces of evidence that are listed.
const MAX_EVIDENCE: usize = 32;
/// The most bytes of a piece of evidence, about: longer values are cut.
const MAX_VALUE: usize = 200;
/// The most texts of a file that are looked at, and the most bytes of all of them.
const MAX_TEXTS: usize = 64;
const MAX_TEXT_BYTES: usize = 8 << 20;
/// The most bytes of a packed text, unpacked.
const MAX_UNPACKED: usize = 4 << 20;
/// The most bytes of packets, manifests and texts that are read of a file, which may name the same bytes again and
/// again.
const MAX_READ: usize = 64 << 20;

/// Reads what a JPEG, PNG, WebP, GIF, TIFF, DNG, AVIF, HEIC or JPEG XL file declares. Any bytes are taken; damage hides
/// declarations and is no error.
pub fn provenance(bytes: &[u8]) -> Provenance {
    let mut reading = Reading::default();
    if let Some(read) = reader(bytes) {
        read(bytes, &mut reading);
    }
    reading.finish()
}

/// Whether a file is of a format that [`provenance`] reads, by its first 16 bytes.
pub fn is_read(first: &[u8]) -> bool {
    reader(first).is_some()
}

/// What reads a file, by its first bytes.
fn reader(bytes: &[u8]) -> Option<fn(&[u8], &mut Reading)> {
    Some(match bytes {
        [0xFF, 0xD8, 0xFF, ..] => jpeg::read,
        [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => png::read,
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => webp::read,
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => gif::read,
        [b'I', b'I', b'*' | b'+', 0, ..] | [b'M', b'M', 0, b'*' | b'+', ..] => tiff::file,
        [_, _, _, _, b'f', b't', b'y', b'p', ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => bmff::read,
        _ => return None,
    })
}

/// What has been read of a file so far.
#[derive(Default)]
struct Reading {
    found: Provenance,
    texts: Vec<Text>,
    text_bytes: usize,
    /// Bytes that were read.
    read: usize,
}

/// A text with its key.
struct Text {
    kind: &'static str,
    key: String,
    value: String,
}

impl Reading {
    /// Takes the XMP of a file, and returns the GUID of its extension if there is one.
    fn xmp(&mut self, packet: &[u8]) -> Option<String> {
        self.count(packet.len())?;
        let read = xmp::read(packet)?;
        for value in read.source_types {
            let source = source_of(&value);
            self.declare("xmp-digital-source-type", &value, source);
        }
        // Nothing is fetched: what a manifest elsewhere says is not known.
        for address in read.remote {
            self.declare("remote", &address, SourceType::Unknown);
        }
        read.extension
    }

    /// Takes a JUMBF box that may be a C2PA manifest store.
    fn jumbf(&mut self, bytes: &[u8]) {
        if self.count(bytes.len()).is_some() {
            c2pa::read(bytes, self);
        }
    }

    /// Takes the text of a key; what its generator's rule says of it is found out at the end, when all of them are
    /// there.
    fn text(&mut self, kind: &'static str, key: String, value: String) {
        self.text_bytes += key.len() + value.len();
        if self.texts.len() < MAX_TEXTS && self.text_bytes <= MAX_TEXT_BYTES {
            self.texts.push(Text { kind, key, value });
        }
    }

    /// Counts bytes that are about to be read; `None` once they are too many.
    fn count(&mut self, bytes: usize) -> Option<()> {
        self.read = self.read.saturating_add(bytes);
        (self.read <= MAX_READ).then_some(())
    }

    /// Unpacks a zlib stream; `None` if it is damaged or too long.
    fn unpack(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        // Deflate makes at most 1,032 bytes of one.
        self.count(bytes.len().saturating_mul(1032).min(MAX_UNPACKED))?;
        fdeflate::decompress_to_vec_bounded(bytes, MAX_UNPACKED).ok()
    }

    fn declare(&mut self, kind: &'static str, value: &str, source: SourceType) {
        self.weigh(source);
        let evidence = Evidence {
            kind,
            value: beginning(value).to_owned(),
        };
        if self.found.evidence.len() < MAX_EVIDENCE && !self.found.evidence.contains(&evidence) {
            self.found.evidence.push(evidence);
        }
    }

    fn weigh(&mut self, source: SourceType) {
        // In the order of the variants: what weighs more comes first.
        if (source as u8) < self.found.source as u8 {
            self.found.source = source;
        }
    }

    fn finish(mut self) -> Provenance {
        let texts = std::mem::take(&mut self.texts);
        for text in &texts {
            if text::declares_ai(text, &texts) {
                let value = [text.key.as_str(), ": ", beginning(text.value.trim())].concat();
                self.declare(text.kind, &value, SourceType::Ai);
            }
        }
        self.found
    }
}

/// The first bytes of a text, whole characters.
fn beginning(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_VALUE)).unwrap_or_default()
}

/// A text in UTF-8 or, as older software wrote it, in Latin-1.
fn decoded(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    }
}
