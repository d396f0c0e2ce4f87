//! AVIF, HEIC and JPEG XL: boxes (ISO/IEC 14496-12, 18181-2), and items of the metadata box.

use super::{Reading, be16, be32, jumbf::boxes, tiff};

/// The type of a box with a C2PA manifest.
const C2PA: [u8; 16] = *b"\xD8\xFE\xC3\xD6\x1B\x0E\x48\x3C\x92\x97\x58\x28\x87\x7E\xC4\x81";
/// The type of a box with XMP.
const XMP: [u8; 16] = *b"\xBE\x7A\xCF\xCB\x97\xA9\x42\xE8\x9C\x71\x99\x94\x91\xE3\xAF\xAC";
/// The most items that are read, and the most pieces of one.
const MAX_ITEMS: usize = 64;

pub(super) fn read(bytes: &[u8], reading: &mut Reading) {
    let jxl = bytes.get(4..8) == Some(b"JXL ");
    for found in boxes(bytes) {
        match &found.kind {
            b"uuid" => uuid(found.data, reading),
            b"meta" => {
                items(found.data, bytes, reading);
            }
            b"Exif" if jxl => exif(found.data, reading),
            b"xml " if jxl => {
                reading.xmp(found.data);
            }
            b"jumb" if jxl => reading.jumbf(found.whole),
            _ => {}
        }
    }
}

fn uuid(data: &[u8], reading: &mut Reading) {
    let Some((kind, data)) = data.split_first_chunk::<16>() else {
        return;
    };
    if *kind == XMP {
        reading.xmp(data);
    } else if *kind == C2PA {
        // Version and flags, what it is for, the place of a table.
        let store = data.get(4..).and_then(|rest| rest.strip_prefix(b"manifest\0"));
        reading.jumbf(store.and_then(|rest| rest.get(8..)).unwrap_or_default());
    }
}

/// EXIF after the number of bytes before its TIFF header.
fn exif(data: &[u8], reading: &mut Reading) {
    if let Some(tiff) = be32(data, 0).and_then(|offset| data.get(4..)?.get(offset..)) {
        tiff::exif(tiff, reading);
    }
}

/// Reads the items of a metadata box that are EXIF or XMP.
fn items(meta: &[u8], file: &[u8], reading: &mut Reading) -> Option<()> {
    let part = |kind: &[u8; 4]| Some(boxes(meta.get(4..)?).find(|found| found.kind == *kind)?.data);
    let (information, locations) = (part(b"iinf")?, part(b"iloc")?);
    let inside = part(b"idat").unwrap_or_default();
    let entries = information.get(if *information.first()? == 0 { 6 } else { 8 }..)?;
    let mut left = MAX_ITEMS;
    for entry in boxes(entries).filter(|entry| &entry.kind == b"infe") {
        let version = *entry.data.first()?;
        let (id, rest) = match version {
            2 => (be16(entry.data, 4)?, entry.data.get(8..)?),
            3 => (be32(entry.data, 4)?, entry.data.get(10..)?),
            _ => continue,
        };
        let is_exif = rest.starts_with(b"Exif");
        // The name, then the type of the content.
        let mut names = rest.get(4..)?.split(|&byte| byte == 0);
        let is_xmp = rest.starts_with(b"mime") && names.nth(1) == Some(b"application/rdf+xml");
        if !is_exif && !is_xmp {
            continue;
        }
        left = left.checked_sub(1)?;
        if let Some(data) = item(id, locations, file, inside) {
            if is_exif {
                exif(&data, reading);
            } else {
                reading.xmp(&data);
            }
        }
    }
    Some(())
}

/// The bytes of an item, by the table of locations.
fn item(wanted: usize, table: &[u8], file: &[u8], inside: &[u8]) -> Option<Vec<u8>> {
    let version = *table.first()?;
    let sizes = be16(table, 4)?;
    let size = |shift: usize| Some(sizes >> shift & 15).filter(|size| matches!(size, 0 | 4 | 8));
    let (offsets, lengths, bases) = (size(12)?, size(8)?, size(4)?);
    let indices = if version == 0 { 0 } else { size(0)? };
    let mut rest = table.get(6..)?;
    let mut take = |length: usize| {
        let (taken, left) = rest.split_at_checked(length)?;
        rest = left;
        Some(taken)
    };
    let wide = if version < 2 { 2 } else { 4 };
    let mut data = Vec::new();
    for _ in 0..number(take(wide)?)?.min(1 << 16) {
        let id = number(take(wide)?)?;
        let method = if version == 0 { 0 } else { number(take(2)?)? & 15 };
        take(2)?;
        let base = number(take(bases)?)?;
        let extents = number(take(2)?)?;
        if id != wanted {
            take(extents * (indices + offsets + lengths))?;
            continue;
        }
        // Methods of others are pieces of other items.
        if extents > MAX_ITEMS || method > 1 {
            return None;
        }
        for _ in 0..extents {
            take(indices)?;
            let (offset, length) = (base.checked_add(number(take(offsets)?)?)?, number(take(lengths)?)?);
            let from = if method == 1 { inside } else { file };
            let bytes = from.get(offset..)?;
            data.extend_from_slice(if length == 0 { bytes } else { bytes.get(..length)? });
            // Pieces of one file can be named again and again.
            if data.len() > file.len() {
                return None;
            }
        }
        return Some(data);
    }
    None
}

fn number(bytes: &[u8]) -> Option<usize> {
    usize::try_from(bytes.iter().fold(0, |value, &byte| value << 8 | u64::from(byte))).ok()
}
