//! Sums along an axis, and what is made of the sums of rows: softmax and normalised rows.

use crate::FlexTensor;

/// Partial sums that are kept side by side, so that they are added in SIMD registers.
const LANES: usize = 4;

/// The sum of `f` of each number.
fn sum(row: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let (chunks, rest) = row.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for chunk in chunks {
        for (sum, &value) in sums.iter_mut().zip(chunk) {
            *sum += f(value);
        }
    }
    let [a, b, c, d] = sums;
    rest.iter().fold((a + b) + (c + d), |sum, &value| sum + f(value))
}

/// Sums along `axis`, which becomes one of length 1.
pub(crate) fn sum_along(tensor: &FlexTensor, axis: usize) -> FlexTensor {
    let mut shape = tensor.layout().shape().clone();
    let (length, inner) = (shape[axis], shape[axis + 1..].iter().product::<usize>());
    shape[axis] = 1;
    let mut sums = Vec::with_capacity(shape.iter().product());
    for block in tensor.values().chunks_exact((length * inner).max(1)) {
        if inner == 1 {
            sums.push(sum(block, |value| value));
            continue;
        }
        let begin = sums.len();
        sums.resize(begin + inner, 0.0);
        for row in block.chunks_exact(inner) {
            for (sum, &value) in sums[begin..].iter_mut().zip(row) {
                *sum += value;
            }
        }
    }
    FlexTensor::new(sums, shape)
}

/// `exp(x)` of each row, over its sum.
pub(crate) fn softmax(tensor: &FlexTensor) -> FlexTensor {
    let mut values = tensor.values().to_vec();
    let length = tensor.sides().last().copied().unwrap_or(1);
    for row in values.chunks_exact_mut(length.max(1)) {
        let top = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut sum = 0.0;
        for value in row.iter_mut() {
            *value = (*value - top).exp();
            sum += *value;
        }
        let factor = 1.0 / sum;
        for value in row {
            *value *= factor;
        }
    }
    FlexTensor::new(values, tensor.layout().shape().clone())
}

/// Each row less its mean, over its deviation, times `gain`, plus `shift`.
pub(crate) fn normalize(tensor: &FlexTensor, gain: &[f32], shift: &[f32], epsilon: f32) -> FlexTensor {
    let mut values = Vec::with_capacity(tensor.values().len());
    for row in tensor.values().chunks_exact(gain.len().max(1)) {
        let count = row.len() as f32;
        let mean = sum(row, |value| value) / count;
        let variance = sum(row, |value| (value - mean) * (value - mean)) / count;
        let factor = 1.0 / (variance + epsilon).sqrt();
        let weights = gain.iter().zip(shift);
        values.extend(
            row.iter()
                .zip(weights)
                .map(|(&value, (&gain, &shift))| (value - mean) * (factor * gain) + shift),
        );
    }
    FlexTensor::new(values, tensor.layout().shape().clone())
}
