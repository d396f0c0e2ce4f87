//! CRC-32 (ISO 3309), for the chunks of a PNG file. The crate of this name on crates.io carries 16 kB of tables, which no
//! compression makes smaller, into each module; here they are computed when the first byte comes.

use std::sync::LazyLock;

/// The polynomial, its bits reversed.
const POLYNOMIAL: u32 = 0xEDB8_8320;
/// Bytes that are taken in at a time.
const STEP: usize = 8;

/// What a byte does to the sum, with 0 to 7 bytes of zero after it.
static TABLES: LazyLock<[[u32; 256]; STEP]> = LazyLock::new(|| {
    let mut tables = [[0; 256]; STEP];
    let bit = |sum: u32, _| if sum & 1 == 1 { sum >> 1 ^ POLYNOMIAL } else { sum >> 1 };
    let one: [u32; 256] = std::array::from_fn(|byte| (0..8).fold(byte as u32, bit));
    let mut before = one;
    for table in &mut tables {
        *table = before;
        before = before.map(|sum| sum >> 8 ^ one[usize::from(sum as u8)]);
    }
    tables
});

/// The checksum of what came so far.
#[derive(Clone, Debug, Default)]
pub struct Hasher {
    sum: u32,
    amount: u64,
}

impl Hasher {
    /// The checksum of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        let tables = &*TABLES;
        let mut sum = !self.sum;
        let (steps, rest) = bytes.as_chunks::<STEP>();
        for step in steps {
            let [a, b, c, d, bytes @ ..] = *step;
            let first = (sum ^ u32::from_le_bytes([a, b, c, d])).to_le_bytes();
            let both = first.iter().chain(&bytes).zip(tables.iter().rev());
            sum = both.fold(0, |sum, (&byte, table)| sum ^ table[usize::from(byte)]);
        }
        for &byte in rest {
            sum = sum >> 8 ^ tables[0][usize::from(sum as u8 ^ byte)];
        }
        self.sum = !sum;
        self.amount += bytes.len() as u64;
    }

    /// The checksum.
    pub fn finalize(self) -> u32 {
        self.sum
    }

    /// Starts again.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Takes in what another one took.
    pub fn combine(&mut self, other: &Self) {
        let zero = |sum: u32, _| sum >> 8 ^ TABLES[0][usize::from(sum as u8)];
        self.sum = (0..other.amount).fold(self.sum, zero) ^ other.sum;
        self.amount += other.amount;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(parts: &[&[u8]]) -> u32 {
        let mut hasher = Hasher::new();
        parts.iter().for_each(|part| hasher.update(part));
        hasher.finalize()
    }

    #[test]
    fn it_is_that_of_the_standard_however_the_bytes_come() {
        // The check value of CRC-32 in the catalogue of parametrised CRC algorithms.
        assert_eq!(sum(&[b"123456789"]), 0xCBF4_3926);
        assert_eq!(sum(&[b"1", b"2345", b"6789"]), 0xCBF4_3926);
        let text = b"The quick brown fox jumps over the lazy dog";
        assert_eq!(sum(&[text]), 0x414F_A339);
        let (mut left, mut right) = (Hasher::new(), Hasher::new());
        left.update(&text[..17]);
        right.update(&text[17..]);
        left.combine(&right);
        assert_eq!(left.finalize(), 0x414F_A339);
    }
}
