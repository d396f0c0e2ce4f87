//! `x W^T` in whole numbers: weights in their codes, and each group of a row of `x` in codes of 7 or 15 bits between its own
//! smallest and largest number. A group is as long as the weights' own, so that all products of a group share one scale.
//!
//! With `x = low + step c` and `w = scale k`, a group adds `scale step (sum of c k) + low scale (sum of k)` to a sum.

use super::{
    integer_lanes::{self as integers, BYTES, SHORTS, dot, put_codes, to_floats, word},
    lanes::{add, load, maximum, minimum, multiply, multiply_add, nearest, splat, store},
    linear::Dense,
    rows::{for_each_row, share},
    sums::{Epilogue, OUTPUTS, Part, ROWS, Sums, halves},
};

/// Neighbours in a row of `x` that share a scale, where the weights' groups are made of such.
const GROUP: usize = 64;

/// A matrix `[rows, columns]` in codes of at most 8 bits: `weight = code * scale`.
pub trait Codes: Sync {
    /// `[rows, columns]`.
    fn shape(&self) -> [usize; 2];

    /// How many neighbours in a row share a scale.
    fn group(&self) -> usize;

    /// The codes of a row.
    fn codes(&self, row: usize, codes: &mut [i8]);

    /// The scale of a row's codes around `column`.
    fn scale(&self, row: usize, column: usize) -> f32;
}

/// Neighbours that share scales on both sides, for weights in groups of `group`; none if these products do not suit them: the
/// tiles read words of four, short groups cost more than they save, and sums of long ones do not fit 32 bits.
pub fn span(group: usize) -> Option<usize> {
    if group.is_multiple_of(GROUP) {
        return Some(GROUP);
    }
    (group.is_multiple_of(4) && (GROUP / 2..4 * GROUP).contains(&group)).then_some(group)
}

/// `activation(onto + x W^T + bias)` with `x` rounded to codes of 7 bits, by the relaxed dot product of bytes.
///
/// # Shapes
/// - `x`: `[rows, inputs]`, `weight`: `[outputs, inputs]`, `onto`: `[rows, outputs]`, `bias`: `[outputs]`
/// - output: `[rows, outputs]`, row-major
///
/// # Errors
/// Gives the epilogue back if there is no [`span`] for the weights' groups.
#[inline(never)]
pub fn multiply_in_7_bits(x: &Dense<'_>, weight: &dyn Codes, epilogue: Epilogue) -> Result<Vec<f32>, Epilogue> {
    multiply_rounded::<BYTES>(x, weight, epilogue)
}

/// The same with codes of 15 bits, by the dot product of 16 bits that every browser has.
///
/// # Errors
/// As there.
#[inline(never)]
pub fn multiply_in_15_bits(x: &Dense<'_>, weight: &dyn Codes, epilogue: Epilogue) -> Result<Vec<f32>, Epilogue> {
    multiply_rounded::<SHORTS>(x, weight, epilogue)
}

fn multiply_rounded<const WORD: usize>(
    x: &Dense<'_>,
    weight: &dyn Codes,
    mut epilogue: Epilogue,
) -> Result<Vec<f32>, Epilogue> {
    let ([rows, inputs], [outputs, _]) = (x.shape, weight.shape());
    let Some(span) = span(weight.group()) else {
        return Err(epilogue);
    };
    let onto = epilogue.onto.take();
    let added = onto.is_some();
    let mut y = onto.unwrap_or_else(|| vec![0.0; rows * outputs]);
    let share = share(rows, ROWS, rows * inputs * outputs);
    for_each_row(&mut y, share * outputs, |index, y| {
        let x = &x.values[index * share * inputs..][..y.len() / outputs * inputs];
        let codes = Rounded::<WORD>::new(x, inputs, span);
        // Each thread packs all weights for itself, which takes a twentieth of the time that one has for all rows.
        let mut panel = Panel::<WORD>::new(inputs, span);
        for output in (0..outputs).step_by(OUTPUTS) {
            panel.pack(weight, output);
            codes.multiply(&panel, y, outputs, epilogue.of(output, added));
        }
    });
    Ok(y)
}

/// Weights of 8 outputs, ready for the tiles.
struct Panel<const WORD: usize> {
    /// `[inputs / WORD][8]`.
    words: Vec<[u32; OUTPUTS]>,
    /// `[groups][8]`.
    scales: Vec<[f32; OUTPUTS]>,
    /// `[groups][8]`: what ones would give, `scale (sum of k)`.
    ones: Vec<[f32; OUTPUTS]>,
    /// Codes of an output in a group.
    span: usize,
    /// The codes of one output.
    buffer: Vec<i8>,
}

impl<const WORD: usize> Panel<WORD> {
    fn new(inputs: usize, span: usize) -> Self {
        Self {
            words: vec![[0; OUTPUTS]; inputs / WORD],
            scales: vec![[0.0; OUTPUTS]; inputs / span],
            ones: vec![[0.0; OUTPUTS]; inputs / span],
            span,
            buffer: vec![0; inputs],
        }
    }

    /// Takes the 8 outputs from `first` on; what the matrix lacks is zeros.
    fn pack(&mut self, weight: &dyn Codes, first: usize) {
        let [outputs, _] = weight.shape();
        for place in 0..OUTPUTS {
            let output = first + place;
            if output < outputs {
                weight.codes(output, &mut self.buffer);
            } else {
                self.buffer.fill(0);
            }
            let (codes, _) = self.buffer.as_chunks::<WORD>();
            for (words, codes) in self.words.iter_mut().zip(codes) {
                words[place] = word(codes);
            }
            for (group, scales) in self.scales.iter_mut().enumerate() {
                scales[place] = if output < outputs {
                    weight.scale(output, group * self.span)
                } else {
                    0.0
                };
            }
        }
        self.sum_ones();
    }

    #[cfg_attr(
        all(target_arch = "wasm32", feature = "relaxed-simd"),
        target_feature(enable = "relaxed-simd")
    )]
    fn sum_ones(&mut self) {
        let one = integers::splat(word(&[1; WORD]));
        let groups = self.words.chunks_exact(self.span / WORD);
        for ((ones, words), scales) in self.ones.iter_mut().zip(groups).zip(&self.scales) {
            let mut counts = [integers::zero(); 2];
            for words in words {
                let [left, right] = word_halves(words);
                counts = [dot::<WORD>(left, one, counts[0]), dot::<WORD>(right, one, counts[1])];
            }
            let scales = halves(scales);
            ones[..4].copy_from_slice(&store(multiply(to_floats(counts[0]), scales[0])));
            ones[4..].copy_from_slice(&store(multiply(to_floats(counts[1]), scales[1])));
        }
    }
}

/// Rows in codes.
struct Rounded<const WORD: usize> {
    /// For each four rows `[inputs / WORD][4]`.
    words: Vec<[u32; ROWS]>,
    /// For each four rows `[groups][4]`: the step from a code to the next, and the number whose code is 0.
    steps: Vec<[[f32; ROWS]; 2]>,
    /// Words of a row, and of a group in it.
    depth: usize,
    span: usize,
}

impl<const WORD: usize> Rounded<WORD> {
    /// The highest code: the relaxed dot product is exact for 7 bits on one side.
    const TOP: f32 = if WORD == BYTES { 127.0 } else { 32767.0 };

    fn new(x: &[f32], inputs: usize, span: usize) -> Self {
        let (depth, groups) = (inputs / WORD, inputs / span);
        let fours = (x.len() / inputs).div_ceil(ROWS);
        let mut codes = Self {
            words: vec![[0; ROWS]; fours * depth],
            steps: vec![[[0.0; ROWS]; 2]; fours * groups],
            depth,
            span: span / WORD,
        };
        let panels = codes
            .words
            .chunks_exact_mut(depth)
            .zip(codes.steps.chunks_exact_mut(groups));
        for ((words, steps), rows) in panels.zip(x.chunks(ROWS * inputs)) {
            for (place, row) in rows.chunks_exact(inputs).enumerate() {
                let words = words.chunks_exact_mut(span / WORD);
                for ((group, words), steps) in row.chunks_exact(span).zip(words).zip(steps.iter_mut()) {
                    [steps[0][place], steps[1][place]] = Self::round(group, words, place);
                }
            }
        }
        codes
    }

    /// Puts the codes of a group in place `row` of its words; gives the step and the number whose code is 0.
    fn round(group: &[f32], words: &mut [[u32; ROWS]], row: usize) -> [f32; 2] {
        /// The reciprocal of a smaller step would not be finite.
        const SMALLEST: f32 = 1e-30;
        let (fours, _) = group.as_chunks::<4>();
        let Some(first) = fours.first().map(load) else {
            return [0.0; 2];
        };
        let (low, high) = fours.iter().fold((first, first), |(low, high), four| {
            (minimum(low, load(four)), maximum(high, load(four)))
        });
        let [low, high] = [store(low), store(high)];
        let low = low.into_iter().fold(low[0], |a, b| if b < a { b } else { a });
        let high = high.into_iter().fold(high[0], |a, b| if b > a { b } else { a });
        let step = (high - low) / Self::TOP;
        let reciprocal = if step > SMALLEST { 1.0 / step } else { 0.0 };
        for (four, words) in fours.iter().zip(words.chunks_exact_mut(4 / WORD)) {
            let above = add(load(four), splat(-low));
            put_codes::<WORD, ROWS>(nearest(multiply(above, splat(reciprocal))), words, row);
        }
        [step, low]
    }

    /// Products of all rows with a panel of weights, in its columns of `y` `[rows, outputs]`.
    #[cfg_attr(
        all(target_arch = "wasm32", feature = "relaxed-simd"),
        target_feature(enable = "relaxed-simd")
    )]
    fn multiply(&self, panel: &Panel<WORD>, y: &mut [f32], outputs: usize, part: Part) {
        let groups = panel.scales.len();
        let panels = self.words.chunks_exact(self.depth).zip(self.steps.chunks_exact(groups));
        for ((words, steps), y) in panels.zip(y.chunks_mut(ROWS * outputs)) {
            let sums = self.accumulate(words, steps, panel, part.start(y, outputs));
            part.store(sums, y, outputs);
        }
    }

    /// Adds to the sums of 4 rows and 8 outputs their products.
    #[cfg_attr(
        all(target_arch = "wasm32", feature = "relaxed-simd"),
        target_feature(enable = "relaxed-simd")
    )]
    #[inline]
    fn accumulate(
        &self,
        words: &[[u32; ROWS]],
        steps: &[[[f32; ROWS]; 2]],
        panel: &Panel<WORD>,
        mut sums: Sums,
    ) -> Sums {
        let groups = words.chunks_exact(self.span).zip(panel.words.chunks_exact(self.span));
        let scales = steps.iter().zip(panel.scales.iter().zip(&panel.ones));
        for ((codes, weights), ([steps, lows], (scales, ones))) in groups.zip(scales) {
            let mut counts = [[integers::zero(); 2]; ROWS];
            for (codes, weights) in codes.iter().zip(weights) {
                let [left, right] = word_halves(weights);
                for (count, &code) in counts.iter_mut().zip(codes) {
                    let code = integers::splat(code);
                    count[0] = dot::<WORD>(left, code, count[0]);
                    count[1] = dot::<WORD>(right, code, count[1]);
                }
            }
            let (scales, ones) = (halves(scales), halves(ones));
            for (row, (sum, count)) in sums.iter_mut().zip(counts).enumerate() {
                let (step, low) = (splat(steps[row]), splat(lows[row]));
                for half in 0..2 {
                    sum[half] = multiply_add(low, ones[half], sum[half]);
                    sum[half] = multiply_add(to_floats(count[half]), multiply(step, scales[half]), sum[half]);
                }
            }
        }
        sums
    }
}

/// Eight words in two registers.
#[inline(always)]
fn word_halves(words: &[u32; OUTPUTS]) -> [integers::Integers; 2] {
    match words.as_chunks::<4>() {
        ([left, right], _) => [integers::load(left), integers::load(right)],
        _ => [integers::zero(); 2],
    }
}
