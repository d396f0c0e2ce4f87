//! The lossy half of JPEG 2000 (ISO/IEC 15444-1, irreversible path), without its lossless half.
//!
//! What a JPEG 2000 file looks like follows from its transform and its quantiser; the arithmetic coder behind them changes
//! no pixel. So this does what the codec does to a photo: YCbCr, a 9/7 wavelet transform over five octaves, a quantiser
//! with a dead zone, and back. What it has not is the codec's rate control, which cuts each block of coefficients where a
//! size in bytes is reached: here one step serves all bands, scaled to equal error in pixels, and the size is estimated by
//! the entropy of what is left. At the time of writing no encoder in safe Rust let one choose rate or step.

use super::canvas::Canvas;
use super::spaces::{from_ycbcr, to_ycbcr};

/// Octaves, as encoders choose by default.
const OCTAVES: usize = 5;
/// Steps of the 9/7 filter's lifting (Annex F of the standard).
const LIFTING: [f32; 4] = [-1.586_134_3, -0.052_980_12, 0.882_911_1, 0.443_506_85];
/// Scales of the low and the high half that make the transform nearly orthonormal, so that one step suits all bands.
const SCALES: [f32; 2] = [1.149_604_4, 0.869_864_45];

/// What the codec's coder takes of the entropy of single coefficients: it knows each one's neighbours.
const CODER: f64 = 0.85;

/// The photo as a file of a `ratio`-th of its 24 bits a pixel would show it: coefficients of Y, Cb and Cr in whole steps, cut
/// towards 0, the step such that they have that many bits.
pub(super) fn compress(canvas: Canvas, ratio: f32) -> Canvas {
    let (width, height) = (canvas.width, canvas.height);
    // The codec shifts luma so that it lies around 0 before it transforms.
    let shifted = canvas.map(to_ycbcr).map(|[y, cb, cr]| [y - 128.0, cb, cr]);
    let coded = shifted.map_planes(|plane| {
        let mut plane = plane.to_vec();
        transform(&mut plane, width, height, Direction::Forward);
        plane
    });
    let step = step(
        &coded,
        24.0 * (width * height) as f64 / f64::from(ratio.max(1.0)) / CODER,
    );
    let decoded = coded.map_planes(|plane| {
        let mut plane: Vec<f32> = plane.iter().map(|value| quantize(*value, step)).collect();
        transform(&mut plane, width, height, Direction::Backward);
        plane
    });
    decoded.map(|[y, cb, cr]| from_ycbcr([y + 128.0, cb, cr]))
}

/// The step, of 255, at which the coefficients have about `bits` bits.
fn step(coded: &Canvas, bits: f64) -> f32 {
    let (mut fine, mut coarse) = (0.05_f32, 2000.0_f32);
    for _ in 0..16 {
        let middle = (fine * coarse).sqrt();
        match entropy(coded, middle) > bits {
            true => fine = middle,
            false => coarse = middle,
        }
    }
    coarse
}

/// Bits of the coefficients, each octave's numbers by themselves.
fn entropy(coded: &Canvas, step: f32) -> f64 {
    /// Numbers above it count as one: they are few.
    const LARGEST: usize = 1023;
    let mut bits = 0.0;
    for plane in &coded.planes {
        let mut counts = vec![vec![0_u32; LARGEST + 1]; OCTAVES + 1];
        for (y, row) in plane.chunks_exact(coded.width).enumerate() {
            for (x, value) in row.iter().enumerate() {
                let number = ((value.abs() / step) as usize).min(LARGEST);
                // A sign is a bit of its own.
                bits += f64::from(u8::from(number > 0));
                counts[octave(x, coded.width).min(octave(y, coded.height))][number] += 1;
            }
        }
        for counts in counts {
            let total = f64::from(counts.iter().sum::<u32>().max(1));
            let of = |&count: &u32| f64::from(count) * (total / f64::from(count.max(1))).log2();
            bits += counts.iter().map(of).sum::<f64>();
        }
    }
    bits
}

/// The octave that the coefficient at `place` of a side of `length` belongs to: 0 for the finest.
fn octave(place: usize, length: usize) -> usize {
    (0..OCTAVES)
        .find(|&octave| place >= length.div_ceil(2 << octave))
        .unwrap_or(OCTAVES)
}

/// The middle of the interval that `value` lies in; intervals have the length `step`, the one around 0 twice that.
fn quantize(value: f32, step: f32) -> f32 {
    let steps = (value.abs() / step.max(1e-3)).floor();
    if steps == 0.0 {
        0.0
    } else {
        (steps + 0.5).copysign(value) * step.max(1e-3)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Forward,
    Backward,
}

/// Transforms rows and columns of the ever smaller low quarters, from fine to coarse, or back.
fn transform(plane: &mut [f32], width: usize, height: usize, direction: Direction) {
    let mut sizes: Vec<(usize, usize)> = (0..OCTAVES)
        .map(|octave| (width.div_ceil(1 << octave), height.div_ceil(1 << octave)))
        .collect();
    if direction == Direction::Backward {
        sizes.reverse();
    }
    let (mut line, mut spare) = (Vec::new(), Vec::new());
    for (columns, rows) in sizes {
        // Rows and columns are transformed independently of each other, so their order is the same both ways.
        for row in plane.chunks_exact_mut(width).take(rows) {
            transform_line(&mut row[..columns], &mut spare, direction);
        }
        for column in 0..columns {
            line.clear();
            line.extend((0..rows).map(|row| plane[row * width + column]));
            transform_line(&mut line, &mut spare, direction);
            for (row, value) in line.iter().enumerate() {
                plane[row * width + column] = *value;
            }
        }
    }
}

/// One octave of a line: low coefficients first, then the high ones; or the line from them.
fn transform_line(line: &mut [f32], spare: &mut Vec<f32>, direction: Direction) {
    if line.len() < 2 {
        return;
    }
    let low = line.len().div_ceil(2);
    spare.clear();
    if direction == Direction::Forward {
        for (index, weight) in LIFTING.into_iter().enumerate() {
            lift(line, 1 - index % 2, weight);
        }
        spare.extend(line.iter().step_by(2).map(|value| value * SCALES[0]));
        spare.extend(line.iter().skip(1).step_by(2).map(|value| value * SCALES[1]));
        line.copy_from_slice(spare);
    } else {
        spare.extend_from_slice(line);
        for (index, value) in line.iter_mut().enumerate() {
            let half = index % 2;
            *value = spare[half * low + index / 2] / SCALES[half];
        }
        for (index, weight) in LIFTING.into_iter().enumerate().rev() {
            lift(line, 1 - index % 2, -weight);
        }
    }
}

/// Adds `weight` times both neighbours to every second value from `start` on; the line is mirrored at its ends.
fn lift(line: &mut [f32], start: usize, weight: f32) {
    let last = line.len() - 1;
    for at in (start..=last).step_by(2) {
        let left = if at == 0 { 1 } else { at - 1 };
        let right = if at == last { last - 1 } else { at + 1 };
        line[at] += weight * (line[left] + line[right]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(width: usize, height: usize) -> Vec<f32> {
        (0..width * height).map(|at| ((at * 37) % 251) as f32 - 128.0).collect()
    }

    #[test]
    fn there_and_back_is_the_same_plane() {
        for (width, height) in [(1, 1), (2, 1), (3, 5), (16, 16), (33, 18), (1, 40)] {
            let plane = ramp(width, height);
            let mut back = plane.clone();
            transform(&mut back, width, height, Direction::Forward);
            transform(&mut back, width, height, Direction::Backward);
            let off = plane.iter().zip(&back).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(off < 1e-2, "{width}x{height}: off by {off}");
        }
    }

    #[test]
    fn the_transform_is_nearly_orthonormal() {
        let plane = ramp(64, 64);
        let mut coefficients = plane.clone();
        transform(&mut coefficients, 64, 64, Direction::Forward);
        let energy = |values: &[f32]| values.iter().map(|value| value * value).sum::<f32>();
        let ratio = energy(&coefficients) / energy(&plane);
        assert!((0.85..1.15).contains(&ratio), "{ratio}");
    }

    #[test]
    fn a_higher_ratio_takes_a_coarser_step_with_fewer_bits() {
        let coded = Canvas {
            width: 64,
            height: 48,
            planes: std::array::from_fn(|_| ramp(64, 48)),
        };
        for bits in [200.0, 2000.0, 20000.0] {
            let step = step(&coded, bits);
            assert!(
                entropy(&coded, step) <= bits && entropy(&coded, step * 0.98) >= bits * 0.9,
                "{step}"
            );
        }
        assert!(step(&coded, 200.0) > step(&coded, 2000.0));
    }

    #[test]
    fn what_is_smaller_than_a_step_is_lost() {
        assert_eq!(
            [0.0, 9.0, -9.9, 10.0, -25.0].map(|value| quantize(value, 10.0)),
            [0.0, 0.0, 0.0, 15.0, -25.0]
        );
    }
}
