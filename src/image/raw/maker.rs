//! Previews that only the notes of the camera's maker name.

use super::super::container::tags::{Directory, Layout};
use super::super::container::{Parts, Stop, or_nothing};
use super::{Candidate, tiff};

const EXIF: u16 = 34_665;
const MAKER_NOTE: u16 = 37_500;

/// A directory in the notes: where it is, and what its offsets count from.
struct Notes {
    layout: Layout,
    at: u64,
}

pub(super) fn candidates(parts: &Parts<'_>, main: &Directory) -> Result<Vec<Candidate>, Stop> {
    let layout = main.layout();
    let Some(exif) = main.number(parts, EXIF)? else {
        return Ok(Vec::new());
    };
    let Some(exif) = or_nothing(layout.directory(parts, exif))? else {
        return Ok(Vec::new());
    };
    let Some((at, _)) = exif.place(MAKER_NOTE) else {
        return Ok(Vec::new());
    };
    Ok(or_nothing(read(parts, layout, at))?.unwrap_or_default())
}

fn read(parts: &Parts<'_>, file: Layout, at: u64) -> Result<Vec<Candidate>, Stop> {
    let head = parts.up_to(at, 16)?;
    let inside = |base: u64, place: u64, order: Option<&[u8]>| {
        let big_endian = order.map_or(file.big_endian, |order| order == b"MM");
        Notes {
            layout: Layout {
                big_endian,
                large: false,
                base,
            },
            at: at + place - base,
        }
    };
    if head.starts_with(b"Nikon\0") {
        // A TIFF file of its own.
        let (layout, _, first) = Layout::read(parts, at + 10)?;
        return nikon(parts, &Notes { layout, at: first });
    }
    if head.starts_with(b"OLYMPUS\0") {
        return olympus(parts, &inside(at, 12, head.get(8..10)));
    }
    if head.starts_with(b"OM SYSTEM\0") {
        return olympus(parts, &inside(at, 16, head.get(12..14)));
    }
    if head.starts_with(b"OLYMP\0") {
        return olympus(parts, &inside(0, 8, None));
    }
    if head.starts_with(b"AOC\0") {
        return numbered(
            parts,
            &inside(0, 6, head.get(4..6).filter(|order| *order != b"\0\0")),
            4,
            3,
        );
    }
    if head.starts_with(b"PENTAX \0") {
        return numbered(parts, &inside(at, 10, head.get(8..10)), 4, 3);
    }
    if head.starts_with(b"SONY") {
        let notes = inside(0, 12, None);
        let directory = notes.layout.directory(parts, notes.at)?;
        return Ok(directory.place(0x2001).into_iter().collect());
    }
    Ok(Vec::new())
}

/// `PreviewIFD`, a directory that names a JPEG file as a thumbnail's does.
fn nikon(parts: &Parts<'_>, notes: &Notes) -> Result<Vec<Candidate>, Stop> {
    let directory = notes.layout.directory(parts, notes.at)?;
    match directory.number(parts, 0x11)? {
        Some(offset) => tiff::jpeg(parts, &notes.layout.directory(parts, offset)?),
        None => Ok(Vec::new()),
    }
}

/// `PreviewImageStart` and `PreviewImageLength` of the settings, or of the notes of early cameras.
fn olympus(parts: &Parts<'_>, notes: &Notes) -> Result<Vec<Candidate>, Stop> {
    let mut found = numbered(parts, notes, 0x88, 0x89)?;
    let directory = notes.layout.directory(parts, notes.at)?;
    let settings = match directory.number(parts, 0x2020)? {
        Some(offset) => Some(offset),
        // As bytes: the directory itself.
        None => directory
            .place(0x2020)
            .and_then(|(at, _)| at.checked_sub(notes.layout.base)),
    };
    if let Some(at) = settings {
        found.extend(numbered(
            parts,
            &Notes {
                layout: notes.layout,
                at,
            },
            0x101,
            0x102,
        )?);
    }
    Ok(found)
}

/// The place and the length that two entries state.
fn numbered(parts: &Parts<'_>, notes: &Notes, start: u16, length: u16) -> Result<Vec<Candidate>, Stop> {
    let directory = notes.layout.directory(parts, notes.at)?;
    let place = directory.number(parts, start)?.zip(directory.number(parts, length)?);
    let base = notes.layout.base;
    Ok(place
        .map(|(at, length)| (base.saturating_add(at), length))
        .into_iter()
        .collect())
}
