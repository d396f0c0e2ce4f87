//! The parts of JPEG and PNG in which declarations belong.

use super::{be16, be32};

/// Markers with their segments, of a JPEG up to its first scan.
pub(in crate::image) fn segments(bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut at = 2;
    std::iter::from_fn(move || {
        loop {
            match (bytes.get(at), bytes.get(at + 1)?) {
                (Some(0xFF), 0x01 | 0xD0..=0xD8) => at += 2,
                (Some(0xFF), 0xD9 | 0xDA) => return None,
                (Some(0xFF), &marker) if marker != 0 && marker != 0xFF => {
                    let length = be16(bytes, at + 2)?;
                    let segment = bytes.get(at + 4..at + 2 + length)?;
                    at += 2 + length;
                    return Some((marker, segment));
                }
                _ => at += 1,
            }
        }
    })
}

/// Types and data of the chunks of a PNG before IEND, up to one that does not fit.
pub(super) fn chunks(bytes: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    let mut rest = bytes.get(8..).unwrap_or_default();
    std::iter::from_fn(move || {
        let length = be32(rest, 0)?;
        let (kind, tail) = rest.get(4..)?.split_first_chunk::<4>()?;
        let data = tail.get(..length)?;
        rest = rest.get(12 + length..).unwrap_or_default();
        Some((kind, data)).filter(|(kind, _)| *kind != b"IEND")
    })
}
