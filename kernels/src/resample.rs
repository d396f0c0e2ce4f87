//! Pixels on a grid of another size. The filter is Catmull-Rom, widened where the photo shrinks, so that what is finer
//! than the new grid averages out instead of aliasing.
//!
//! It is made of multiplications and additions alone, in a fixed order, so that every platform gives the same pixels.
//! `image::imageops::resize` computes the same and is its oracle in `tests/preprocess.rs`; it keeps a picture of the
//! old width and the new height as floats (400 MB for a panorama), where this keeps one line, and takes three times as
//! long.

use std::ops::Range;

use crate::lanes::{add, bytes, load, multiply, splat, store, widened, zero};

/// Half the width of the filter, in pixels of the coarser grid.
const SUPPORT: f64 = 2.0;

/// How much sharper a picture is made that was decoded on a grid 2, 4 or 8 times as coarse, for what its decoder
/// averaged: the share of a pixel's neighbours that is taken from it.
const SHARPNESS: [f64; 3] = [0.0, 1.0 / 80.0, 1.0 / 24.0];

/// A picture on a coarser grid than its own.
pub struct Reduced<'a> {
    /// Three bytes for each pixel of the coarser grid, which has `size / reduction` pixels, rounded up.
    pub rgb: &'a [u8],
    /// Width and height on its own grid.
    pub size: [u32; 2],
    /// How many times coarser: 1, 2, 4 or 8.
    pub reduction: u32,
}

/// The picture `from`, of `[width, height]` pixels of three bytes, on the grid `to` of another such size. None of the
/// four sides is 0, and both fill their size.
pub fn resample(from: &[u8], size: [u32; 2], to: &mut [u8], new: [u32; 2]) {
    resample_reduced(
        &Reduced {
            rgb: from,
            size,
            reduction: 1,
        },
        to,
        new,
    );
}

/// The same of a picture that was decoded on a coarser grid.
#[inline(never)]
pub fn resample_reduced(from: &Reduced<'_>, to: &mut [u8], [width, height]: [u32; 2]) {
    let &Reduced {
        rgb: from,
        size: [old_width, old_height],
        reduction,
    } = from;
    let columns = Line::new(old_width, reduction, width);
    let rows = Line::new(old_height, reduction, height);
    let old_width = old_width.div_ceil(reduction);
    let length = old_width as usize * 3;
    // One more than there are, so that four can be loaded where the last three are.
    let mut sums = vec![0.0_f32; length + 1];
    let targets = to.chunks_exact_mut(width as usize * 3);
    for ((first, weights), target) in rows.iter().zip(targets) {
        let from = from.get(first * length..).unwrap_or_default();
        add_rows(from, length, weights, &mut sums[..length]);
        for ((first, weights), pixel) in columns.iter().zip(target.as_chunks_mut::<3>().0) {
            let colors = sums.get(3 * first..).unwrap_or_default();
            let mut color = splat(0.5);
            for (at, &weight) in weights.iter().enumerate() {
                let Some(values) = colors.get(3 * at..).and_then(|rest| rest.first_chunk::<4>()) else {
                    break;
                };
                color = add(color, multiply(splat(weight), load(values)));
            }
            // To the nearest, and what overshoots to 0 or 255.
            let [red, green, blue, _] = bytes(color);
            *pixel = [red, green, blue];
        }
    }
}

/// Values of a row whose sums are held in registers.
const HELD: usize = 32;

/// Writes the sum of rows of `length` bytes, each with its weight, which are added in their order.
#[inline(always)]
fn add_rows(from: &[u8], length: usize, weights: &[f32], sums: &mut [f32]) {
    let (blocks, rest) = sums.as_chunks_mut::<HELD>();
    let ends = HELD * blocks.len();
    for (place, block) in blocks.iter_mut().enumerate() {
        let mut lanes = [zero(); HELD / 4];
        for (row, &weight) in from.chunks_exact(length).zip(weights) {
            let Some(values) = row.get(HELD * place..).and_then(|rest| rest.first_chunk::<HELD>()) else {
                break;
            };
            let weight = splat(weight);
            for (pair, eight) in lanes.as_chunks_mut::<2>().0.iter_mut().zip(values.as_chunks::<8>().0) {
                for (sum, value) in pair.iter_mut().zip(widened(eight)) {
                    *sum = add(*sum, multiply(weight, value));
                }
            }
        }
        for (four, lanes) in block.as_chunks_mut::<4>().0.iter_mut().zip(lanes) {
            *four = store(lanes);
        }
    }
    rest.fill(0.0);
    for (row, &weight) in from.chunks_exact(length).zip(weights) {
        for (sum, &value) in rest.iter_mut().zip(row.iter().skip(ends)) {
            *sum += weight * f32::from(value);
        }
    }
}

/// How much the pixels of a line contribute to those of a line of another length.
struct Line {
    /// For each new pixel: the first old one that contributes, and the place of its weights.
    spans: Vec<(usize, Range<usize>)>,
    weights: Vec<f32>,
}

impl Line {
    /// From pixels of a grid that is `reduction` times as coarse as `from` pixels are, to `to` pixels.
    fn new(from: u32, reduction: u32, to: u32) -> Self {
        let ratio = f64::from(from) / f64::from(reduction) / f64::from(to);
        let from = from.div_ceil(reduction);
        let stretch = ratio.max(1.0);
        let sharpness = match reduction.checked_ilog2() {
            Some(level @ 1..=3) => SHARPNESS[level as usize - 1],
            _ => 0.0,
        };
        let reach = SUPPORT * stretch + if sharpness > 0.0 { 1.0 } else { 0.0 };
        let mut line = Self {
            spans: Vec::with_capacity(to as usize),
            weights: Vec::new(),
        };
        for place in 0..to {
            let centre = (f64::from(place) + 0.5) * ratio;
            // Those whose centres the filter covers; the nearest one always is.
            let first = (centre - reach + 0.5).max(0.0) as u32;
            let end = ((centre + reach + 0.5) as u32).min(from);
            let begin = line.weights.len();
            let filter = |at: f64| catmull_rom((at + 0.5 - centre) / stretch);
            let weights = (first..end).map(f64::from).map(|at| match sharpness > 0.0 {
                true => filter(at) + sharpness * (2.0 * filter(at) - filter(at - 1.0) - filter(at + 1.0)),
                false => filter(at),
            });
            let sum: f64 = weights.clone().sum();
            line.weights.extend(weights.map(|weight| (weight / sum) as f32));
            line.spans.push((first as usize, begin..line.weights.len()));
        }
        line
    }

    fn iter(&self) -> impl Iterator<Item = (usize, &[f32])> {
        self.spans
            .iter()
            .map(|(first, span)| (*first, self.weights.get(span.clone()).unwrap_or_default()))
    }
}

/// Catmull and Rom's spline, the cubic of Keys (1981) with a = -1/2, at distance `x`.
fn catmull_rom(x: f64) -> f64 {
    let x = x.abs();
    if x < 1.0 {
        (1.5 * x - 2.5) * x * x + 1.0
    } else if x < SUPPORT {
        ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each value for itself.
    fn plain(from: &Reduced<'_>, [width, height]: [u32; 2]) -> Vec<u8> {
        let columns = Line::new(from.size[0], from.reduction, width);
        let rows = Line::new(from.size[1], from.reduction, height);
        let length = from.size[0].div_ceil(from.reduction) as usize * 3;
        let mut to = Vec::new();
        for (top, down) in rows.iter() {
            let mut sums = vec![0.0_f32; length];
            for (row, weight) in from.rgb.chunks_exact(length).skip(top).zip(down) {
                for (sum, value) in sums.iter_mut().zip(row) {
                    *sum += weight * f32::from(*value);
                }
            }
            for (left, across) in columns.iter() {
                for color in 0..3 {
                    let values = sums.iter().skip(3 * left + color).step_by(3);
                    to.push(
                        values
                            .zip(across)
                            .fold(0.5, |sum, (value, weight)| sum + weight * value) as u8,
                    );
                }
            }
        }
        to
    }

    #[test]
    fn registers_give_the_bytes_of_plain_sums() {
        let mut state = 1_u32;
        let mut random = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % below
        };
        for _ in 0..400 {
            let size = [1 + random(150), 1 + random(60)];
            let new = [1 + random(90), 1 + random(90)];
            let reduction = 1 << random(4);
            let [width, height] = size.map(|side| side.div_ceil(reduction) as usize);
            let rgb: Vec<u8> = (0..width * height * 3).map(|_| random(256) as u8).collect();
            let from = Reduced {
                rgb: &rgb,
                size,
                reduction,
            };
            let mut to = vec![0; (new[0] * new[1] * 3) as usize];
            resample_reduced(&from, &mut to, new);
            assert_eq!(to, plain(&from, new), "{size:?} by {reduction} to {new:?}");
        }
    }
}
