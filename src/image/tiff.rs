//! TIFF files: which page is the photo, and what its tags say about its samples.

use std::borrow::Cow;

use gamma_kernels::Treatment;
use gamma_kernels::tiff::{Alpha, Chunks, Colors, Page};

use super::container::tags::{Directory, Found, Layout};
use super::container::{Parts, Stop};
use super::decode::{DecodeOptions, Decoded, refusal, turned};
use super::limits::buffer;
use super::{Pixels, header, raw};
use crate::error::{Error, Result};

/// Strips or tiles of a page.
const MOST_CHUNKS: usize = 1 << 20;
/// The most pixels along a side with which a first page may be a thumbnail of a later one without saying so.
const SMALL: u64 = 320;

mod tag {
    pub(super) const NEW_SUBFILE_TYPE: u16 = 254;
    pub(super) const SUBFILE_TYPE: u16 = 255;
    pub(super) const WIDTH: u16 = 256;
    pub(super) const HEIGHT: u16 = 257;
    pub(super) const BITS: u16 = 258;
    pub(super) const COMPRESSION: u16 = 259;
    pub(super) const PHOTOMETRIC: u16 = 262;
    pub(super) const FILL_ORDER: u16 = 266;
    pub(super) const STRIP_OFFSETS: u16 = 273;
    pub(super) const ORIENTATION: u16 = 274;
    pub(super) const SAMPLES: u16 = 277;
    pub(super) const ROWS_PER_STRIP: u16 = 278;
    pub(super) const STRIP_LENGTHS: u16 = 279;
    pub(super) const PLANAR: u16 = 284;
    pub(super) const PREDICTOR: u16 = 317;
    pub(super) const COLOR_MAP: u16 = 320;
    pub(super) const TILE_WIDTH: u16 = 322;
    pub(super) const TILE_HEIGHT: u16 = 323;
    pub(super) const TILE_OFFSETS: u16 = 324;
    pub(super) const TILE_LENGTHS: u16 = 325;
    pub(super) const EXTRA_SAMPLES: u16 = 338;
    pub(super) const SAMPLE_FORMAT: u16 = 339;
    pub(super) const JPEG_TABLES: u16 = 347;
    pub(super) const SUBSAMPLING: u16 = 530;
}

const UNCOMPRESSED: u16 = 1;
const OLD_JPEG: u16 = 6;
const JPEG: u16 = 7;

/// Decodes the photo of a TIFF file: the first page that is not marked as a smaller version of another one.
///
/// # Errors
/// As [`decode`](super::decode()).
pub(super) fn decode(bytes: &[u8], options: &DecodeOptions) -> Result<Decoded> {
    let parts = Parts::whole(bytes);
    let found = Layout::read(&parts, 0).and_then(|(layout, _, first)| layout.directories(&parts, first));
    let found = found.map_err(|_| damaged("whose header is damaged"))?;
    let directory = photo(&parts, &found).map_err(|_| damaged("whose pages are damaged"))?;
    let directory = directory.ok_or_else(|| damaged("without a page"))?;
    let tags = Tags {
        parts: &parts,
        directory,
    };
    let (width, height) = (tags.size(tag::WIDTH)?, tags.size(tag::HEIGHT)?);
    let limits = &options.limits;
    limits.check_size(width, height)?;
    let orientation = raw::valid_orientation(tags.number(tag::ORIENTATION, 1));
    let compression = tags.number(tag::COMPRESSION, UNCOMPRESSED.into()) as u16;
    if compression == OLD_JPEG {
        return embedded(bytes, &tags, (width, height), orientation, options);
    }
    header::check_tiff(bytes, limits)?;
    let page = tags.page(bytes, width, height, compression)?;
    let pixels = u64::from(width) * u64::from(height);
    let copied = if orientation >= 5 { pixels * 3 } else { 0 };
    // The decoder unpacks a whole strip or tile of JPEG at a time.
    let working = page
        .working_bytes()
        .max(if compression == JPEG { pixels * 3 } else { 0 });
    limits.check_memory(width, height, (pixels * 3).saturating_add(working.max(copied)))?;
    let treatment = match options.parity {
        true => Treatment::Pillow {
            saturates: page.bits == 16 && page.samples == 1,
        },
        false => Treatment::Defined,
    };
    let mut rgb = buffer(pixels * 3)?;
    page.read(treatment, &mut rgb).map_err(refusal)?;
    let pixels = turned(Pixels { width, height, rgb }, orientation)?;
    Ok(Decoded::whole(pixels, "tiff", orientation))
}

/// The photo among the pages.
///
/// A page is passed over that says it is a smaller version of another one, or a mask; so is a small first page if
/// there is a later one of the same proportions and at least twice its size.
fn photo<'f>(parts: &Parts<'_>, found: &'f [Found]) -> Result<Option<&'f Directory>, Stop> {
    let mut pages = Vec::new();
    for Found { directory, depth } in found {
        let number = |tag| directory.number(parts, tag);
        let (Some(width), Some(height)) = (number(tag::WIDTH)?, number(tag::HEIGHT)?) else {
            continue;
        };
        let reduced = number(tag::NEW_SUBFILE_TYPE)?.is_some_and(|kind| kind & 0b101 != 0)
            || number(tag::SUBFILE_TYPE)? == Some(2);
        pages.push((directory, *depth, reduced, width, height));
    }
    let whole = |&&(_, _, reduced, _, _): &&(_, _, bool, _, _)| !reduced;
    let first = pages
        .iter()
        .find(|page| !page.2 && page.1 == 0)
        .or_else(|| pages.iter().find(whole));
    // Where all say that they are smaller versions, none is but the smaller ones.
    let chosen = first.or_else(|| pages.iter().rev().max_by_key(|page| page.3.saturating_mul(page.4)));
    let Some(&(directory, _, _, width, height)) = chosen else {
        return Ok(None);
    };
    if width.max(height) <= SMALL {
        let larger = pages.iter().filter(whole).filter(|&&(_, _, _, w, h)| {
            let (a, b) = (w.saturating_mul(height), h.saturating_mul(width));
            w >= width.saturating_mul(2) && h >= height.saturating_mul(2) && a.abs_diff(b) <= a.max(b) / 50
        });
        if let Some((larger, ..)) = larger.max_by_key(|page| page.3) {
            return Ok(Some(larger));
        }
    }
    Ok(Some(directory))
}

/// The photo of a file of TIFF 6.0's own kind of JPEG, where it is a JPEG file of its own.
fn embedded(
    bytes: &[u8],
    tags: &Tags<'_>,
    size: (u32, u32),
    orientation: u8,
    options: &DecodeOptions,
) -> Result<Decoded> {
    let places = raw::jpeg_places(tags.parts, tags.directory);
    let files = places.iter().filter_map(|&(at, length)| {
        let rest = bytes.get(usize::try_from(at).ok()?..)?;
        Some(rest.get(..usize::try_from(length).ok()?).unwrap_or(rest))
    });
    for file in files.filter(|file| file.starts_with(&[0xFF, 0xD8, 0xFF])) {
        let upright = DecodeOptions {
            parity: true,
            ..*options
        };
        let decoded = super::decode(file, &upright)?;
        if (decoded.pixels.width, decoded.pixels.height) == size {
            return Ok(Decoded {
                damaged: decoded.damaged,
                ..Decoded::whole(turned(decoded.pixels, orientation)?, "tiff", orientation)
            });
        }
    }
    Err(Error::ImageFormat("TIFF with JPEG data of the kind before 1995".into()))
}

/// The entries of a page.
struct Tags<'a> {
    parts: &'a Parts<'a>,
    directory: &'a Directory,
}

impl Tags<'_> {
    fn find(&self, tag: u16) -> Option<u64> {
        self.directory.number(self.parts, tag).ok().flatten()
    }

    fn number(&self, tag: u16, default: u64) -> u64 {
        self.find(tag).unwrap_or(default)
    }

    fn list(&self, tag: u16, most: usize) -> Vec<u64> {
        self.directory
            .numbers(self.parts, tag, most)
            .ok()
            .flatten()
            .unwrap_or_default()
    }

    fn size(&self, tag: u16) -> Result<u32> {
        u32::try_from(self.number(tag, 0)).map_err(|_| damaged("whose size is damaged"))
    }

    fn page<'b>(&self, bytes: &'b [u8], width: u32, height: u32, compression: u16) -> Result<Page<'b>> {
        let samples = self.number(tag::SAMPLES, 1) as u16;
        let bits = self.bits()?;
        let format = self.list(tag::SAMPLE_FORMAT, 64);
        let format = format.first().copied().unwrap_or(1);
        let float = format == 3;
        if format == 2 || !matches!((bits, float), (1 | 2 | 4 | 8 | 16 | 32, false) | (32, true)) {
            let kind = ["", "", " signed", " floating-point"]
                .get(format as usize)
                .unwrap_or(&"");
            return Err(Error::ImageFormat(format!("TIFF with samples of {bits}{kind} bits")));
        }
        let colors = self.colors(samples, bits, compression)?;
        if samples < colors.samples() || samples > 64 {
            return Err(Error::ImageFormat(format!(
                "TIFF with {samples} samples a pixel of its kind"
            )));
        }
        let alpha = match self.list(tag::EXTRA_SAMPLES, 64).first() {
            Some(1) if samples > colors.samples() => Alpha::Multiplied,
            Some(2) if samples > colors.samples() => Alpha::Separate,
            // Some writers leave the entry out.
            None if samples == 4 && colors == Colors::Rgb => Alpha::Separate,
            _ => Alpha::None,
        };
        let planar = self.number(tag::PLANAR, 1) == 2 && samples > 1;
        if compression == JPEG && !planar && !matches!(samples, 1 | 3 | 4) {
            return Err(Error::ImageFormat(format!(
                "TIFF with JPEG data of {samples} components"
            )));
        }
        let chunks = self.chunks(height)?;
        let reversed = self.number(tag::FILL_ORDER, 1) == 2 && compression != JPEG;
        let file = if reversed {
            bytes.iter().map(|byte| byte.reverse_bits()).collect()
        } else {
            Cow::Borrowed(bytes)
        };
        let tables = (compression == JPEG).then(|| self.directory.bytes(self.parts, tag::JPEG_TABLES, 1 << 16));
        let mut page = Page {
            file,
            big_endian: self.directory.layout().big_endian,
            width,
            height,
            bits,
            float,
            samples,
            planar,
            compression,
            predictor: self.number(tag::PREDICTOR, 1) as u16,
            chunks,
            places: Vec::new(),
            jpeg_tables: tables.and_then(|tables| tables.ok().flatten()).map(<[u8]>::to_vec),
            colors,
            alpha,
        };
        page.places = self.places(&page)?;
        Ok(page)
    }

    /// Bits of each sample.
    fn bits(&self) -> Result<u16> {
        let bits = self.list(tag::BITS, 64);
        let first = bits.first().copied().unwrap_or(1);
        match bits.iter().all(|&each| each == first) {
            true => Ok(first as u16),
            false => Err(Error::ImageFormat(
                "TIFF with samples of different numbers of bits".into(),
            )),
        }
    }

    fn colors(&self, samples: u16, bits: u16, compression: u16) -> Result<Colors> {
        let unspoken = if samples >= 3 { 2 } else { 1 };
        match self.number(tag::PHOTOMETRIC, unspoken) {
            0 => Ok(Colors::Gray { inverted: true }),
            1 => Ok(Colors::Gray { inverted: false }),
            2 => Ok(Colors::Rgb),
            3 if bits <= 8 => {
                let map = self.list(tag::COLOR_MAP, 3 << bits);
                let plane = 1 << bits;
                if map.len() < 3 * plane {
                    return Err(damaged("whose palette is damaged"));
                }
                // Some writers put 8 bits where 16 belong.
                let shift = if map.iter().any(|&value| value > 255) { 8 } else { 0 };
                let byte = |at: usize| map.get(at).map_or(0, |value| (value >> shift) as u8);
                Ok(Colors::Palette(
                    (0..plane)
                        .map(|at| [byte(at), byte(at + plane), byte(at + 2 * plane)])
                        .collect(),
                ))
            }
            5 => Ok(Colors::Cmyk),
            6 if compression == JPEG || self.list(tag::SUBSAMPLING, 2) == [1, 1] => Ok(Colors::YCbCr),
            kind => {
                let what = match kind {
                    3 => "a palette of more than 8 bits",
                    4 => "a mask alone",
                    6 => "YCbCr samples of several resolutions",
                    8..=10 => "CIE L*a*b* samples",
                    _ => "samples of an unknown kind",
                };
                Err(Error::ImageFormat(format!("TIFF with {what}")))
            }
        }
    }

    fn chunks(&self, height: u32) -> Result<Chunks> {
        if !self.directory.has(tag::TILE_OFFSETS) {
            let rows = self.number(tag::ROWS_PER_STRIP, 0);
            return Ok(Chunks::Strips(if rows == 0 {
                height
            } else {
                rows.min(u64::from(height)) as u32
            }));
        }
        let (width, height) = (self.size(tag::TILE_WIDTH)?, self.size(tag::TILE_HEIGHT)?);
        if width == 0 || height == 0 || width.max(height) > 1 << 16 {
            return Err(damaged("whose tiles are damaged"));
        }
        Ok(Chunks::Tiles(width, height))
    }

    /// Where the chunks are. Missing lengths are worked out.
    fn places(&self, page: &Page<'_>) -> Result<Vec<(u64, u64)>> {
        let (offsets, lengths, row, rows) = match page.chunks {
            Chunks::Strips(rows) => (tag::STRIP_OFFSETS, tag::STRIP_LENGTHS, page.width, rows),
            Chunks::Tiles(width, height) => (tag::TILE_OFFSETS, tag::TILE_LENGTHS, width, height),
        };
        let (offsets, lengths) = (self.list(offsets, MOST_CHUNKS), self.list(lengths, MOST_CHUNKS));
        let planes = if page.planar { u64::from(page.samples) } else { 1 };
        let count = page.chunks_a_plane() * planes;
        if (offsets.len() as u64) < count {
            return Err(damaged("whose list of strips is damaged"));
        }
        let samples = if page.planar { 1 } else { u64::from(page.samples) };
        let whole = (u64::from(row) * samples * u64::from(page.bits)).div_ceil(8) * u64::from(rows);
        let size = self.parts.size();
        let places = offsets
            .into_iter()
            .take(count as usize)
            .enumerate()
            .map(|(at, offset)| {
                let left = size
                    .checked_sub(offset)
                    .filter(|&left| left > 0)
                    .ok_or_else(|| Error::ImageIncomplete("TIFF whose strips are beyond its end".into()))?;
                let length = match lengths.get(at) {
                    Some(&length) if length > 0 => length,
                    _ if page.compression == UNCOMPRESSED => whole,
                    _ => left,
                };
                Ok((offset, length.min(left)))
            });
        places.collect()
    }
}

fn damaged(what: &str) -> Error {
    Error::ImageDecode(format!("TIFF {what}"))
}
