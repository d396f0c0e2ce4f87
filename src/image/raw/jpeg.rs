//! The size of a JPEG file, by its frame header.

use super::super::container::boxes::be;
use super::super::container::{Parts, Stop, or_nothing};

/// Segments before the frame header. Cameras write ten at most.
const MOST_SEGMENTS: usize = 64;

/// Width and height of the JPEG file at `at`; `None` if there is none that can be shown: sensor data are compressed
/// as lossless JPEG, too.
pub(super) fn size(parts: &Parts<'_>, at: u64, length: u64) -> Result<Option<(u32, u32)>, Stop> {
    Ok(or_nothing(frame(parts, at, at.saturating_add(length)))?.flatten())
}

fn frame(parts: &Parts<'_>, start: u64, end: u64) -> Result<Option<(u32, u32)>, Stop> {
    if parts.get(start, 3)? != [0xFF, 0xD8, 0xFF] {
        return Ok(None);
    }
    let mut at = start + 2;
    for _ in 0..MOST_SEGMENTS {
        if at >= end {
            return Ok(None);
        }
        let head = parts.get(at, 4)?;
        let (marker, length) = match *head {
            // A fill byte.
            [0xFF, 0xFF, ..] => {
                at += 1;
                continue;
            }
            [0xFF, marker, high, low] => (marker, u64::from(u16::from_be_bytes([high, low]))),
            _ => return Ok(None),
        };
        match marker {
            0xC0..=0xC2 => {
                let frame = parts.get(at + 4, 6)?;
                let (precision, components) = (frame.first().copied(), frame.get(5).copied());
                let (height, width) = (be(frame.get(1..3)) as u32, be(frame.get(3..5)) as u32);
                let shown = precision == Some(8) && matches!(components, Some(1 | 3)) && width > 0 && height > 0;
                return Ok(shown.then_some((width, height)));
            }
            0xC4 | 0xC8 | 0xCC => {}
            0xC3..=0xCF | 0xD8..=0xDA => return Ok(None),
            _ => {}
        }
        at += 2 + length.max(2);
    }
    Ok(None)
}
