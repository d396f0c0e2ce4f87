//! Bits of a scan's data, most significant first, without the zeros that are stuffed behind `FF`.

/// Reads bits up to the first marker, and zeros from there on.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    data: &'a [u8],
    /// Where the next byte is read; at a marker, its `FF`.
    at: usize,
    /// The next bits, from the top; zeros below `count`.
    bits: u64,
    count: u32,
    /// Zeros that were appended because the data had ended.
    appended: u32,
}

/// Bits that are there after [`Reader::fill`]: more than a code of 16 bits and 15 bits behind it.
const FILLED: u32 = 32;

impl<'a> Reader<'a> {
    pub(super) fn new(data: &'a [u8], at: usize) -> Self {
        Self {
            data,
            at,
            bits: 0,
            count: 0,
            appended: 0,
        }
    }

    /// Where it stands, in bytes of the data; bits that are not read yet lie before it, markers do not.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Whether more bits were read than there are before the marker.
    #[inline(always)]
    pub(super) fn overrun(&self) -> bool {
        self.appended > self.count
    }

    /// Sees that 32 bits are there.
    #[inline(always)]
    pub(super) fn fill(&mut self) {
        if self.count < FILLED {
            match self.data.get(self.at..).and_then(|rest| rest.first_chunk::<8>()) {
                Some(bytes) if !has_ff(u64::from_be_bytes(*bytes)) => {
                    self.bits |= u64::from_be_bytes(*bytes) >> self.count;
                    self.at += ((63 - self.count) >> 3) as usize;
                    self.count |= 56;
                }
                _ => *self = filled_slowly(*self),
            }
        }
    }

    /// The next `bits` bits, 1 to 32, which stay there. For it and the two below, [`fill`](Self::fill) comes first.
    #[inline(always)]
    pub(super) fn peek(&self, bits: u32) -> usize {
        (self.bits >> (64 - bits)) as usize
    }

    #[inline(always)]
    pub(super) fn skip(&mut self, bits: u32) {
        self.bits <<= bits;
        self.count = self.count.wrapping_sub(bits);
    }

    /// A number of `bits` bits, 0 to 16.
    #[inline(always)]
    pub(super) fn take(&mut self, bits: u32) -> u32 {
        let value = (self.bits >> 1 >> (63 - bits)) as u32;
        self.skip(bits);
        value
    }
}

/// Whether a byte of the eight is `FF`.
#[inline(always)]
fn has_ff(bytes: u64) -> bool {
    let zero = !bytes;
    zero.wrapping_sub(0x0101_0101_0101_0101) & bytes & 0x8080_8080_8080_8080 != 0
}

/// Byte by byte. By value, so that a reader can stay in registers.
#[cold]
#[inline(never)]
fn filled_slowly(mut reader: Reader<'_>) -> Reader<'_> {
    // What was read beyond `count` when eight bytes went in at once is read again here.
    reader.bits &= !(u64::MAX >> reader.count);
    while reader.count <= 56 {
        let byte = match (reader.data.get(reader.at), reader.data.get(reader.at + 1)) {
            (Some(0xFF), Some(0)) => {
                reader.at += 2;
                0xFF
            }
            (Some(0xFF), _) | (None, _) => {
                reader.appended += 8;
                0
            }
            (Some(&byte), _) => {
                reader.at += 1;
                byte
            }
        };
        reader.bits |= u64::from(byte) << (56 - reader.count);
        reader.count += 8;
    }
    reader
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_come_in_their_order_and_end_at_a_marker() {
        let data = [0b1010_0000, 0xFF, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xFF, 0xD0, 1];
        let mut reader = Reader::new(&data, 0);
        let mut bytes = Vec::new();
        for _ in 0..11 {
            reader.fill();
            bytes.push(reader.take(8));
        }
        assert_eq!(bytes, [160, 255, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert!(!reader.overrun());
        reader.fill();
        assert_eq!(reader.take(3), 0);
        assert!(reader.overrun());
        assert_eq!(reader.at(), 12);
    }

    #[test]
    fn an_ff_is_found_at_every_place() {
        for place in 0..8 {
            for other in [0, 1, 0x7F, 0x80, 0xFE] {
                let mut bytes = [other; 8];
                assert!(!has_ff(u64::from_be_bytes(bytes)), "{bytes:?}");
                bytes[place] = 0xFF;
                assert!(has_ff(u64::from_be_bytes(bytes)), "{bytes:?}");
            }
        }
    }
}
