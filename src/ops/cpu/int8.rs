//! `x W^T` in integers: weights in their codes, each row of `x` in 7 bits between its own smallest and largest number.

use super::{
    integer_lanes::{self as integers, dot, to_floats},
    lanes::{Lanes, load, multiply_add, store, zero},
};

/// Rows of `x` in a tile.
const ROWS: usize = 4;
/// Outputs in a tile: two registers.
const OUTPUTS: usize = 8;
/// Depth of one word: a dot product takes four bytes at a time.
const WORD: usize = 4;
/// Largest code of `x`: the relaxed dot product is exact for 7 bits on one side.
const TOP: f32 = 127.0;

/// Weights of 8 outputs, ready for the tiles.
pub(super) struct Panel {
    /// `[inputs / 4][8]`: four codes of an output in a word.
    words: Vec<[u32; OUTPUTS]>,
    /// `[groups][8]`.
    scales: Vec<[f32; OUTPUTS]>,
    /// What a row of ones would give: `sum of code * scale`.
    sums: [f32; OUTPUTS],
    /// Words of a group.
    group: usize,
}

impl Panel {
    /// An empty panel for rows of `inputs` codes in groups of `group`, both multiples of 4.
    pub(super) fn new(inputs: usize, group: usize) -> Self {
        Self {
            words: vec![[0; OUTPUTS]; inputs / WORD],
            scales: vec![[0.0; OUTPUTS]; inputs / group],
            sums: [0.0; OUTPUTS],
            group: group / WORD,
        }
    }

    /// Puts the codes and scales of one output in place `output`.
    pub(super) fn set(&mut self, output: usize, codes: &[i8], scales: impl Iterator<Item = f32>) {
        let (words, _) = codes.as_chunks::<WORD>();
        for (panel, word) in self.words.iter_mut().zip(words) {
            panel[output] = u32::from_le_bytes(word.map(|code| code as u8));
        }
        self.sums[output] = 0.0;
        let groups = codes.chunks_exact(self.group * WORD);
        for ((panel, scale), codes) in self.scales.iter_mut().zip(scales).zip(groups) {
            panel[output] = scale;
            let sum: i32 = codes.iter().map(|&code| i32::from(code)).sum();
            self.sums[output] += sum as f32 * scale;
        }
    }
}

/// Rows in 7 bits: `x = scale * (code - zero)`.
pub(super) struct Codes {
    /// For each four rows `[inputs / 4][4]`: four codes of a row in a word.
    words: Vec<[u32; ROWS]>,
    scales: Vec<f32>,
    zeros: Vec<f32>,
    /// Words of a row.
    depth: usize,
}

impl Codes {
    /// Rounds `[rows, inputs]` numbers, `inputs` a multiple of 4.
    pub(super) fn new(x: &[f32], inputs: usize) -> Self {
        let depth = inputs / WORD;
        let rows = x.chunks_exact(inputs);
        let mut codes = Self {
            words: vec![[0; ROWS]; rows.len().div_ceil(ROWS) * depth],
            scales: Vec::with_capacity(rows.len()),
            zeros: Vec::with_capacity(rows.len()),
            depth,
        };
        for (index, row) in rows.enumerate() {
            let (low, high) = range(row);
            let scale = if high > low { (high - low) / TOP } else { 1.0 };
            // A whole number, so that zero itself has a code.
            let zero = (-low / scale).round();
            let panel = &mut codes.words[index / ROWS * depth..][..depth];
            for (word, four) in panel.iter_mut().zip(row.as_chunks::<WORD>().0) {
                let bytes = four.map(|value| (value / scale + zero).round_ties_even().clamp(0.0, TOP) as u8);
                word[index % ROWS] = u32::from_le_bytes(bytes);
            }
            codes.scales.push(scale);
            codes.zeros.push(zero);
        }
        codes
    }

    /// Products of all rows with the outputs of `panel`, in columns `output..` of `y` `[rows, outputs]`.
    pub(super) fn multiply(&self, panel: &Panel, y: &mut [f32], outputs: usize, output: usize) {
        let width = OUTPUTS.min(outputs - output);
        let blocks = self.words.chunks_exact(self.depth.max(1));
        for (words, first) in blocks.zip((0..self.scales.len()).step_by(ROWS)) {
            let sums = tile(words, panel);
            let rows = self.scales[first..].iter().zip(&self.zeros[first..]).zip(sums);
            for (row, ((scale, zero), sums)) in rows.enumerate() {
                let y = &mut y[(first + row) * outputs + output..][..width];
                for ((y, sum), ones) in y.iter_mut().zip(sums).zip(panel.sums) {
                    *y = scale * (sum - zero * ones);
                }
            }
        }
    }
}

fn range(row: &[f32]) -> (f32, f32) {
    // Zero lies within, as the outputs of a zero row have to be exact.
    row.iter().fold((0.0, 0.0), |(low, high), &value| {
        (
            if value < low { value } else { low },
            if value > high { value } else { high },
        )
    })
}

/// `sum of scale * (codes of a row) * (codes of an output)` for four rows and eight outputs.
#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
fn tile(rows: &[[u32; ROWS]], panel: &Panel) -> [[f32; OUTPUTS]; ROWS] {
    let mut sums: [[Lanes; 2]; ROWS] = [[zero(); 2]; ROWS];
    let groups = rows
        .chunks_exact(panel.group)
        .zip(panel.words.chunks_exact(panel.group));
    for ((rows, weights), scales) in groups.zip(&panel.scales) {
        let mut counts = [[integers::zero(); 2]; ROWS];
        for (row, weights) in rows.iter().zip(weights) {
            let ([left, right], _) = weights.as_chunks::<4>() else {
                continue;
            };
            let (left, right) = (integers::load(left), integers::load(right));
            for (count, &word) in counts.iter_mut().zip(row) {
                let word = integers::splat(word);
                count[0] = dot(left, word, count[0]);
                count[1] = dot(right, word, count[1]);
            }
        }
        let ([left, right], _) = scales.as_chunks::<4>() else {
            continue;
        };
        let (left, right) = (load(left), load(right));
        for (sum, count) in sums.iter_mut().zip(counts) {
            sum[0] = multiply_add(to_floats(count[0]), left, sum[0]);
            sum[1] = multiply_add(to_floats(count[1]), right, sum[1]);
        }
    }
    sums.map(|[left, right]| {
        let mut row = [0.0; OUTPUTS];
        row[..4].copy_from_slice(&store(left));
        row[4..].copy_from_slice(&store(right));
        row
    })
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn integers_give_what_their_codes_mean(
            rows in 1usize..10, outputs in 1usize..20, groups in 1usize..4, words in 1usize..9,
            seed in any::<u64>(), values in vec(-3.0f32..5.0, 10 * 3 * 9 * 4),
        ) {
            let (group, inputs) = (4 * words, 4 * words * groups);
            let x = &values[..rows * inputs];
            let mut state = seed;
            let mut random = move || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) as u32
            };
            let codes: Vec<i8> = (0..outputs * inputs).map(|_| random() as i8).collect();
            let scales: Vec<f32> = (0..outputs * groups).map(|_| (random() % 199) as f32 / 1e4 - 0.01).collect();
            let quantized = Codes::new(x, inputs);
            let mut found = vec![f32::NAN; rows * outputs];
            let mut panel = Panel::new(inputs, group);
            for first in (0..outputs).step_by(OUTPUTS) {
                for output in first..outputs.min(first + OUTPUTS) {
                    let scales = scales[output * groups..][..groups].iter().copied();
                    panel.set(output - first, &codes[output * inputs..][..inputs], scales);
                }
                quantized.multiply(&panel, &mut found, outputs, first);
            }
            for row in 0..rows {
                let x = &x[row * inputs..][..inputs];
                let (low, high) = x.iter().fold((0.0f32, 0.0f32), |(l, h), &v| (l.min(v), h.max(v)));
                let step = f64::from(high - low) / 127.0;
                for output in 0..outputs {
                    let weight = |i: usize| f64::from(codes[output * inputs + i]) * f64::from(scales[output * groups + i / group]);
                    let exact: f64 = (0..inputs).map(|i| weight(i) * f64::from(x[i])).sum();
                    // Each number of x is off by half a step, at the ends of its range by a whole one.
                    let bound: f64 = (0..inputs).map(|i| weight(i).abs()).sum::<f64>() * step * 1.01 + 1e-4;
                    let found = f64::from(found[row * outputs + output]);
                    prop_assert!((found - exact).abs() <= bound, "{found} {exact} {bound}");
                }
            }
        }
    }

    #[test]
    fn whole_numbers_from_0_to_127_lose_nothing() {
        let x: Vec<f32> = (0..16).map(|i| [0.0, 127.0, 3.0, 64.0][i % 4]).collect();
        let codes: Vec<i8> = (0..16).map(|i| (i * 16 - 120) as i8).collect();
        let mut panel = Panel::new(16, 8);
        panel.set(0, &codes, [0.5, -2.0].into_iter());
        let mut y = [0.0];
        Codes::new(&x, 16).multiply(&panel, &mut y, 1, 0);
        let expected: f32 = (0..16)
            .map(|i| x[i] * f32::from(codes[i]) * if i < 8 { 0.5 } else { -2.0 })
            .sum();
        assert_eq!(y[0], expected);
    }
}
