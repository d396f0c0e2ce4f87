//! Huffman tables (ITU-T T.81, annex C), laid out so that one look reads a code and the bits behind it.

use super::{JpegError, reader::Reader};

/// Bits of a look that gives one coefficient.
const ONE: u32 = 10;
/// Bits of a look that passes over several coefficients.
const MANY: u32 = 12;

/// The end of a block, as the number of zeros before a coefficient: more than a block has.
const END: u32 = 64;

/// A coefficient as its code gives it.
#[derive(Clone, Copy)]
pub(super) struct Coefficient(u32);

impl Coefficient {
    fn new(length: u32, zeros: u32, value: i32) -> Self {
        Self(length | zeros << 8 | (value as u32) << 16)
    }

    /// Bits of the code and of the value.
    #[inline(always)]
    fn length(self) -> u32 {
        self.0 & 0xFF
    }

    /// Zeros before it; 64 or more if there is none in this block any more.
    #[inline(always)]
    pub(super) fn zeros(self) -> usize {
        (self.0 >> 8 & 0xFF) as usize
    }

    #[inline(always)]
    pub(super) fn value(self) -> i32 {
        self.0 as i32 >> 16
    }
}

/// A table.
pub(super) struct Huffman {
    ones: Box<[u32; 1 << ONE]>,
    many: Box<[u16; 1 << MANY]>,
    /// For codes of each length up to 16: one above the last one, in 16 bits from the top.
    ends: [u32; 17],
    /// What to add to a code for its place among the symbols.
    offsets: [i32; 17],
    symbols: Vec<u8>,
}

/// What a code of no table counts as: the end of the block.
const INVALID: u32 = 0x100;

/// [`Coefficient::zeros`] of the same.
pub(super) const INVALID_ZEROS: usize = 128;

/// The least [`Coefficient::zeros`] of what ends a block. In a progressive scan, what is above is the number of bits
/// that tell of how many more blocks this is the end.
pub(super) const END_OF_BLOCK: usize = END as usize;

impl Huffman {
    /// `counts`: how many codes there are of 1 to 16 bits. `passes`: whether blocks are passed over, which is slower
    /// where this was not said.
    pub(super) fn new(counts: &[u8; 16], symbols: &[u8], passes: bool) -> Result<Self, JpegError> {
        let (mut ends, mut offsets) = ([0; 17], [0; 17]);
        let (mut code, mut place) = (0_u32, 0_i32);
        for (length, &count) in (1..).zip(counts) {
            offsets[length] = place - code as i32;
            code += u32::from(count);
            place += i32::from(count);
            if code > 1 << length {
                return Err(JpegError::Damaged("with a damaged Huffman table"));
            }
            ends[length] = code << (16 - length);
            code <<= 1;
        }
        let mut table = Self {
            ones: Box::new([0; 1 << ONE]),
            many: Box::new([0; 1 << MANY]),
            ends,
            offsets,
            symbols: symbols.to_vec(),
        };
        for at in 0..1 << ONE {
            table.ones[at] = table.one(at);
        }
        if passes {
            for at in 0..1 << MANY {
                table.many[at] = table.passed(at);
            }
        }
        Ok(table)
    }

    /// Length and symbol of the code that 16 bits begin with.
    fn code(&self, bits: u32) -> (u32, u32) {
        for length in 1..=16 {
            if bits < self.ends[length] {
                let place = (bits >> (16 - length)) as i32 + self.offsets[length];
                let symbol = self.symbols.get(place as usize);
                return (length as u32, symbol.map_or(INVALID, |&symbol| u32::from(symbol)));
            }
        }
        (16, INVALID)
    }

    /// The coefficient that `ONE` bits begin with, 0 if it does not fit in.
    fn one(&self, bits: usize) -> u32 {
        let (length, symbol) = self.code((bits as u32) << (16 - ONE));
        let size = symbol & 15;
        if symbol == INVALID || length + size > ONE {
            return 0;
        }
        let value = bits as u32 >> (ONE - length - size) & ((1 << size) - 1);
        coefficient(length, symbol, value).0
    }

    /// What `MANY` bits pass over: how many bits (4 bits), how many coefficients (7), and whether the block ends there
    /// (the top bit). 0 if not even one code fits in.
    fn passed(&self, bits: usize) -> u16 {
        let (mut used, mut passed) = (0, 0);
        loop {
            let rest = ((bits as u32) << (16 - MANY + used)) & 0xFFFF;
            let (length, symbol) = self.code(rest);
            let total = length + (symbol & 15);
            let zeros = zeros(symbol);
            if symbol == INVALID || used + total > MANY {
                break;
            }
            if zeros >= END {
                used += total;
                return (used | (passed + 1) << 4 | 1 << 15) as u16;
            }
            if passed + zeros + 1 > 63 {
                break;
            }
            used += total;
            passed += zeros + 1;
        }
        (used | passed << 4) as u16
    }

    /// The next coefficient. A difference of DC values is one without zeros before it.
    #[inline(always)]
    pub(super) fn coefficient(&self, reader: &mut Reader<'_>) -> Coefficient {
        reader.fill();
        let found = Coefficient(self.ones[reader.peek(ONE)]);
        if found.0 != 0 {
            reader.skip(found.length());
            return found;
        }
        let found = self.long(reader.peek(32) as u32);
        reader.skip(found.length());
        found
    }

    /// A coefficient whose bits are more than a look takes.
    #[cold]
    #[inline(never)]
    fn long(&self, bits: u32) -> Coefficient {
        let (length, symbol) = self.code(bits >> 16);
        let size = symbol & 15;
        let value = ((bits << (length - 1) << 1 >> 1) >> (31 - size)) & ((1 << size) - 1);
        coefficient(length, symbol, value)
    }

    /// Passes over the coefficients of a block from number `at` on. Whether all codes were of the table.
    #[inline(always)]
    pub(super) fn pass(&self, reader: &mut Reader<'_>, mut at: usize) -> bool {
        while at < 64 {
            reader.fill();
            let passed = u32::from(self.many[reader.peek(MANY)]);
            let after = at + (passed >> 4 & 127) as usize;
            if passed != 0 && after <= 64 {
                reader.skip(passed & 15);
                at = after;
                if passed >> 15 != 0 {
                    return true;
                }
            } else {
                let zeros = self.coefficient(reader).zeros();
                if zeros >= INVALID_ZEROS {
                    return false;
                }
                at += zeros + 1;
            }
        }
        true
    }
}

/// Zeros before the coefficient of a symbol of a sequential scan.
fn zeros(symbol: u32) -> u32 {
    match (symbol >> 4, symbol & 15) {
        (zeros @ 0..15, 0) => END + zeros,
        (zeros, 0) if zeros > 15 => INVALID_ZEROS as u32,
        (zeros, _) => zeros,
    }
}

fn coefficient(length: u32, symbol: u32, value: u32) -> Coefficient {
    let size = symbol & 15;
    Coefficient::new(length + size, zeros(symbol), extended(value, size))
}

/// A number of `size` bits, 0 to 15: those whose first bit is 0 are negative.
#[inline(always)]
pub(super) fn extended(value: u32, size: u32) -> i32 {
    match size {
        0 => 0,
        _ if value >> (size - 1) == 0 => value as i32 - (1 << size) + 1,
        _ => value as i32,
    }
}
