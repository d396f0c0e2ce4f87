//! Batch normalisation of rows, for training (Ioffe and Szegedy, 2015): each channel gets mean 0 and variance 1 over all rows of a
//! batch, then a gain and an offset; ReLU6 may follow.

use rayon::prelude::*;

/// Added to variances, as the published weights of EfficientNet-Lite expect it.
pub const EPSILON: f32 = 1e-3;

/// Rows that are summed in single precision.
const BLOCK: usize = 256;

/// What normalises each channel.
#[derive(Debug, Clone, Copy)]
pub struct BatchNorm<'a> {
    /// Means of the channels, then their variances: `[2 * channels]`.
    pub moments: &'a [f32],
    /// `[channels]`.
    pub gain: &'a [f32],
    /// `[channels]`.
    pub offset: &'a [f32],
    /// Whether ReLU6 follows.
    pub relu6: bool,
}

/// Means and variances of the channels of `[rows, channels]`: `[2 * channels]`. Blocks of rows are added in their order, whatever the
/// threads do.
pub fn moments(x: &[f32], channels: usize) -> Vec<f32> {
    let channels = channels.max(1);
    let rows = (x.len() / channels).max(1) as f64;
    let sums = sum_blocks(x, channels, |sums, row| {
        let (first, second) = sums.split_at_mut(channels);
        for ((first, second), x) in first.iter_mut().zip(second).zip(row) {
            *first += x;
            *second += x * x;
        }
    });
    let (means, squares) = sums.split_at(channels);
    let means = means.iter().map(|sum| sum / rows);
    let variances = squares
        .iter()
        .zip(means.clone())
        .map(|(sum, mean)| sum / rows - mean * mean);
    means
        .clone()
        .chain(variances.map(|variance| variance.max(0.0)))
        .map(|value| value as f32)
        .collect()
}

impl BatchNorm<'_> {
    /// `[rows, channels]` → the same.
    pub fn forward(&self, x: &[f32]) -> Vec<f32> {
        let channels = self.gain.len().max(1);
        let (scale, shift) = self.line();
        let ceiling = if self.relu6 { 6.0 } else { f32::INFINITY };
        let floor = if self.relu6 { 0.0 } else { f32::NEG_INFINITY };
        let mut out = vec![0.0; x.len()];
        out.par_chunks_mut(BLOCK * channels)
            .zip(x.par_chunks(BLOCK * channels))
            .for_each(|(out, x)| {
                for (out, x) in out.chunks_exact_mut(channels).zip(x.chunks_exact(channels)) {
                    for (((out, x), scale), shift) in out.iter_mut().zip(x).zip(&scale).zip(&shift) {
                        *out = (x * scale + shift).max(floor).min(ceiling);
                    }
                }
            });
        out
    }

    /// The gradients of input, gain and offset, for the gradient of the output. The moments are those of `x`, and follow it.
    pub fn gradient(&self, gradient: &[f32], x: &[f32]) -> [Vec<f32>; 3] {
        let channels = self.gain.len().max(1);
        let rows = (x.len() / channels).max(1) as f32;
        let (scale, shift) = self.line();
        let (means, variances) = self.moments.split_at(channels);
        let inverse: Vec<f32> = variances
            .iter()
            .map(|variance| (variance + EPSILON).sqrt().recip())
            .collect();
        let passes = |gradient: f32, x: f32, channel: usize| {
            let y = x * scale[channel] + shift[channel];
            if !self.relu6 | ((y > 0.0) & (y < 6.0)) {
                gradient
            } else {
                0.0
            }
        };
        let pairs: Vec<Vec<f64>> = gradient
            .par_chunks(BLOCK * channels)
            .zip(x.par_chunks(BLOCK * channels))
            .map(|(gradient, x)| {
                let mut sums = vec![0.0_f32; 2 * channels];
                let (offset, gain) = sums.split_at_mut(channels);
                for (gradient, x) in gradient.chunks_exact(channels).zip(x.chunks_exact(channels)) {
                    for channel in 0..channels {
                        let gradient = passes(gradient[channel], x[channel], channel);
                        offset[channel] += gradient;
                        gain[channel] += gradient * (x[channel] - means[channel]) * inverse[channel];
                    }
                }
                sums.into_iter().map(f64::from).collect()
            })
            .collect();
        let sums = add(pairs, 2 * channels);
        let of: Vec<f32> = sums.iter().map(|&sum| sum as f32).collect();
        let (of_offset, of_gain) = of.split_at(channels);
        let mut of_x = vec![0.0; x.len()];
        of_x.par_chunks_mut(BLOCK * channels)
            .zip(
                gradient
                    .par_chunks(BLOCK * channels)
                    .zip(x.par_chunks(BLOCK * channels)),
            )
            .for_each(|(out, (gradient, x))| {
                let rows_of = gradient.chunks_exact(channels).zip(x.chunks_exact(channels));
                for (out, (gradient, x)) in out.chunks_exact_mut(channels).zip(rows_of) {
                    for channel in 0..channels {
                        let gradient = passes(gradient[channel], x[channel], channel);
                        let standard = (x[channel] - means[channel]) * inverse[channel];
                        let common = (of_offset[channel] + standard * of_gain[channel]) / rows;
                        out[channel] = scale[channel] * (gradient - common);
                    }
                }
            });
        [of_x, of_gain.to_vec(), of_offset.to_vec()]
    }

    /// Factor and constant of each channel.
    fn line(&self) -> (Vec<f32>, Vec<f32>) {
        let (means, variances) = self.moments.split_at(self.gain.len());
        let scale: Vec<f32> = self
            .gain
            .iter()
            .zip(variances)
            .map(|(gain, variance)| gain / (variance + EPSILON).sqrt())
            .collect();
        let shift = self
            .offset
            .iter()
            .zip(means)
            .zip(&scale)
            .map(|((offset, mean), scale)| offset - mean * scale);
        let shift = shift.collect();
        (scale, shift)
    }
}

/// What `take` adds up row by row in single precision within blocks, in double precision over them: `[2 * channels]`.
fn sum_blocks(x: &[f32], channels: usize, take: impl Fn(&mut [f32], &[f32]) + Sync) -> Vec<f64> {
    let blocks: Vec<Vec<f64>> = x
        .par_chunks(BLOCK * channels)
        .map(|block| {
            let mut sums = vec![0.0_f32; 2 * channels];
            block.chunks_exact(channels).for_each(|row| take(&mut sums, row));
            sums.into_iter().map(f64::from).collect()
        })
        .collect();
    add(blocks, 2 * channels)
}

fn add(blocks: Vec<Vec<f64>>, length: usize) -> Vec<f64> {
    let mut sums = vec![0.0; length];
    for block in blocks {
        for (sum, part) in sums.iter_mut().zip(block) {
            *sum += part;
        }
    }
    sums
}
