//! RAW files that are TIFF files: which are, whose they are, and what in them may be a preview.

use super::super::container::tags::{Directory, Found, Layout, SUB_DIRECTORIES};
use super::super::container::{Parts, Stop, or_nothing};
use super::{Candidate, Kind, MIN_SIDE, maker};

const NEW_SUBFILE_TYPE: u16 = 254;
const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;
const COMPRESSION: u16 = 259;
const PHOTOMETRIC: u16 = 262;
const MAKE: u16 = 271;
const STRIP_OFFSETS: u16 = 273;
const ORIENTATION: u16 = 274;
const STRIP_LENGTHS: u16 = 279;
const JPEG_OFFSET: u16 = 513;
const JPEG_LENGTH: u16 = 514;
const TIFF_EP: u16 = 37_398;
const DNG_VERSION: u16 = 50_706;
/// Panasonic's own: the preview, as the bytes of an entry.
const JPG_FROM_RAW: u16 = 46;

/// `IIRO`, `MMOR` and `IIRS`, `IIU`.
const ORF: [u16; 2] = [0x4F52, 0x5352];
const RW2: u16 = 0x55;

/// The kind, the orientation and what may be a preview; `None` for a TIFF file of another kind.
pub(super) fn candidates(parts: &Parts<'_>) -> Result<Option<(Kind, u8, Vec<Candidate>)>, Stop> {
    let (layout, magic, first) = Layout::read(parts, 0)?;
    if !matches!(magic, 42 | 43 | RW2) && !ORF.contains(&magic) {
        return Ok(None);
    }
    let found = layout.directories(parts, first)?;
    let Some(main) = found.first().map(|found| &found.directory) else {
        return Ok(None);
    };
    let known = match magic {
        RW2 => Some(Kind::Rw2),
        42 | 43 => or_nothing(parts.get(8, 2))?
            .filter(|mark| mark == b"CR")
            .map(|_| Kind::Cr2),
        _ => Some(Kind::Orf),
    };
    if known.is_none() && !is_raw(parts, &found)? {
        return Ok(None);
    }
    let kind = match known {
        Some(kind) => kind,
        None => kind(parts, main)?,
    };
    let orientation = valid(main.number(parts, ORIENTATION)?).unwrap_or(1);
    let mut candidates = Vec::new();
    for Found { directory, .. } in &found {
        if !holds_sensor_data(parts, directory)? {
            candidates.extend(jpeg(parts, directory)?);
        }
    }
    candidates.extend(main.place(JPG_FROM_RAW).filter(|_| kind == Kind::Rw2));
    candidates.extend(maker::candidates(parts, main)?);
    Ok(Some((kind, orientation, candidates)))
}

/// An orientation that is one.
pub(super) fn valid(number: Option<u64>) -> Option<u8> {
    number
        .filter(|number| (1..=8).contains(number))
        .map(|number| number as u8)
}

/// The JPEG file that a directory names.
pub(super) fn jpeg(parts: &Parts<'_>, directory: &Directory) -> Result<Vec<Candidate>, Stop> {
    let base = directory.layout().base;
    let mut found = Vec::new();
    let named = directory
        .number(parts, JPEG_OFFSET)?
        .zip(directory.number(parts, JPEG_LENGTH)?);
    found.extend(named);
    // As a strip of its own. Older files call it 6, and lack its length or state 0.
    if matches!(directory.number(parts, COMPRESSION)?, Some(6 | 7)) {
        let offsets = directory.numbers(parts, STRIP_OFFSETS, 1)?.unwrap_or_default();
        let lengths = directory.numbers(parts, STRIP_LENGTHS, 1)?.unwrap_or_default();
        found.extend(offsets.first().copied().zip(lengths.first().copied()));
    }
    Ok(found
        .into_iter()
        .map(|(at, length)| (base.saturating_add(at), length))
        .collect())
}

/// Whether what a directory describes is what a sensor gave: it is coloured by a filter array or linear, or
/// compressed in a maker's own way.
fn holds_sensor_data(parts: &Parts<'_>, directory: &Directory) -> Result<bool, Stop> {
    let photometric = directory.number(parts, PHOTOMETRIC)?;
    let compression = directory.number(parts, COMPRESSION)?;
    Ok(matches!(photometric, Some(32_803 | 34_892))
        || matches!(
            compression,
            Some(32_767 | 32_770 | 32_772 | 34_713 | 34_892 | 65_000 | 65_535)
        ))
}

/// A file is RAW if its largest image is a sensor's, or if its first page is a thumbnail, nothing larger is there,
/// and something says that it should be.
fn is_raw(parts: &Parts<'_>, found: &[Found]) -> Result<bool, Stop> {
    let (mut largest, mut sensor, mut first) = (0, false, true);
    let mut longest = 0;
    for (place, Found { directory, .. }) in found.iter().enumerate() {
        let width = directory.number(parts, WIDTH)?.unwrap_or(0);
        let height = directory.number(parts, HEIGHT)?.unwrap_or(0);
        let pixels = width.saturating_mul(height);
        let holds = holds_sensor_data(parts, directory)?;
        if pixels > largest || (holds && pixels >= largest) {
            (largest, sensor, first) = (pixels, holds, place == 0);
            longest = width.max(height);
        }
    }
    let Some(main) = found.first().map(|found| &found.directory) else {
        return Ok(false);
    };
    let reduced = main.number(parts, NEW_SUBFILE_TYPE)?.is_some_and(|kind| kind & 1 == 1);
    let more = main.has(DNG_VERSION) || main.has(TIFF_EP) || (reduced && main.has(SUB_DIRECTORIES));
    Ok(sensor || (first && more && longest < u64::from(MIN_SIDE)))
}

/// Whose file it is.
fn kind(parts: &Parts<'_>, main: &Directory) -> Result<Kind, Stop> {
    if main.has(DNG_VERSION) {
        return Ok(Kind::Dng);
    }
    let make = main.bytes(parts, MAKE, 64)?.unwrap_or_default().to_ascii_uppercase();
    let makers = [
        (&b"NIKON"[..], Kind::Nef),
        (b"CANON", Kind::Cr2),
        (b"SONY", Kind::Arw),
        (b"PENTAX", Kind::Pef),
        (b"ASAHI", Kind::Pef),
        (b"RICOH", Kind::Pef),
        (b"SAMSUNG", Kind::Srw),
    ];
    let known = makers.iter().find(|(name, _)| make.starts_with(name));
    Ok(known.map_or(Kind::Other, |(_, kind)| *kind))
}
