//! CR3: an ISO media file. Its tracks are the JPEG of full size, a smaller one and the sensor's data; a box of its
//! own holds a preview of medium size.

use std::ops::Range;

use super::super::container::boxes::{Boxed, be, boxes};
use super::super::container::tags::Layout;
use super::super::container::{Parts, Stop, or_nothing};
use super::Candidate;

const CAMERA: [u8; 16] = 0x85C0_B687_820F_11E0_8111_F4CE_462B_6A48_u128.to_be_bytes();
const PREVIEW: [u8; 16] = 0xEAF4_2B5E_1C98_4B88_B9FB_B7DC_406E_4D16_u128.to_be_bytes();
/// Bytes before a JPEG in the box that holds it, at most.
const MOST_BEFORE: usize = 32;

/// The orientation, and what may be a preview.
pub(super) fn candidates(parts: &Parts<'_>) -> Result<(u8, Vec<Candidate>), Stop> {
    let (mut orientation, mut found) = (1, Vec::new());
    for Boxed { kind, body } in boxes(parts, 0..parts.size())? {
        match &kind {
            b"moov" => {
                for Boxed { kind, body } in boxes(parts, body)? {
                    match &kind {
                        b"trak" => found.extend(sample(parts, body)?),
                        b"uuid" if is(parts, &body, CAMERA)? => {
                            orientation = camera(parts, body)?.unwrap_or(orientation)
                        }
                        _ => {}
                    }
                }
            }
            b"uuid" if is(parts, &body, PREVIEW)? => {
                // A version and a number stand before the boxes.
                for Boxed { kind, body } in boxes(parts, body.start + 24..body.end)? {
                    if &kind == b"PRVW" {
                        found.extend(inside(parts, body)?);
                    }
                }
            }
            _ => {}
        }
    }
    Ok((orientation, found))
}

fn is(parts: &Parts<'_>, body: &Range<u64>, id: [u8; 16]) -> Result<bool, Stop> {
    Ok(or_nothing(parts.get(body.start, 16))?.is_some_and(|found| found == id))
}

/// The orientation in the camera's first TIFF directory.
fn camera(parts: &Parts<'_>, body: Range<u64>) -> Result<Option<u8>, Stop> {
    for Boxed { kind, body } in boxes(parts, body.start + 16..body.end)? {
        if &kind == b"CMT1" {
            return Ok(or_nothing(orientation(parts, body.start))?.flatten());
        }
    }
    Ok(None)
}

fn orientation(parts: &Parts<'_>, at: u64) -> Result<Option<u8>, Stop> {
    let (layout, _, first) = Layout::read(parts, at)?;
    layout
        .directory(parts, first)?
        .number(parts, 274)
        .map(super::tiff::valid)
}

/// The JPEG that begins a little after the start of a box.
fn inside(parts: &Parts<'_>, body: Range<u64>) -> Result<Option<Candidate>, Stop> {
    let head = parts.up_to(body.start, MOST_BEFORE)?;
    let at = head.windows(3).position(|bytes| bytes == [0xFF, 0xD8, 0xFF]);
    Ok(at.map(|at| (body.start + at as u64, body.end.saturating_sub(body.start + at as u64))))
}

/// The first sample of a track.
fn sample(parts: &Parts<'_>, track: Range<u64>) -> Result<Option<Candidate>, Stop> {
    let mut body = track;
    for kind in [b"mdia", b"minf", b"stbl"] {
        match boxes(parts, body)?.into_iter().find(|boxed| &boxed.kind == kind) {
            Some(boxed) => body = boxed.body,
            None => return Ok(None),
        }
    }
    let (mut place, mut size) = (None, None);
    for Boxed { kind, body } in boxes(parts, body)? {
        let number =
            |at: u64, length: usize| or_nothing(parts.get(body.start + at, length).map(|bytes| be(Some(bytes))));
        match &kind {
            b"stco" => place = number(8, 4)?,
            b"co64" => place = number(8, 8)?,
            // One size for all samples, or, if that is 0, the size of each.
            b"stsz" => {
                size = match number(4, 4)? {
                    Some(0) => number(12, 4)?,
                    size => size,
                }
            }
            _ => {}
        }
    }
    Ok(place.zip(size))
}
