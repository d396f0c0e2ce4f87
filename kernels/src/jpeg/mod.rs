//! JPEG files to RGB: sequential and progressive, 8 bits, Huffman-coded (ITU-T T.81), at full size or on a grid 2, 4 or
//! 8 times as coarse.
//!
//! A coarser grid is made of the coefficients of low frequencies alone. The others are passed over where they stand,
//! several in a look; reading them is what takes time.
//!
//! After damage reading goes on at the next restart marker, as in libjpeg. What was never read is gray, and its share
//! is told.

mod error;
mod huffman;
mod idct;
mod markers;
mod picture;
mod plane;
mod progressive;
mod reader;
mod scan;
mod sequential;
mod standard;

pub use error::JpegError;

use markers::{Component, END_OF_IMAGE, Headers, START_OF_IMAGE, START_OF_SCAN, ScanHeader};
use plane::Plane;
use progressive::{Coefficients, Progressive};
use scan::{Coder, Outcome, Units};
use sequential::Sequential;

/// More scans than any encoder writes; each of them may visit all blocks.
const MOST_SCANS: usize = 256;

/// A file whose headers were read.
pub struct Jpeg<'a> {
    bytes: &'a [u8],
    headers: Headers<'a>,
}

/// What was read of a file.
struct Blocks {
    planes: Vec<Plane>,
    /// Of a progressive file.
    coefficients: Vec<Coefficients>,
    /// For each component the share that was read of each coefficient.
    read: Vec<[f64; 64]>,
}

impl<'a> Jpeg<'a> {
    /// Reads what stands before the first scan.
    ///
    /// # Errors
    /// [`JpegError::Unsupported`] for the kinds that are not read (12 bits, lossless, arithmetic coding, two or more
    /// than four components); [`JpegError::Damaged`] for headers that are damaged.
    pub fn open(bytes: &'a [u8]) -> Result<Self, JpegError> {
        Ok(Self {
            bytes,
            headers: Headers::read(bytes)?,
        })
    }

    /// Width and height in pixels, as the header says; 0 is possible.
    pub fn size(&self) -> (u32, u32) {
        (self.headers.frame.width as u32, self.headers.frame.height as u32)
    }

    /// Its EXIF data.
    pub fn exif(&self) -> Option<&'a [u8]> {
        self.headers.exif
    }

    /// Width and height on a grid `reduction` times as coarse.
    pub fn reduced(&self, reduction: u32) -> (u32, u32) {
        let (width, height) = self.size();
        (width.div_ceil(reduction), height.div_ceil(reduction))
    }

    /// Bytes that [`decode`](Self::decode) takes beside the picture.
    pub fn working_memory(&self, reduction: u32) -> u64 {
        let frame = &self.headers.frame;
        let (most_across, most_down) = frame.sampling();
        let mcus = frame.width.div_ceil(8 * most_across) as u64 * frame.height.div_ceil(8 * most_down) as u64;
        let bytes = |component: &Component| {
            let blocks = mcus * (component.across * component.down) as u64;
            let (across, down) = plane::block(component, (most_across, most_down), reduction as usize);
            let kept = match frame.progressive {
                true => Coefficients::bytes(blocks, idct::last_needed(across, down) + 1),
                false => 0,
            };
            blocks * (across * down) as u64 + kept
        };
        frame.components.iter().map(bytes).sum()
    }

    /// Decodes the picture on a grid `reduction` (1, 2, 4 or 8) times as coarse to `rgb`, which has 3 bytes for each
    /// pixel of [`reduced`](Self::reduced). Gives the share of the picture that was never read, 0 to 1; it is gray.
    ///
    /// # Errors
    /// [`JpegError::Damaged`] if not even a scan's header can be read; [`JpegError::Memory`].
    #[inline(never)]
    pub fn decode(mut self, reduction: u32, rgb: &mut [u8]) -> Result<f32, JpegError> {
        let mut blocks = Blocks::new(&self.headers, reduction as usize)?;
        let mut at = self.headers.scan;
        let mut scans = 0;
        while let Some((marker, behind)) = markers::next(self.bytes, at) {
            at = behind;
            if marker == END_OF_IMAGE || marker == START_OF_IMAGE {
                break;
            }
            if markers::stands_alone(marker) {
                continue;
            }
            let Some((segment, end)) = markers::segment(self.bytes, behind) else {
                break;
            };
            at = end;
            let done = if marker == START_OF_SCAN {
                scans += 1;
                self.scan(segment, end, &mut blocks).map(|end| at = end)
            } else {
                let passes = !self.headers.frame.progressive;
                self.headers.tables.read(marker, segment, passes)
            };
            match done {
                // Damage behind the first scan leaves what was read.
                Err(error) if scans < 2 => return Err(error),
                Err(_) => break,
                Ok(()) if blocks.is_whole(&self.headers) || scans == MOST_SCANS => break,
                Ok(()) => {}
            }
        }
        for (coefficients, plane) in blocks.coefficients.iter().zip(&mut blocks.planes) {
            coefficients.write(plane);
        }
        let (width, _) = self.reduced(reduction);
        picture::write(&blocks.planes, self.headers.colors, width as usize, rgb);
        Ok(blocks.missing() as f32)
    }

    /// Reads a scan whose data begin at `at`, and says where they end.
    fn scan(&mut self, segment: &[u8], at: usize, blocks: &mut Blocks) -> Result<usize, JpegError> {
        let Headers { frame, tables, .. } = &mut self.headers;
        let header = ScanHeader::read(segment, frame)?;
        for &(place, dc, ac) in &header.components {
            let (needs_dc, needs_ac) = (header.first == 0 && header.high == 0, header.last > 0);
            tables.provide(needs_dc.then_some(dc), needs_ac.then_some(ac))?;
            if let (Some(plane), Some(component)) = (blocks.planes.get_mut(place), frame.components.get(place)) {
                plane.quantise(tables.quantisation.get(component.table).and_then(Option::as_ref))?;
            }
        }
        let places: Vec<usize> = header.components.iter().map(|&(place, ..)| place).collect();
        let units = Units::new(frame, &places);
        let interval = tables.restart_interval;
        let outcome = if frame.progressive {
            let part = |&(place, dc, ac): &(usize, usize, usize)| progressive::Part {
                dc: tables.dc(dc),
                ac: tables.ac(ac),
                place,
                value: 0,
            };
            let parts = header.components.iter().map(part).collect();
            let coefficients = &mut blocks.coefficients;
            read(
                &units,
                self.bytes,
                at,
                interval,
                &mut Progressive {
                    header: &header,
                    parts,
                    coefficients,
                    ended: 0,
                },
            )
        } else {
            let part = |&(place, dc, ac): &(usize, usize, usize)| {
                Some(sequential::Part {
                    dc: tables.dc(dc)?,
                    ac: tables.ac(ac)?,
                    plane: place,
                    factors: blocks.planes.get(place)?.factors?,
                    value: 0,
                })
            };
            let parts = header.components.iter().filter_map(part).collect();
            read(
                &units,
                self.bytes,
                at,
                interval,
                &mut Sequential {
                    parts,
                    planes: &mut blocks.planes,
                },
            )
        };
        blocks.count(&header, &outcome);
        Ok(outcome.end)
    }
}

#[inline(never)]
fn read(units: &Units, bytes: &[u8], at: usize, interval: usize, coder: &mut impl Coder) -> Outcome {
    units.read(bytes, at, interval, coder)
}

impl Blocks {
    fn new(headers: &Headers<'_>, reduction: usize) -> Result<Self, JpegError> {
        let frame = &headers.frame;
        let planes = frame
            .components
            .iter()
            .map(|component| Plane::new(frame, component, reduction));
        let planes: Vec<Plane> = planes.collect::<Result<_, _>>()?;
        let coefficients = match frame.progressive {
            true => planes.iter().map(Coefficients::new).collect::<Result<_, _>>()?,
            false => Vec::new(),
        };
        let read = vec![[0.0; 64]; planes.len()];
        Ok(Self {
            planes,
            coefficients,
            read,
        })
    }

    /// Counts a scan. A coefficient of which `n` bits are left out is there for 2 to the power of `-n`.
    fn count(&mut self, header: &ScanHeader, outcome: &Outcome) {
        let precision = |bits: u32| 0.5_f64.powi(bits as i32);
        let before = if header.high == 0 { 0.0 } else { precision(header.high) };
        let share = (precision(header.low) - before) * outcome.read as f64 / outcome.all.max(1) as f64;
        for &(place, ..) in &header.components {
            if let Some(read) = self.read.get_mut(place) {
                let coefficients = read.iter_mut().take(header.last + 1).skip(header.first);
                coefficients.for_each(|read| *read = (*read + share).min(1.0));
            }
        }
    }

    /// Whether there is nothing to be read any more.
    fn is_whole(&self, headers: &Headers<'_>) -> bool {
        !headers.frame.progressive && self.read.iter().flatten().all(|&read| read > 0.0)
    }

    /// The share of the coefficients that was never read.
    fn missing(&self) -> f64 {
        let (mut all, mut missing) = (0.0, 0.0);
        for (plane, read) in self.planes.iter().zip(&self.read) {
            let blocks = (plane.blocks.0 * plane.blocks.1) as f64;
            all += blocks;
            missing += blocks * (1.0 - read.iter().sum::<f64>() / 64.0);
        }
        if all > 0.0 {
            (missing / all).clamp(0.0, 1.0)
        } else {
            1.0
        }
    }
}
