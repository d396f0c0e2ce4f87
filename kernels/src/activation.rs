//! Activations: what a layer ends with, and the same in place.

use super::{
    exp::exp,
    lanes::{Lanes, add, clamp, divide, load, multiply_add, splat, store},
    rows::for_each_row,
};

/// The function that a layer ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Activation {
    /// `v`
    #[default]
    None,
    /// `min(max(v, 0), 6)`
    Relu6,
    /// `v * sigmoid(1.702 v)`
    QuickGelu,
}

/// Adds `bias` to each row of `values` and brings the sums between 0 and 6.
#[inline(never)]
pub fn bias_relu6(values: &mut [f32], bias: &[f32]) {
    /// Rows that are worth a thread's attention.
    const ROWS: usize = 256;
    for_each_row(values, ROWS * bias.len(), |_, rows| {
        for row in rows.chunks_exact_mut(bias.len().max(1)) {
            let (fours, rest) = row.as_chunks_mut::<4>();
            let (biases, last) = bias.as_chunks::<4>();
            for (four, bias) in fours.iter_mut().zip(biases) {
                *four = store(clamp(add(load(four), load(bias)), 0.0, 6.0));
            }
            for (value, bias) in rest.iter_mut().zip(last) {
                *value = (*value + bias).clamp(0.0, 6.0);
            }
        }
    });
}

/// The gradient before ReLU6 for the gradient after it: that of the outputs that are neither 0 nor 6. With it the bias's, the sum
/// over all rows, which are summed in blocks: one long sum would lose digits.
#[cfg(feature = "gradients")]
pub fn relu6_gradient(gradient: &[f32], out: &[f32], channels: usize) -> (Vec<f32>, Vec<f32>) {
    use rayon::prelude::*;
    let block = 256 * channels.max(1);
    let mut before = vec![0.0; out.len()];
    let parts: Vec<Vec<f32>> = before
        .par_chunks_mut(block)
        .zip(gradient.par_chunks(block).zip(out.par_chunks(block)))
        .map(|(before, (gradient, out))| {
            let mut sums = vec![0.0_f32; channels];
            let rows = gradient.chunks_exact(channels).zip(out.chunks_exact(channels));
            for (before, (gradient, out)) in before.chunks_exact_mut(channels).zip(rows) {
                for (((before, gradient), out), sum) in before.iter_mut().zip(gradient).zip(out).zip(&mut sums) {
                    // `&` and a number that is loaded in any case: no branches, so that it becomes vector instructions.
                    let (gradient, inside) = (*gradient, (*out > 0.0) & (*out < 6.0));
                    *before = if inside { gradient } else { 0.0 };
                    *sum += *before;
                }
            }
            sums
        })
        .collect();
    let mut bias = vec![0.0; channels];
    for part in parts {
        for (bias, part) in bias.iter_mut().zip(part) {
            *bias += part;
        }
    }
    (before, bias)
}

/// `v * sigmoid(1.702 v)` for each number.
#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
#[inline(never)]
pub fn quick_gelu(values: &mut [f32]) {
    let (fours, rest) = values.as_chunks_mut::<4>();
    for four in fours {
        *four = store(single(load(four)));
    }
    let mut last = [0.0; 4];
    last[..rest.len()].copy_from_slice(rest);
    rest.copy_from_slice(&store(single(load(&last)))[..rest.len()]);
}

#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
fn single(v: Lanes) -> Lanes {
    let mut v = [v];
    gelu(&mut v);
    v[0]
}

/// The same of some registers. Apart, as its length would keep its callers from being parts of the loops that call them.
#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
#[inline(never)]
pub(super) fn gelu(values: &mut [Lanes]) {
    for v in values {
        let e = exp(multiply_add(*v, splat(-1.702), splat(0.0)));
        *v = divide(*v, add(e, splat(1.0)));
    }
}
