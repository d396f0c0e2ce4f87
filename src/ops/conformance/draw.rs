//! Random numbers that are the same everywhere.

use super::oracle::Rows;

/// SplitMix64.
pub struct Draw(u64);

impl Draw {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// `low` to `high`, both of them included.
    pub fn size(&mut self, low: usize, high: usize) -> usize {
        low + (self.next() % (high - low + 1) as u64) as usize
    }

    pub fn flag(&mut self) -> bool {
        self.size(0, 1) == 1
    }

    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }

    /// Between -1 and 1.
    pub fn numbers(&mut self, count: usize) -> Vec<f32> {
        let number = |bits: u64| (bits >> 40) as f32 / (1 << 23) as f32 - 1.0;
        (0..count).map(|_| number(self.next())).collect()
    }

    pub fn rows(&mut self, rows: usize, width: usize) -> Rows {
        Rows {
            values: self.numbers(rows * width),
            width,
        }
    }

    /// What is added to scores: nothing, or what stands for minus infinity; never of a whole row.
    pub fn mask(&mut self, queries: usize, tokens: usize) -> Rows {
        let values = (0..queries * tokens).map(|at| match at % tokens == 0 || self.flag() {
            true => 0.0,
            false => -1e9,
        });
        Rows {
            values: values.collect(),
            width: tokens,
        }
    }
}
