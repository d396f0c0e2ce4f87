//! Depthwise convolution, channels last: each channel of a pixel is a weighted sum of the same channel of the pixels around it.
//! Sixteen channels of two neighbours stay in registers while the kernel's taps go by.

use super::{
    lanes::{Lanes, clamp, load, multiply_add, splat, store},
    rows::for_each_row,
};
use crate::Window;

/// Channels that one pass over the taps computes.
const CHANNELS: usize = 16;

/// `[n, height, width, channels]`, weights `[kernel, kernel, channels]`, bias `[channels]` →
/// `[n, output height, output width, channels]`, between 0 and 6 (ReLU6).
#[inline(never)]
pub fn depthwise_relu6(x: &[f32], weight: &[f32], bias: &[f32], window: &Window) -> Vec<f32> {
    let taps = |axis, at| window.taps(axis, at);
    weighted(x, weight, Some(bias), bias.len(), [window.input, window.output()], taps)
}

/// As [`depthwise_relu6`], without bias and ReLU6.
#[cfg(feature = "gradients")]
pub fn depthwise(x: &[f32], weight: &[f32], channels: usize, window: &Window) -> Vec<f32> {
    let taps = |axis, at| window.taps(axis, at);
    weighted(x, weight, None, channels, [window.input, window.output()], taps)
}

/// The gradient of the input, for the gradient of the output before ReLU6; shapes as there.
#[cfg(feature = "gradients")]
pub fn input_gradient(gradient: &[f32], weight: &[f32], channels: usize, window: &Window) -> Vec<f32> {
    let taps = |axis, at| window.seen_by(axis, at);
    weighted(gradient, weight, None, channels, [window.output(), window.input], taps)
}

/// Each pixel of a picture of the second of two sizes, as the weighted sum of pixels of one of the first. `taps` says for an axis and
/// a place there which taps of the kernel count, and which place lies under each. With a bias, ReLU6 follows.
fn weighted(
    x: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    channels: usize,
    [[height, width], [rows, columns]]: [[usize; 2]; 2],
    taps: impl Fn(usize, usize) -> Vec<(usize, usize)> + Sync,
) -> Vec<f32> {
    let plane = height * width * channels;
    let planes = x.len().checked_div(plane).unwrap_or(0);
    let kernel = (weight.len() / channels.max(1)).isqrt();
    let mut out = vec![0.0; planes * rows * columns * channels];
    let across: Vec<Vec<_>> = (0..columns).map(|column| taps(1, column)).collect();
    let runs = runs(&across);
    for_each_row(&mut out, columns * channels, |index, row| {
        let x = &x[index / rows * plane..][..plane];
        let down = taps(0, index % rows);
        let mut taps = Vec::with_capacity(kernel * kernel);
        for Run { first, count, step } in &runs {
            pair(&mut taps, &down, &across[*first], [width, kernel], channels);
            let step = step * channels;
            let pixels = &mut row[first * channels..][..count * channels];
            for (place, pixels) in pixels.chunks_mut(2 * channels).enumerate() {
                let x = &x[2 * place * step..];
                if pixels.len() > channels {
                    gather::<2>(pixels, channels, step, x, weight, bias, &taps);
                } else {
                    gather::<1>(pixels, channels, step, x, weight, bias, &taps);
                }
            }
        }
    });
    out
}

/// The gradient of the weights, `[kernel, kernel, channels]`. Pictures are summed in their order, whatever the threads do.
#[cfg(feature = "gradients")]
pub fn weight_gradient(x: &[f32], gradient: &[f32], channels: usize, window: &Window) -> Vec<f32> {
    let ([height, width], [rows, columns]) = (window.input, window.output());
    let planes = x.len().checked_div(height * width * channels).unwrap_or(0);
    let size = window.kernel * window.kernel * channels;
    // For each tap across: the outputs that see the picture through it, and the first place that they see.
    let across: Vec<(std::ops::Range<usize>, usize)> = (0..window.kernel)
        .map(|kx| {
            let sees = |column: usize| window.taps(1, column).into_iter().find(|&(tap, _)| tap == kx);
            let first = (0..columns).find(|&column| sees(column).is_some()).unwrap_or(columns);
            let end = (first..columns)
                .find(|&column| sees(column).is_none())
                .unwrap_or(columns);
            (first..end, sees(first).map_or(0, |(_, place)| place))
        })
        .collect();
    let mut parts = vec![0.0; planes * size];
    for_each_row(&mut parts, size, |plane, part| {
        let x = &x[plane * height * width * channels..][..height * width * channels];
        let gradient = &gradient[plane * rows * columns * channels..][..rows * columns * channels];
        for row in 0..rows {
            let from = &gradient[row * columns * channels..][..columns * channels];
            for (ky, y) in window.taps(0, row) {
                let seen = &x[y * width * channels..][..width * channels];
                for (kx, (columns, start)) in across.iter().enumerate() {
                    let into = &mut part[(ky * window.kernel + kx) * channels..][..channels];
                    let from = from[columns.start * channels..columns.end * channels].chunks_exact(channels);
                    let seen = seen[start * channels..].chunks_exact(channels).step_by(window.stride);
                    add_products(into, from, seen);
                }
            }
        }
    });
    let mut sum = vec![0.0; size];
    for part in parts.chunks_exact(size.max(1)) {
        for (sum, part) in sum.iter_mut().zip(part) {
            *sum += part;
        }
    }
    sum
}

/// Adds the products of pairs of pixels, channel by channel.
#[cfg(feature = "gradients")]
fn add_products<'a>(
    into: &mut [f32],
    from: impl Iterator<Item = &'a [f32]> + Clone,
    seen: impl Iterator<Item = &'a [f32]> + Clone,
) {
    let whole = into.len() / CHANNELS * CHANNELS;
    for (at, into) in into[..whole].chunks_exact_mut(CHANNELS).enumerate() {
        let first = at * CHANNELS;
        let mut sums = [splat(0.0); 4];
        for (from, seen) in from.clone().zip(seen.clone()) {
            let (from, seen) = (lanes(&from[first..]), lanes(&seen[first..]));
            sums = std::array::from_fn(|lane| multiply_add(from[lane], seen[lane], sums[lane]));
        }
        for (into, sum) in into.iter_mut().zip(sums.map(store).iter().flatten()) {
            *into += sum;
        }
    }
    for (channel, into) in into.iter_mut().enumerate().skip(whole) {
        *into += from
            .clone()
            .zip(seen.clone())
            .map(|(from, seen)| from[channel] * seen[channel])
            .sum::<f32>();
    }
}

/// Weights of a file, `[channels, 1, kernel, kernel]`, as the functions above take them.
#[inline(never)]
pub fn channels_last(weight: &[f32], kernel: usize) -> Vec<f32> {
    transpose(weight, kernel * kernel)
}

/// The reverse of [`channels_last`].
#[cfg(feature = "gradients")]
pub fn channels_first(weight: &[f32], channels: usize) -> Vec<f32> {
    transpose(weight, channels)
}

/// `[rows, columns]` → `[columns, rows]`.
fn transpose(values: &[f32], columns: usize) -> Vec<f32> {
    let mut out = vec![0.0; values.len()];
    let rows = values.len().checked_div(columns).unwrap_or(0);
    for (row, values) in values.chunks_exact(columns.max(1)).enumerate() {
        for (column, &value) in values.iter().enumerate() {
            out[column * rows + row] = value;
        }
    }
    out
}

/// Puts every tap down with every tap across: places in a picture and in weights, both as wide as `widths` says.
fn pair(
    taps: &mut Vec<(usize, usize)>,
    down: &[(usize, usize)],
    across: &[(usize, usize)],
    widths: [usize; 2],
    channels: usize,
) {
    taps.clear();
    for &(ky, y) in down {
        for &(kx, x) in across {
            taps.push(((y * widths[0] + x) * channels, (ky * widths[1] + kx) * channels));
        }
    }
}

/// Neighbouring columns that see a picture through the same taps.
struct Run {
    first: usize,
    count: usize,
    /// How far apart the places are under the same taps of neighbours.
    step: usize,
}

/// The runs of columns, whose taps across are given: all but those at the edges are in one.
fn runs(across: &[Vec<(usize, usize)>]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (column, taps) in across.iter().enumerate() {
        if let Some(run) = runs.last_mut()
            && let Some(step) = distance(&across[column - 1], taps)
            && (run.count == 1 || run.step == step)
        {
            run.count += 1;
            run.step = step;
        } else {
            runs.push(Run {
                first: column,
                count: 1,
                step: 0,
            });
        }
    }
    runs
}

/// How far apart the places are under the same taps of two columns; none if these are other taps, as at the edges.
fn distance(one: &[(usize, usize)], other: &[(usize, usize)]) -> Option<usize> {
    let same = one.iter().map(|tap| tap.0).eq(other.iter().map(|tap| tap.0));
    let (one, other) = (one.first()?, other.first()?);
    if same { other.1.checked_sub(one.1) } else { None }
}

/// Writes the weighted sums of the taps' pixels to the first of `pixels`; `taps` are places in `x` and in `weight`. Neighbours see
/// what lies `step` numbers further, and meet the weights while these are in registers. With a bias, ReLU6 follows.
#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
fn gather<const PIXELS: usize>(
    pixels: &mut [f32],
    channels: usize,
    step: usize,
    x: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    taps: &[(usize, usize)],
) {
    let whole = channels / CHANNELS * CHANNELS;
    for first in (0..whole).step_by(CHANNELS) {
        let mut sums = match bias {
            Some(bias) => [lanes(&bias[first..]); PIXELS],
            None => [[splat(0.0); 4]; PIXELS],
        };
        for &(from, tap) in taps {
            let weight = lanes(&weight[tap + first..]);
            for (pixel, sums) in sums.iter_mut().enumerate() {
                let x = lanes(&x[from + pixel * step + first..]);
                *sums = [
                    multiply_add(x[0], weight[0], sums[0]),
                    multiply_add(x[1], weight[1], sums[1]),
                    multiply_add(x[2], weight[2], sums[2]),
                    multiply_add(x[3], weight[3], sums[3]),
                ];
            }
        }
        for (mut sums, out) in sums.into_iter().zip(pixels.chunks_exact_mut(channels)) {
            if bias.is_some() {
                sums = sums.map(|sum| clamp(sum, 0.0, 6.0));
            }
            let out = &mut out[first..first + CHANNELS];
            for (out, sum) in out.as_chunks_mut::<4>().0.iter_mut().zip(sums) {
                *out = store(sum);
            }
        }
    }
    if whole < channels {
        for (pixel, out) in pixels.chunks_exact_mut(channels).take(PIXELS).enumerate() {
            let x = x.get(pixel * step..).unwrap_or_default();
            gather_rest(&mut out[..channels], whole, x, weight, bias, taps);
        }
    }
}

/// The same for the channels from `first` on, one by one.
#[inline(never)]
fn gather_rest(
    pixel: &mut [f32],
    first: usize,
    x: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    taps: &[(usize, usize)],
) {
    for (channel, out) in pixel.iter_mut().enumerate().skip(first) {
        let start = bias.map_or(0.0, |bias| bias[channel]);
        let sum = taps.iter().fold(start, |sum, &(from, tap)| {
            sum + x[from + channel] * weight[tap + channel]
        });
        *out = if bias.is_some() { sum.clamp(0.0, 6.0) } else { sum };
    }
}

/// The first sixteen numbers.
#[inline(always)]
fn lanes(values: &[f32]) -> [Lanes; 4] {
    let (fours, _) = values[..CHANNELS].as_chunks::<4>();
    [load(&fours[0]), load(&fours[1]), load(&fours[2]), load(&fours[3])]
}
