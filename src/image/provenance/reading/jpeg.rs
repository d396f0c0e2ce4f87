//! JPEG: application segments 1 (EXIF, XMP, extended XMP) and 11 (JUMBF), before the first scan.

use super::{Reading, be16, be32, segments, tiff};

const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const EXTENDED_XMP: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";
/// The longest extended XMP that is put together.
const MAX_EXTENDED: usize = 16 << 20;

/// A piece of a JUMBF box (ISO/IEC 19566-5, annex D).
struct Piece<'a> {
    /// Instance, length and type of the box, which every piece of it repeats.
    key: (usize, usize, &'a [u8]),
    sequence: usize,
    /// With the box's header only in the first piece.
    bytes: &'a [u8],
}

pub(super) fn read(bytes: &[u8], reading: &mut Reading) {
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    let mut extended: Vec<&[u8]> = Vec::new();
    let mut extension = None;
    for (marker, segment) in segments(bytes) {
        match marker {
            0xE1 => {
                if let Some(exif) = segment.strip_prefix(EXIF) {
                    tiff::exif(exif, reading);
                } else if let Some(packet) = segment.strip_prefix(XMP) {
                    extension = reading.xmp(packet).or(extension);
                } else if let Some(part) = segment.strip_prefix(EXTENDED_XMP) {
                    extended.push(part);
                }
            }
            0xEB => pieces.extend(piece(segment)),
            _ => {}
        }
    }
    if let Some(packet) = extension.and_then(|guid| joined_xmp(guid.as_bytes(), &extended)) {
        reading.xmp(&packet);
    }
    join(pieces, reading);
}

fn piece(segment: &[u8]) -> Option<Piece<'_>> {
    let rest = segment.strip_prefix(b"JP")?;
    let (instance, sequence, length) = (be16(rest, 0)?, be32(rest, 2)?, be32(rest, 6)?);
    let kind = rest.get(10..14)?;
    // A length of 1 stands for one of eight bytes after the type.
    let header = if length == 1 { 16 } else { 8 };
    Some(Piece {
        key: (instance, length, kind),
        sequence,
        bytes: rest.get(if sequence == 1 { 6 } else { 6 + header }..)?,
    })
}

/// Puts the boxes together: pieces of a box are numbered from 1, and what follows a gap is lost.
fn join(mut pieces: Vec<Piece<'_>>, reading: &mut Reading) {
    pieces.sort_by_key(|piece| (piece.key, piece.sequence));
    pieces.dedup_by_key(|piece| (piece.key, piece.sequence));
    for pieces in pieces.chunk_by(|a, b| a.key == b.key) {
        let next = pieces
            .iter()
            .zip(1..)
            .take_while(|(piece, number)| piece.sequence == *number);
        let whole: Vec<u8> = next.flat_map(|(piece, _)| piece.bytes).copied().collect();
        reading.jumbf(&whole);
    }
}

/// The extension that the main packet names: parts of `guid`, full length, offset and bytes.
fn joined_xmp(guid: &[u8], parts: &[&[u8]]) -> Option<Vec<u8>> {
    let own = || {
        parts
            .iter()
            .filter_map(|part| part.strip_prefix(guid))
            .filter(|_| guid.len() == 32)
    };
    let length = be32(own().next()?, 0).filter(|&length| length <= MAX_EXTENDED)?;
    let sum: usize = own().map(|part| part.len().saturating_sub(8)).sum();
    // Memory only for what the file has.
    let mut packet = vec![0; length.min(sum)];
    for part in own() {
        let (offset, bytes) = (be32(part, 4)?, part.get(8..)?);
        packet.get_mut(offset..)?.get_mut(..bytes.len())?.copy_from_slice(bytes);
    }
    Some(packet)
}
