//! LayerNorm of rows, two passes over each: its mean and variance, and what becomes of its numbers.

use super::lanes::{Lanes, add, load, multiply, multiply_add, splat, store};

/// `(v - mean) / sqrt(variance + epsilon) * gain + offset` of each row, in place.
///
/// # Shapes
/// - `values`: `[rows, width]`, `gain` and `offset`: `[width]`
#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
#[inline(never)]
pub fn layer_norm(mut values: Vec<f32>, gain: &[f32], offset: &[f32], epsilon: f32) -> Vec<f32> {
    let width = gain.len();
    let (gains, last_gains) = gain.as_chunks::<4>();
    let (offsets, last_offsets) = offset.as_chunks::<4>();
    for row in values.chunks_exact_mut(width.max(1)) {
        let mean = sum(row, |v| v, |v| v) / width as f32;
        // About the mean: the difference of two large sums would lose the digits of a small variance.
        let below = splat(-mean);
        let squares = sum(row, |v| square(add(v, below)), |v| (v - mean) * (v - mean));
        let factor = (squares / width as f32 + epsilon).sqrt().recip();
        let (fours, rest) = row.as_chunks_mut::<4>();
        for ((four, gain), offset) in fours.iter_mut().zip(gains).zip(offsets) {
            let scaled = multiply(add(load(four), below), splat(factor));
            *four = store(multiply_add(scaled, load(gain), load(offset)));
        }
        for ((value, gain), offset) in rest.iter_mut().zip(last_gains).zip(last_offsets) {
            *value = (*value - mean) * factor * gain + offset;
        }
    }
    values
}

#[inline(always)]
fn square(v: Lanes) -> Lanes {
    multiply(v, v)
}

/// The sum of `f` of each number, four by four and for the last ones by `single`.
#[inline(always)]
fn sum(row: &[f32], f: impl Fn(Lanes) -> Lanes, single: impl Fn(f32) -> f32) -> f32 {
    let (fours, rest) = row.as_chunks::<4>();
    let sums = fours.iter().fold(splat(0.0), |sum, four| add(sum, f(load(four))));
    let rest: f32 = rest.iter().map(|&value| single(value)).sum();
    store(sums).iter().sum::<f32>() + rest
}
