//! Markers and what stands behind them (ITU-T T.81, annex B).

use super::{JpegError, huffman::Huffman, standard};

pub(super) const START_OF_IMAGE: u8 = 0xD8;
pub(super) const END_OF_IMAGE: u8 = 0xD9;
pub(super) const START_OF_SCAN: u8 = 0xDA;
const QUANTISATION: u8 = 0xDB;
const HUFFMAN: u8 = 0xC4;
const RESTART_INTERVAL: u8 = 0xDD;
const APPLICATION_0: u8 = 0xE0;
const APPLICATION_1: u8 = 0xE1;
const APPLICATION_14: u8 = 0xEE;

/// One kind of samples: luminance, a chrominance, an ink.
#[derive(Clone, Debug)]
pub(super) struct Component {
    pub(super) id: u8,
    /// Sampling factors, 1 to 4.
    pub(super) across: usize,
    pub(super) down: usize,
    /// Which quantisation table.
    pub(super) table: usize,
}

/// What a frame header says.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) progressive: bool,
    pub(super) components: Vec<Component>,
}

/// What a scan header says.
pub(super) struct ScanHeader {
    /// For each component: its place in the frame, its DC table and its AC table.
    pub(super) components: Vec<(usize, usize, usize)>,
    /// The first and the last coefficient, in zigzag order.
    pub(super) first: usize,
    pub(super) last: usize,
    /// Bits that earlier scans left out, 0 for the first scan of a coefficient, and bits that this one leaves out.
    pub(super) high: u32,
    pub(super) low: u32,
}

/// What stands between the scans, and says how to read them.
pub(super) struct Tables {
    /// In zigzag order.
    pub(super) quantisation: [Option<[u16; 64]>; 4],
    dc: [Option<Huffman>; 4],
    ac: [Option<Huffman>; 4],
    /// MCUs between two restart markers, 0 if there are none.
    pub(super) restart_interval: usize,
}

/// How the samples of three or four components are to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colors {
    Gray,
    YCbCr,
    Rgb,
    Cmyk,
    Ycck,
}

/// What stands before the first scan.
pub(super) struct Headers<'a> {
    pub(super) frame: Frame,
    pub(super) tables: Tables,
    pub(super) colors: Colors,
    pub(super) exif: Option<&'a [u8]>,
    /// Where the marker of the first scan begins.
    pub(super) scan: usize,
}

/// The next marker from `at` on, and where what stands behind it begins. Bytes before it are passed over.
pub(super) fn next(bytes: &[u8], mut at: usize) -> Option<(u8, usize)> {
    loop {
        let rest = bytes.get(at..)?;
        at += rest.iter().position(|&byte| byte == 0xFF)? + 1;
        match *bytes.get(at)? {
            0 | 0xFF => {}
            marker => return Some((marker, at + 1)),
        }
    }
}

/// The segment at `at`, without its length, and where it ends.
pub(super) fn segment(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let length = usize::from(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?));
    Some((bytes.get(at + 2..at + length)?, at + length))
}

pub(super) fn is_restart(marker: u8) -> bool {
    matches!(marker, 0xD0..=0xD7)
}

/// Whether a segment follows the marker.
pub(super) fn stands_alone(marker: u8) -> bool {
    matches!(marker, 0x01 | 0xD0..=0xD9)
}

impl<'a> Headers<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, JpegError> {
        let none = JpegError::Damaged("without image data");
        let (mut frame, mut tables) = (None, Tables::new());
        let (mut exif, mut jfif, mut adobe) = (None, false, None);
        let mut at = 2;
        loop {
            let (marker, behind) = next(bytes, at).ok_or(none.clone())?;
            if marker == END_OF_IMAGE {
                return Err(none);
            }
            at = behind;
            if stands_alone(marker) {
                continue;
            }
            let cut = || JpegError::Damaged("with a header that is cut off");
            let (segment, end) = segment(bytes, behind).ok_or_else(cut)?;
            match marker {
                START_OF_SCAN => {
                    let frame: Frame = frame.ok_or(JpegError::Damaged("with a scan before its frame header"))?;
                    let colors = colors(&frame, jfif, adobe);
                    return Ok(Self {
                        frame,
                        tables,
                        colors,
                        exif,
                        scan: behind - 2,
                    });
                }
                HUFFMAN | QUANTISATION | RESTART_INTERVAL => {
                    let progressive = frame.as_ref().is_some_and(|frame: &Frame| frame.progressive);
                    tables.read(marker, segment, !progressive)?;
                }
                0xC8 | 0xCC => {}
                0xC0..=0xCF if frame.is_some() => return Err(JpegError::Damaged("with two frame headers")),
                0xC0..=0xCF => frame = Some(Frame::read(marker, segment)?),
                APPLICATION_0 => jfif |= segment.starts_with(b"JFIF\0"),
                // Of several the first one counts, as for every other decoder.
                APPLICATION_1 => exif = exif.or(segment.strip_prefix(b"Exif\0\0")),
                // One that is too short is none.
                APPLICATION_14 if segment.starts_with(b"Adobe") => adobe = segment.get(11).copied().or(adobe),
                _ => {}
            }
            at = end;
        }
    }
}

impl Frame {
    fn read(marker: u8, segment: &[u8]) -> Result<Self, JpegError> {
        let progressive = match marker {
            0xC0 | 0xC1 => false,
            0xC2 => true,
            _ => {
                let kind = "of a lossless, hierarchical or arithmetic-coded kind";
                return Err(JpegError::Unsupported(kind.into()));
            }
        };
        let damaged = || JpegError::Damaged("with a damaged frame header");
        let (&[precision, h1, h0, w1, w0, count], rest) = segment.split_first_chunk().ok_or_else(damaged)?;
        if precision != 8 {
            return Err(JpegError::Unsupported(format!(
                "with {precision} bits a sample; 8 can be read"
            )));
        }
        if !matches!(count, 1 | 3 | 4) {
            return Err(JpegError::Unsupported(format!(
                "with {count} components; 1, 3 and 4 can be read"
            )));
        }
        if rest.len() != 3 * usize::from(count) {
            return Err(damaged());
        }
        let components = rest.as_chunks().0.iter().map(|&[id, sampling, table]| Component {
            id,
            // A component that is alone has as many blocks as it needs.
            across: if count == 1 { 1 } else { usize::from(sampling >> 4) },
            down: if count == 1 { 1 } else { usize::from(sampling & 15) },
            table: usize::from(table),
        });
        let components: Vec<Component> = components.collect();
        let possible = |c: &Component| (1..=4).contains(&c.across) && (1..=4).contains(&c.down) && c.table < 4;
        if !components.iter().all(possible) {
            return Err(damaged());
        }
        Ok(Self {
            width: usize::from(u16::from_be_bytes([w1, w0])),
            height: usize::from(u16::from_be_bytes([h1, h0])),
            progressive,
            components,
        })
    }

    /// The largest sampling factors, across and down.
    pub(super) fn sampling(&self) -> (usize, usize) {
        let most = |factor: fn(&Component) -> usize| self.components.iter().map(factor).max().unwrap_or(1);
        (most(|c| c.across), most(|c| c.down))
    }
}

impl ScanHeader {
    pub(super) fn read(segment: &[u8], frame: &Frame) -> Result<Self, JpegError> {
        let damaged = || JpegError::Damaged("with a damaged scan header");
        let (&count, rest) = segment.split_first().ok_or_else(damaged)?;
        let (components, rest) = rest.split_at_checked(2 * usize::from(count)).ok_or_else(damaged)?;
        let &[first, last, bits] = rest.first_chunk().ok_or_else(damaged)?;
        let mut found: Vec<(usize, usize, usize)> = Vec::new();
        for &[id, tables] in components.as_chunks().0 {
            let place = frame
                .components
                .iter()
                .position(|component| component.id == id)
                .ok_or_else(damaged)?;
            if found.iter().any(|&(other, ..)| other == place) || tables >> 4 > 3 || tables & 15 > 3 {
                return Err(damaged());
            }
            found.push((place, usize::from(tables >> 4), usize::from(tables & 15)));
        }
        let (first, last) = (usize::from(first), usize::from(last));
        let scan = if frame.progressive {
            Self {
                components: found,
                first,
                last,
                high: u32::from(bits >> 4),
                low: u32::from(bits & 15),
            }
        } else {
            // What encoders write here means nothing in a sequential file.
            Self {
                components: found,
                first: 0,
                last: 63,
                high: 0,
                low: 0,
            }
        };
        let band = if first == 0 {
            last == 0
        } else {
            last >= first && last < 64 && scan.components.len() == 1
        };
        let possible = !frame.progressive || band && scan.low <= 13 && (scan.high == 0 || scan.high == scan.low + 1);
        if scan.components.is_empty() || !possible {
            return Err(damaged());
        }
        Ok(scan)
    }
}

impl Tables {
    fn new() -> Self {
        Self {
            quantisation: [None; 4],
            dc: [const { None }; 4],
            ac: [const { None }; 4],
            restart_interval: 0,
        }
    }

    /// Takes what a segment defines; others are passed over. `passes` is of [`Huffman::new`].
    pub(super) fn read(&mut self, marker: u8, segment: &[u8], passes: bool) -> Result<(), JpegError> {
        match marker {
            HUFFMAN => self.read_huffman(segment, passes),
            QUANTISATION => self.read_quantisation(segment),
            RESTART_INTERVAL => {
                let length = *segment
                    .first_chunk()
                    .ok_or(JpegError::Damaged("with a damaged restart interval"))?;
                self.restart_interval = usize::from(u16::from_be_bytes(length));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn read_huffman(&mut self, mut segment: &[u8], passes: bool) -> Result<(), JpegError> {
        let damaged = || JpegError::Damaged("with a damaged Huffman table");
        while let Some((&place, rest)) = segment.split_first() {
            let (counts, rest) = rest.split_first_chunk::<16>().ok_or_else(damaged)?;
            let total = counts.iter().map(|&count| usize::from(count)).sum();
            let (symbols, rest) = rest.split_at_checked(total).ok_or_else(damaged)?;
            let tables = match place >> 4 {
                0 => &mut self.dc,
                1 => &mut self.ac,
                _ => return Err(damaged()),
            };
            let table = tables.get_mut(usize::from(place & 15)).ok_or_else(damaged)?;
            *table = Some(Huffman::new(counts, symbols, passes && place >> 4 == 1)?);
            segment = rest;
        }
        Ok(())
    }

    fn read_quantisation(&mut self, mut segment: &[u8]) -> Result<(), JpegError> {
        let damaged = || JpegError::Damaged("with a damaged quantisation table");
        while let Some((&place, rest)) = segment.split_first() {
            let size = if place >> 4 == 0 { 1 } else { 2 };
            let (values, rest) = rest.split_at_checked(64 * size).ok_or_else(damaged)?;
            let table = self.quantisation.get_mut(usize::from(place & 15)).ok_or_else(damaged)?;
            let mut numbers = [0; 64];
            for (number, value) in numbers.iter_mut().zip(values.chunks_exact(size)) {
                *number = value.iter().fold(0, |number, &byte| number << 8 | u16::from(byte));
            }
            *table = Some(numbers);
            segment = rest;
        }
        Ok(())
    }

    /// Sees that the tables of these numbers are there. Frames of videos leave out the usual ones.
    pub(super) fn provide(&mut self, dc: Option<usize>, ac: Option<usize>) -> Result<(), JpegError> {
        for (tables, number, is_ac) in [(&mut self.dc, dc, false), (&mut self.ac, ac, true)] {
            if let Some(number) = number
                && let Some(table @ None) = tables.get_mut(number)
            {
                *table = Some(standard::table(is_ac, number)?);
            }
        }
        Ok(())
    }

    pub(super) fn dc(&self, number: usize) -> Option<&Huffman> {
        self.dc.get(number)?.as_ref()
    }

    pub(super) fn ac(&self, number: usize) -> Option<&Huffman> {
        self.ac.get(number)?.as_ref()
    }
}

/// As libjpeg takes them: what JFIF says, else what Adobe says, else what the components are called.
fn colors(frame: &Frame, jfif: bool, adobe: Option<u8>) -> Colors {
    let ids: Vec<u8> = frame.components.iter().map(|component| component.id).collect();
    match (frame.components.len(), adobe) {
        (3, _) if jfif => Colors::YCbCr,
        (3, Some(0)) => Colors::Rgb,
        (3, Some(_)) => Colors::YCbCr,
        (3, None) if ids == *b"RGB" => Colors::Rgb,
        (3, None) => Colors::YCbCr,
        (4, Some(0) | None) => Colors::Cmyk,
        (4, Some(_)) => Colors::Ycck,
        _ => Colors::Gray,
    }
}
