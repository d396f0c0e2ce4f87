//! The frame header of a JPEG file (ITU-T T.81, annex B).

use super::be16;
use crate::error::{Error, Result};

const APPLICATION_1: u8 = 0xE1;
const START_OF_SCAN: u8 = 0xDA;
const END_OF_IMAGE: u8 = 0xD9;

/// What the frame header and the first scan header say.
pub(in crate::image) struct Frame<'a> {
    pub(in crate::image) width: u16,
    pub(in crate::image) height: u16,
    /// Bytes of the coefficients that the decoder keeps: 0 where it can decode row by row.
    pub(in crate::image) coefficients: u64,
    /// The EXIF data, if there are any.
    pub(in crate::image) exif: Option<&'a [u8]>,
}

/// Size, kind and sampling factors of a frame, before the first scan header is known.
struct Start {
    width: u16,
    height: u16,
    progressive: bool,
    /// Horizontal and vertical sampling factor of each component.
    sampling: Vec<(u8, u8)>,
}

/// Reads the headers up to the first scan, and sees that the image has an end.
///
/// The decoder fills what is missing from a file that was cut off with gray, and scores of gray mean nothing. In a
/// scan's data `FF D9` can only be the end of the image, so a file without it is refused here.
///
/// # Errors
/// [`Error::ImageFormat`] for the kinds that are not read (12 bits, lossless, arithmetic coding, two or more than four
/// components); [`Error::ImageDecode`] for a header that is damaged or an image that is cut off.
pub(in crate::image) fn frame(bytes: &[u8]) -> Result<Frame<'_>> {
    let damaged = |what: &str| Error::ImageDecode(format!("JPEG {what}"));
    let mut start: Option<Start> = None;
    let mut exif = None;
    let mut at = 2;
    loop {
        // Fill bytes and stray bytes before a marker are passed over, as every decoder does.
        let marker = loop {
            match (bytes.get(at), bytes.get(at + 1)) {
                (Some(0xFF), Some(&marker)) if marker != 0 && marker != 0xFF => break marker,
                (Some(_), Some(_)) => at += 1,
                _ => return Err(damaged("without image data")),
            }
        };
        at += 2;
        if matches!(marker, 0x01 | 0xD0..=0xD8) {
            continue;
        }
        if marker == END_OF_IMAGE {
            return Err(damaged("without image data"));
        }
        let length = be16(bytes, at).map_or(0, usize::from);
        let segment = length
            .checked_sub(2)
            .and_then(|len| bytes.get(at + 2..at + 2 + len))
            .ok_or_else(|| damaged("with a header that is cut off"))?;
        match marker {
            0xC4 | 0xC8 | 0xCC => {}
            0xC0..=0xCF if start.is_some() => return Err(damaged("with two frame headers")),
            0xC0..=0xCF => start = Some(Start::read(marker, segment)?),
            // Of several the last one counts, as for the decoder.
            APPLICATION_1 => exif = segment.strip_prefix(b"Exif\0\0").or(exif),
            START_OF_SCAN => {
                let start = start.ok_or_else(|| damaged("with a scan before its frame header"))?;
                let rest = bytes.get(at + length..).unwrap_or_default();
                if !rest.windows(2).any(|pair| pair == [0xFF, END_OF_IMAGE]) {
                    return Err(damaged("that is cut off: its end is missing"));
                }
                return Ok(start.frame(segment.first().copied().unwrap_or(0), exif));
            }
            _ => {}
        }
        at += length;
    }
}

impl Start {
    fn read(marker: u8, segment: &[u8]) -> Result<Self> {
        let progressive = match marker {
            0xC0 | 0xC1 => false,
            0xC2 => true,
            _ => {
                return Err(Error::ImageFormat(
                    "JPEG of a lossless, hierarchical or arithmetic-coded kind".into(),
                ));
            }
        };
        let damaged = || Error::ImageDecode("JPEG with a damaged frame header".into());
        let (&[precision, h1, h0, w1, w0, components], rest) = segment.split_first_chunk::<6>().ok_or_else(damaged)?;
        if precision != 8 {
            return Err(Error::ImageFormat(format!(
                "JPEG with {precision} bits a sample; 8 can be read"
            )));
        }
        if !matches!(components, 1 | 3 | 4) {
            return Err(Error::ImageFormat(format!(
                "JPEG with {components} components; 1, 3 and 4 can be read"
            )));
        }
        if rest.len() != 3 * usize::from(components) {
            return Err(damaged());
        }
        let sampling: Vec<(u8, u8)> = rest
            .chunks_exact(3)
            .filter_map(|c| c.get(1))
            .map(|factors| (factors >> 4, factors & 15))
            .collect();
        if !sampling.iter().all(|(h, v)| (1..=4).contains(h) && (1..=4).contains(v)) {
            return Err(damaged());
        }
        Ok(Self {
            width: u16::from_be_bytes([w1, w0]),
            height: u16::from_be_bytes([h1, h0]),
            progressive,
            sampling,
        })
    }

    fn frame(self, components_in_scan: u8, exif: Option<&[u8]>) -> Frame<'_> {
        let h = self.sampling.iter().map(|s| u64::from(s.0)).max().unwrap_or(1);
        let v = self.sampling.iter().map(|s| u64::from(s.1)).max().unwrap_or(1);
        let units = u64::from(self.width).div_ceil(8 * h) * u64::from(self.height).div_ceil(8 * v);
        let blocks: u64 = self.sampling.iter().map(|s| u64::from(s.0) * u64::from(s.1)).sum();
        let one_pass = !self.progressive && usize::from(components_in_scan) == self.sampling.len();
        let coefficients = if one_pass { 0 } else { units * blocks * 64 * 2 };
        Frame {
            width: self.width,
            height: self.height,
            coefficients,
            exif,
        }
    }
}
