//! Boxes of the ISO base media file format, which HEIF, AVIF, MP4 and Canon's CR3 share.

use std::ops::Range;

use super::{Parts, Stop, or_nothing};

/// Boxes beside each other. Cameras write some ten.
const MOST_BOXES: usize = 128;

/// A box: its kind, and where its content is.
#[derive(Clone, Debug)]
pub(in crate::image) struct Boxed {
    pub(in crate::image) kind: [u8; 4],
    pub(in crate::image) body: Range<u64>,
}

/// The boxes that follow one another in `range`; what is damaged ends them.
pub(in crate::image) fn boxes(parts: &Parts<'_>, range: Range<u64>) -> Result<Vec<Boxed>, Stop> {
    let mut found = Vec::new();
    let mut at = range.start;
    while at < range.end && found.len() < MOST_BOXES {
        let Some(boxed) = or_nothing(read(parts, at, range.end))? else {
            break;
        };
        at = boxed.body.end;
        found.push(boxed);
    }
    Ok(found)
}

fn read(parts: &Parts<'_>, at: u64, end: u64) -> Result<Boxed, Stop> {
    let head = parts.get(at, 8)?;
    let kind = head
        .get(4..8)
        .and_then(|kind| kind.try_into().ok())
        .ok_or(Stop::Damaged)?;
    let (length, start) = match be(head.get(..4)) {
        0 => (end - at, at + 8),
        1 => (be(Some(parts.get(at + 8, 8)?)), at + 16),
        length => (length, at + 8),
    };
    let until = at
        .checked_add(length)
        .filter(|&until| until >= start && until <= end)
        .ok_or(Stop::Damaged)?;
    Ok(Boxed {
        kind,
        body: start..until,
    })
}

/// Up to eight bytes as a number, most significant first.
pub(in crate::image) fn be(bytes: Option<&[u8]>) -> u64 {
    bytes
        .unwrap_or_default()
        .iter()
        .fold(0, |value, &byte| value << 8 | u64::from(byte))
}
