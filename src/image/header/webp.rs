//! The chunks of a WebP file (RFC 9649).
//!
//! The decoder allocates a chunk's length before it reads the chunk, and a frame's size before it compares it with the
//! canvas. So both are compared here first.

use gamma_kernels::Spliced;

use super::le;
use crate::error::{Error, Result};

/// One chunk: its name and its payload.
type Chunk<'a> = ([u8; 4], &'a [u8]);

/// Compares every chunk with the file and every frame with the canvas, and returns the file without what may follow it.
/// A header that promises alpha where there is none promises it no more.
///
/// # Errors
/// [`Error::ImageIncomplete`] if a chunk is cut off, [`Error::ImageDecode`] if a frame is not of the size that the
/// canvas or the animation says.
pub(in crate::image) fn check(bytes: &[u8]) -> Result<Spliced<'_>> {
    let riff = le(bytes.get(4..8)).ok_or_else(|| damaged("header that is cut off"))?;
    let end = usize::try_from(riff)
        .ok()
        .and_then(|size| size.checked_add(8))
        .unwrap_or(usize::MAX);
    let file = bytes.get(..end).unwrap_or(bytes);
    let (mut canvas, mut lossy, mut alpha) = (None, false, false);
    for chunk in chunks(file.get(12..).unwrap_or_default()) {
        let (name, payload) = chunk?;
        match &name {
            b"VP8X" => canvas = canvas.or(size24(payload, 4)),
            b"ANMF" => frame(payload, canvas)?,
            _ => check_size(&name, payload, canvas)?,
        }
        lossy |= &name == b"VP8 ";
        alpha |= &name == b"ALPH";
    }
    let promised = file.get(12..16) == Some(b"VP8X") && file.get(FLAGS).is_some_and(|flags| flags & ALPHA != 0);
    match file.split_at_checked(FLAGS) {
        Some((before, [flags, after @ ..])) if promised && lossy && !alpha => {
            let flags = vec![flags & !ALPHA];
            Ok(Spliced::new(vec![before.into(), flags.into(), after.into()]))
        }
        _ => Ok(file.into()),
    }
}

/// Where the flags of a `VP8X` chunk at the beginning are, and the one for alpha.
const FLAGS: usize = 20;
const ALPHA: u8 = 0x10;

/// One frame of an animation: a header of 16 bytes, then chunks.
fn frame(payload: &[u8], canvas: Option<(u32, u32)>) -> Result<()> {
    let size = size24(payload, 6).ok_or_else(|| damaged("frame header that is cut off"))?;
    if canvas.is_none_or(|canvas| size.0 > canvas.0 || size.1 > canvas.1) {
        return Err(damaged("frame that is larger than its canvas"));
    }
    let mut after_alpha = false;
    for (place, chunk) in chunks(payload.get(16..).unwrap_or_default()).enumerate() {
        let (name, payload) = chunk?;
        // The decoder takes what comes first, or follows alpha, for the bitstream without a look at its name.
        let bitstream = &name == b"VP8 " || (place == 0 && matches!(&name, b"VP8L" | b"ALPH"));
        if (place == 0 || after_alpha) && !bitstream {
            return Err(damaged("frame without a bitstream"));
        }
        after_alpha = &name == b"ALPH";
        check_size(&name, payload, Some(size))?;
    }
    if after_alpha {
        return Err(damaged("frame without a bitstream"));
    }
    Ok(())
}

/// Compares the size in a bitstream's header with `expected`; other chunks pass.
fn check_size(name: &[u8; 4], payload: &[u8], expected: Option<(u32, u32)>) -> Result<()> {
    let size = match name {
        b"VP8 " => le(payload.get(6..10)).map(|size| (size & 0x3FFF, (size >> 16) & 0x3FFF)),
        b"VP8L" => le(payload.get(1..5)).map(|size| ((size & 0x3FFF) + 1, ((size >> 14) & 0x3FFF) + 1)),
        _ => return Ok(()),
    };
    match (size, expected) {
        (None, _) => Err(damaged("frame that is cut off")),
        (Some(size), Some(expected)) if size != expected => Err(damaged("frame of another size than its canvas")),
        (Some((0, _) | (_, 0)), _) => Err(damaged("frame without pixels")),
        _ => Ok(()),
    }
}

/// The chunks that follow one another in `bytes`; an error for one that is cut off, and then no more.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = Result<Chunk<'_>>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (head, tail) = rest.split_first_chunk::<8>()?;
        let &[n0, n1, n2, n3, s0, s1, s2, s3] = head;
        let size = usize::try_from(u32::from_le_bytes([s0, s1, s2, s3])).unwrap_or(usize::MAX);
        let Some(payload) = tail.get(..size) else {
            rest = &[];
            return Some(Err(Error::ImageIncomplete("WebP with a chunk that is cut off".into())));
        };
        // Chunks start at even places.
        rest = tail.get(size + size % 2..).unwrap_or_default();
        Some(Ok(([n0, n1, n2, n3], payload)))
    })
}

/// Width and height, each one less than it is and in 24 bits.
fn size24(payload: &[u8], at: usize) -> Option<(u32, u32)> {
    Some((le(payload.get(at..at + 3))? + 1, le(payload.get(at + 3..at + 6))? + 1))
}

fn damaged(what: &str) -> Error {
    Error::ImageDecode(format!("WebP with a {what}"))
}
