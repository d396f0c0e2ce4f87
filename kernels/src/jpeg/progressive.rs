//! Scans that give some coefficients of each block, or one more bit of them (ITU-T T.81, annex G).

use super::{
    JpegError,
    error::buffer,
    huffman::{END_OF_BLOCK, Huffman, INVALID_ZEROS},
    idct::PLACES,
    markers::ScanHeader,
    plane::Plane,
    reader::Reader,
    scan::Coder,
};

/// What is kept of the blocks of a component between scans.
pub(super) struct Coefficients {
    /// Blocks in a row.
    across: usize,
    /// How many coefficients of a block are needed, from the first one on in zigzag order.
    needed: usize,
    values: Vec<i16>,
    /// For each block the coefficients that are not 0, a bit each: later scans depend on those that are not needed,
    /// too.
    nonzero: Vec<u64>,
}

impl Coefficients {
    pub(super) fn new(plane: &Plane) -> Result<Self, JpegError> {
        let (across, down) = plane.blocks;
        let needed = plane.needed + 1;
        Ok(Self {
            across,
            needed,
            values: buffer(across * down * needed, 0)?,
            nonzero: buffer(across * down, 0)?,
        })
    }

    /// Bytes of the same.
    pub(super) fn bytes(blocks: u64, needed: usize) -> u64 {
        blocks * (needed as u64 * 2 + 8)
    }

    /// Makes samples of them.
    pub(super) fn write(&self, plane: &mut Plane) {
        let Some(factors) = plane.factors else { return };
        let blocks = self.values.chunks_exact(self.needed).zip(&self.nonzero);
        for (at, (values, &nonzero)) in blocks.enumerate() {
            let mut block = [0.0; 64];
            for ((&value, place), factor) in values.iter().zip(PLACES).zip(factors) {
                block[usize::from(place & 63)] = f32::from(value) * factor;
            }
            block[0] += 128.5;
            let kept = nonzero & (u64::MAX >> (64 - self.needed)) & !1;
            let last = if kept == 0 {
                0
            } else {
                63 - kept.leading_zeros() as usize
            };
            plane.write(at % self.across, at / self.across, &block, last);
        }
    }
}

/// A component of a scan. Its tables are there if the scan needs them.
pub(super) struct Part<'a> {
    pub(super) dc: Option<&'a Huffman>,
    pub(super) ac: Option<&'a Huffman>,
    /// Which of the components.
    pub(super) place: usize,
    /// The last DC value.
    pub(super) value: i32,
}

/// Reads blocks of a scan.
pub(super) struct Progressive<'a> {
    pub(super) header: &'a ScanHeader,
    pub(super) parts: Vec<Part<'a>>,
    pub(super) coefficients: &'a mut [Coefficients],
    /// Blocks that end before they begin.
    pub(super) ended: u32,
}

/// A block among the coefficients that are kept.
struct Kept<'a> {
    values: &'a mut [i16],
    nonzero: &'a mut u64,
    low: u32,
}

impl Coder for Progressive<'_> {
    #[inline(always)]
    fn block(&mut self, reader: &mut Reader<'_>, component: usize, x: usize, y: usize) -> bool {
        let Some(part) = self.parts.get_mut(component) else {
            return false;
        };
        let Some(coefficients) = self.coefficients.get_mut(part.place) else {
            return false;
        };
        let (at, needed) = (y * coefficients.across + x, coefficients.needed);
        let values = coefficients.values.get_mut(at * needed..(at + 1) * needed);
        let (Some(values), Some(nonzero)) = (values, coefficients.nonzero.get_mut(at)) else {
            return false;
        };
        let low = self.header.low;
        let mut kept = Kept { values, nonzero, low };
        match (self.header.first, self.header.high, part.dc, part.ac) {
            (0, 0, Some(dc), _) => {
                let difference = dc.coefficient(reader);
                part.value = part.value.wrapping_add(difference.value());
                kept.set(0, part.value);
                difference.zeros() < INVALID_ZEROS
            }
            (0, 1.., ..) => {
                reader.fill();
                if reader.take(1) == 1
                    && let Some(value) = kept.values.first_mut()
                {
                    *value |= 1 << low;
                }
                true
            }
            (_, 0, _, Some(ac)) => kept.read_first(reader, ac, self.header, &mut self.ended),
            (_, _, _, Some(ac)) => kept.read_next(reader, ac, self.header, &mut self.ended),
            _ => false,
        }
    }

    fn restart(&mut self) {
        self.parts.iter_mut().for_each(|part| part.value = 0);
        self.ended = 0;
    }
}

impl Kept<'_> {
    /// The first scan of some AC coefficients.
    #[inline(always)]
    fn read_first(&mut self, reader: &mut Reader<'_>, ac: &Huffman, header: &ScanHeader, ended: &mut u32) -> bool {
        if *ended > 0 {
            *ended -= 1;
            return true;
        }
        let mut at = header.first;
        while at <= header.last {
            let coefficient = ac.coefficient(reader);
            let zeros = coefficient.zeros();
            if zeros >= END_OF_BLOCK {
                *ended = blocks_ended(reader, zeros).wrapping_sub(1);
                return zeros < INVALID_ZEROS;
            }
            at += zeros;
            if at > 63 {
                return false;
            }
            self.set(at, coefficient.value());
            at += 1;
        }
        true
    }

    /// One more bit of some AC coefficients.
    #[inline(always)]
    fn read_next(&mut self, reader: &mut Reader<'_>, ac: &Huffman, header: &ScanHeader, ended: &mut u32) -> bool {
        let (mut at, last) = (header.first, header.last);
        while *ended == 0 && at <= last {
            let coefficient = ac.coefficient(reader);
            let mut zeros = coefficient.zeros();
            if zeros >= INVALID_ZEROS {
                return false;
            }
            if zeros >= END_OF_BLOCK {
                *ended = blocks_ended(reader, zeros);
                break;
            }
            // Those that are not 0 already do not count among the zeros, and have their bit here.
            while at <= last {
                if self.is_zero(at) {
                    if zeros == 0 {
                        break;
                    }
                    zeros -= 1;
                } else {
                    self.refine(reader, at);
                }
                at += 1;
            }
            if at <= last {
                self.set(at, coefficient.value().signum());
            }
            at += 1;
        }
        if *ended > 0 {
            *ended -= 1;
            let mut rest = *self.nonzero & !((1 << at) - 1) & (u64::MAX >> (63 - last));
            while at <= last && rest != 0 {
                self.refine(reader, rest.trailing_zeros() as usize);
                rest &= rest - 1;
            }
        }
        true
    }
}

/// How many blocks end here, of which this is the first.
fn blocks_ended(reader: &mut Reader<'_>, zeros: usize) -> u32 {
    let bits = (zeros - END_OF_BLOCK) as u32;
    reader.fill();
    (1 << (bits & 15)) + reader.take(bits & 15)
}

impl Kept<'_> {
    fn is_zero(&self, at: usize) -> bool {
        *self.nonzero >> at & 1 == 0
    }

    fn set(&mut self, at: usize, value: i32) {
        if value != 0 {
            *self.nonzero |= 1 << at;
            if let Some(kept) = self.values.get_mut(at) {
                *kept = (value << self.low) as i16;
            }
        }
    }

    /// Reads the next bit of a coefficient.
    fn refine(&mut self, reader: &mut Reader<'_>, at: usize) {
        reader.fill();
        if reader.take(1) == 1
            && let Some(kept) = self.values.get_mut(at)
        {
            *kept = kept.wrapping_add(kept.signum() << self.low);
        }
    }
}
