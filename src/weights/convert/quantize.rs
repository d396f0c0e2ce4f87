//! Weights to codes: the scale of each group is the one of least squared error that a search over clipping and sign,
//! refined by least squares, finds. It is never worse than rounding to the nearest of the largest weight's scale.

use half::f16;
use rayon::prelude::*;

/// How many clipping factors are tried for each sign.
const FACTORS: u32 = 12;
/// How often codes and scale are fitted to each other at the end.
const REFITS: usize = 3;
/// `(x + ROUND) - ROUND` is `x` rounded to a whole number, ties to even, for any `|x|` below 2^22; unlike
/// `f32::round_ties_even` it needs no instruction that the oldest x86-64 lacks.
const ROUND: f32 = 12_582_912.0;
/// Sums that a group's error is added up in, so that the compiler can use vectors.
const LANES: usize = 8;

/// How numbers become codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coding {
    /// Bits of a code, 2 to 8.
    pub bits: u32,
    /// Neighbouring weights that share a scale.
    pub group: usize,
    /// Whether scales are stored as F16; they are rounded before the codes are chosen.
    pub half_scales: bool,
}

/// Rows of quantised weights.
pub struct Quantized {
    /// `[rows, in]`.
    pub codes: Vec<i8>,
    /// `[rows, in / group]`.
    pub scales: Vec<f32>,
    /// Sum over all weights of the squared difference to what the codes stand for.
    pub squared_error: f64,
}

impl Coding {
    fn range(self) -> (f32, f32) {
        let half = (1u32 << (self.bits - 1)) as f32;
        (-half, half - 1.0)
    }

    /// A scale as it is stored: never zero, never infinite.
    fn stored(self, scale: f32) -> f32 {
        let least = if self.half_scales {
            f16::MIN_POSITIVE_SUBNORMAL.to_f32()
        } else {
            f32::MIN_POSITIVE
        };
        let most = if self.half_scales { f16::MAX.to_f32() } else { f32::MAX };
        let scale = scale.abs().clamp(least, most).copysign(scale);
        if self.half_scales {
            f16::from_f32(scale).to_f32()
        } else {
            scale
        }
    }

    /// The scale that takes the largest weight to the largest code: plain rounding.
    pub fn plain_scale(self, weights: &[f32]) -> f32 {
        let largest = weights.iter().fold(0f32, |largest, weight| largest.max(weight.abs()));
        if largest == 0.0 {
            return 1.0;
        }
        self.stored(largest / self.range().1)
    }

    /// The scale of a group with the least squared error found, and that error.
    pub fn best_scale(self, weights: &[f32]) -> (f32, f32) {
        let largest = weights.iter().fold(0f32, |largest, weight| largest.max(weight.abs()));
        if largest == 0.0 {
            return (1.0, 0.0);
        }
        let (low, high) = self.range();
        let plain = self.plain_scale(weights);
        let mut best = (plain, self.error(weights, plain));
        let mut consider = |scale: f32| {
            let scale = self.stored(scale);
            let error = self.error(weights, scale);
            if error < best.1 {
                best = (scale, error);
            }
        };
        // Fewer codes lie better when the rare large weights are clipped; at 8 bits hardly anything is gained by it.
        let (least, most) = (1.0 - 1.3 / self.bits as f32, -low / high);
        for step in 0..FACTORS {
            let factor = least + (most - least) * step as f32 / (FACTORS - 1) as f32;
            let scale = largest * factor / -low;
            consider(scale);
            consider(-scale);
        }
        for _ in 0..REFITS {
            let (scale, error) = best;
            let (mut products, mut squares) = (0f32, 0f32);
            for &weight in weights {
                let code = self.code(weight, scale);
                products += weight * code;
                squares += code * code;
            }
            if squares == 0.0 {
                break;
            }
            let refitted = self.stored(products / squares);
            let refitted_error = self.error(weights, refitted);
            if refitted_error >= error {
                break;
            }
            best = (refitted, refitted_error);
        }
        best
    }

    fn code(self, weight: f32, scale: f32) -> f32 {
        let (low, high) = self.range();
        // The clamp comes first, so that the rounding trick holds for any weight.
        ((weight / scale).clamp(low, high) + ROUND) - ROUND
    }

    fn error(self, weights: &[f32], scale: f32) -> f32 {
        let (low, high) = self.range();
        let inverse = 1.0 / scale;
        let squared = |weight: f32| {
            let code = ((weight * inverse).max(low).min(high) + ROUND) - ROUND;
            let error = weight - code * scale;
            error * error
        };
        let (chunks, rest) = weights.as_chunks::<LANES>();
        let mut sums = [0f32; LANES];
        for chunk in chunks {
            for (sum, &weight) in sums.iter_mut().zip(chunk) {
                *sum += squared(weight);
            }
        }
        sums.iter().sum::<f32>() + rest.iter().map(|&weight| squared(weight)).sum::<f32>()
    }

    /// Quantises rows of `inputs` weights; rows are independent of each other.
    pub fn quantize(self, weights: &[f32], inputs: usize) -> Quantized {
        self.with_scales(weights, inputs, |group| self.best_scale(group).0)
    }

    /// The same with plain rounding: what every other scheme is measured against.
    pub fn quantize_plainly(self, weights: &[f32], inputs: usize) -> Quantized {
        self.with_scales(weights, inputs, |group| self.plain_scale(group))
    }

    fn with_scales(self, weights: &[f32], inputs: usize, scale_of: impl Fn(&[f32]) -> f32 + Sync) -> Quantized {
        let rows: Vec<(Vec<i8>, Vec<f32>, f64)> = weights
            .par_chunks(inputs.max(1))
            .map(|row| {
                let mut codes = Vec::with_capacity(row.len());
                let mut scales = Vec::with_capacity(row.len() / self.group.max(1));
                let mut error = 0.0;
                for group in row.chunks(self.group.max(1)) {
                    let scale = scale_of(group);
                    scales.push(scale);
                    for &weight in group {
                        let code = self.code(weight, scale);
                        error += f64::from(weight - code * scale).powi(2);
                        codes.push(code as i8);
                    }
                }
                (codes, scales, error)
            })
            .collect();
        let mut all = Quantized {
            codes: Vec::with_capacity(weights.len()),
            scales: Vec::with_capacity(weights.len() / self.group.max(1)),
            squared_error: 0.0,
        };
        // Added up in the order of the rows: the same sum on any number of threads.
        for (codes, scales, error) in rows {
            all.codes.extend(codes);
            all.scales.extend(scales);
            all.squared_error += error;
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn coding(bits: u32, half_scales: bool) -> Coding {
        Coding {
            bits,
            group: 64,
            half_scales,
        }
    }

    proptest! {
        #[test]
        fn the_error_is_never_above_that_of_plain_rounding(
            weights in vec(-1f32..1.0, 64), exponent in -20i32..10, bits in 2u32..=8, half in any::<bool>()
        ) {
            let weights: Vec<f32> = weights.iter().map(|weight| weight.powi(3) * 2f32.powi(exponent)).collect();
            let coding = coding(bits, half);
            let plain = coding.error(&weights, coding.plain_scale(&weights));
            let (scale, error) = coding.best_scale(&weights);
            prop_assert!(error <= plain, "{error} > {plain}");
            prop_assert!(scale.is_finite() && scale != 0.0);
            prop_assert!(!half || f16::from_f32(scale).to_f32() == scale, "{scale} is no f16");
        }

        #[test]
        fn codes_stay_in_their_range(weights in vec(any::<f32>().prop_filter("finite", |w| w.is_finite()), 64),
            bits in 2u32..=8) {
            let quantized = coding(bits, false).quantize(&weights, 64);
            let (low, high) = (-(1i16 << (bits - 1)), (1i16 << (bits - 1)) - 1);
            prop_assert!(quantized.codes.iter().all(|&code| (low..=high).contains(&i16::from(code))));
            prop_assert!(quantized.scales.iter().all(|&scale| scale.is_finite() && scale != 0.0));
        }
    }

    #[test]
    fn a_group_of_zeros_is_exact_and_has_a_scale() {
        let quantized = coding(4, true).quantize(&[0.0; 64], 64);
        assert_eq!((quantized.squared_error, quantized.scales), (0.0, vec![1.0]));
    }

    #[test]
    fn the_sign_of_a_scale_gives_the_longer_side_to_the_larger_weight() {
        // Two bits are -2, -1, 0, 1: 2 and -1 are both exact, but only under a negative scale.
        let mut weights = [0f32; 64];
        (weights[0], weights[1]) = (2.0, -1.0);
        let quantized = coding(2, true).quantize(&weights, 64);
        assert_eq!((quantized.squared_error, quantized.scales), (0.0, vec![-1.0]));
    }
}
