//! Activations in place: QuickGELU, and ReLU6 after a bias.

use super::{
    exp::exp,
    lanes::{Lanes, add, clamp, divide, load, multiply_add, splat, store},
    rows::for_each_row,
};

/// Adds `bias` to each row of `values` and brings the sums between 0 and 6.
pub(super) fn bias_relu6(values: &mut [f32], bias: &[f32]) {
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
#[cfg(feature = "train")]
pub(super) fn relu6_gradient(gradient: &[f32], out: &[f32], channels: usize) -> (Vec<f32>, Vec<f32>) {
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
                    *before = if *out > 0.0 && *out < 6.0 { *gradient } else { 0.0 };
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
pub(super) fn quick_gelu(values: &mut [f32]) {
    let (fours, rest) = values.as_chunks_mut::<4>();
    for four in fours {
        *four = store(gelu(load(four)));
    }
    let mut last = [0.0; 4];
    last[..rest.len()].copy_from_slice(rest);
    rest.copy_from_slice(&store(gelu(load(&last)))[..rest.len()]);
}

#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
#[inline]
pub(super) fn gelu(v: Lanes) -> Lanes {
    let e = exp(multiply_add(v, splat(-1.702), splat(0.0)));
    divide(v, add(e, splat(1.0)))
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor, TensorData};
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::ops::reference;

    proptest! {
        #[test]
        fn it_gives_what_plain_burn_gives(values in vec(-60.0f32..60.0, 1..40)) {
            let data = TensorData::new(values.clone(), [values.len()]);
            let expected = reference::quick_gelu(Tensor::<1>::from_data(data, &Device::flex()));
            let expected = expected.into_data().try_into_vec::<f32>().expect("f32");
            let mut found = values;
            quick_gelu(&mut found);
            for (found, expected) in found.iter().zip(&expected) {
                prop_assert!((found - expected).abs() <= 1e-6 * expected.abs().max(1.0), "{found} {expected}");
            }
        }
    }
}
