//! Pixels on a grid of another size. The filter is Catmull-Rom, widened where the photo shrinks, so that what is finer
//! than the new grid averages out instead of aliasing.
//!
//! It is made of multiplications and additions alone, in a fixed order, so that every platform gives the same pixels.
//! `image::imageops::resize` computes the same and is its oracle in `tests/preprocess.rs`; it keeps a picture of the
//! old width and the new height as floats (400 MB for a panorama), where this keeps one line, and takes three times as
//! long.

use std::ops::Range;

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
    let mut sums = vec![0.0_f32; length];
    let targets = to.chunks_exact_mut(width as usize * 3);
    for ((first, weights), target) in rows.iter().zip(targets) {
        sums.fill(0.0);
        for (row, &weight) in from.chunks_exact(length).skip(first).zip(weights) {
            for (sum, &value) in sums.iter_mut().zip(row) {
                *sum += weight * f32::from(value);
            }
        }
        let (colors, _) = sums.as_chunks::<3>();
        for ((first, weights), pixel) in columns.iter().zip(target.chunks_exact_mut(3)) {
            let mut color = [0.5; 3];
            for (values, weight) in colors.iter().skip(first).zip(weights) {
                for (sum, value) in color.iter_mut().zip(values) {
                    *sum += weight * value;
                }
            }
            // To the nearest, and what overshoots to 0 or 255.
            pixel.copy_from_slice(&color.map(|value| value as u8));
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
