//! The inverse discrete cosine transform, of 8 x 8 coefficients or of those of the lowest frequencies alone: a block as
//! it is, or on a grid of 4, 2 or 1 samples a side.
//!
//! Numbers are `f32`, added and multiplied in one order everywhere, so that every platform gives the same samples.
//! Eight points are those of Arai, Agui and Nakajima (1988), whose multiplications are mostly in the quantisation
//! table.

use crate::lanes::{Lanes, add, bytes, load, multiply, splat, subtract, transpose, zero};

/// Coefficients of a block: number `8 * u + v` has frequency `u` across and `v` down.
pub(super) type Block = [f32; 64];

/// Writes the samples of a block to the beginnings of rows of `stride` samples. The `usize`: the last coefficient that
/// is not 0, in zigzag order.
pub(super) type Transform = fn(&Block, usize, &mut [u8], usize);

/// Zigzag order: the place of each coefficient in a [`Block`].
pub(super) const PLACES: [u8; 64] = places();

/// Coefficients in zigzag order before the first one whose frequency down is above 3.
const TOP: usize = 10;

const fn places() -> [u8; 64] {
    let mut places = [0; 64];
    let (mut at, mut diagonal) = (0, 0);
    while diagonal < 15 {
        let mut step = 0;
        while step <= diagonal {
            let (up, down) = (step, diagonal - step);
            // Even diagonals go up, odd ones down.
            let (across, down) = if diagonal % 2 == 0 { (up, down) } else { (down, up) };
            if across < 8 && down < 8 {
                places[at] = (8 * across + down) as u8;
                at += 1;
            }
            step += 1;
        }
        diagonal += 1;
    }
    places
}

/// The last coefficient in zigzag order that samples on a grid of `across` x `down` need.
pub(super) fn last_needed(across: usize, down: usize) -> usize {
    let needed = |place: &u8| usize::from(place / 8) < across && usize::from(place % 8) < down;
    PLACES.iter().rposition(needed).unwrap_or(0)
}

/// The factor of a coefficient of one frequency in a transform to `points` samples.
fn factor(points: usize, frequency: usize) -> f64 {
    use std::f64::consts::{FRAC_1_SQRT_2, PI};
    let angle = frequency as f64 * PI / 16.0;
    match (points, frequency) {
        (8, 1..) => angle.cos() / 2.0,
        (4, 1 | 3) => 0.5,
        _ => FRAC_1_SQRT_2 / 2.0,
    }
}

/// What coefficients, in zigzag order, are multiplied by before they are transformed to `across` x `down` samples.
pub(super) fn factors(quantisation: &[u16; 64], across: usize, down: usize) -> [f32; 64] {
    let mut factors = [0.0; 64];
    for ((value, &step), &place) in factors.iter_mut().zip(quantisation).zip(&PLACES) {
        let (u, v) = (usize::from(place / 8), usize::from(place % 8));
        if u < across && v < down {
            *value = (f64::from(step) * factor(across, u) * factor(down, v)) as f32;
        }
    }
    factors
}

/// What takes a block to `across` x `down` samples, each of 1, 2, 4 or 8.
pub(super) fn transform(across: usize, down: usize) -> Transform {
    match (across, down) {
        (8, 8) => to_samples::<8, 8>,
        (8, 4) => to_samples::<8, 4>,
        (8, 2) => to_samples::<8, 2>,
        (8, 1) => to_samples::<8, 1>,
        (4, 8) => to_samples::<4, 8>,
        (4, 4) => to_samples::<4, 4>,
        (4, 2) => to_samples::<4, 2>,
        (4, 1) => to_samples::<4, 1>,
        (2, 8) => to_samples::<2, 8>,
        (2, 4) => to_samples::<2, 4>,
        (2, 2) => to_samples::<2, 2>,
        (2, 1) => to_samples::<2, 1>,
        (1, 8) => to_samples::<1, 8>,
        (1, 4) => to_samples::<1, 4>,
        (1, 2) => to_samples::<1, 2>,
        _ => to_samples::<1, 1>,
    }
}

fn to_samples<const ACROSS: usize, const DOWN: usize>(block: &Block, last: usize, samples: &mut [u8], stride: usize) {
    let mut columns = [[zero(); ACROSS]; 2];
    for (group, columns) in columns.iter_mut().enumerate().take(DOWN.div_ceil(4)) {
        if group == 1 && last < TOP {
            break;
        }
        for (column, values) in columns.iter_mut().zip(block.as_chunks::<8>().0) {
            *column = load(&std::array::from_fn(|lane| values[4 * group + lane]));
        }
        line(columns);
    }
    for part in 0..ACROSS.div_ceil(4) {
        let mut rows = [zero(); DOWN];
        for (group, columns) in columns.iter().enumerate().take(DOWN.div_ceil(4)) {
            let four = std::array::from_fn(|at| columns.get(4 * part + at).copied().unwrap_or(zero()));
            for (row, values) in rows.iter_mut().skip(4 * group).zip(transpose(four)) {
                *row = values;
            }
        }
        line(&mut rows);
        for (row, samples) in rows.iter().zip(samples.chunks_mut(stride)) {
            let (row, at) = (bytes(*row), 4 * part);
            let width = ACROSS.min(4);
            if let Some(samples) = samples.get_mut(at..at + width) {
                samples.copy_from_slice(&row[..width]);
            }
        }
    }
}

/// The transform in one direction, of 8, 4, 2 or 1 points.
#[inline(always)]
fn line(values: &mut [Lanes]) {
    match *values {
        [a, b, c, d, e, f, g, h] => values.copy_from_slice(&eight([a, b, c, d, e, f, g, h])),
        [a, b, c, d] => {
            let (c1, c3) = (splat(0.923_879_5), splat(0.382_683_43));
            let (sum, difference) = (add(a, c), subtract(a, c));
            let outer = add(multiply(b, c1), multiply(d, c3));
            let inner = subtract(multiply(b, c3), multiply(d, c1));
            values.copy_from_slice(&[
                add(sum, outer),
                add(difference, inner),
                subtract(difference, inner),
                subtract(sum, outer),
            ]);
        }
        [a, b] => values.copy_from_slice(&[add(a, b), subtract(a, b)]),
        _ => {}
    }
}

#[inline(always)]
fn eight([a, b, c, d, e, f, g, h]: [Lanes; 8]) -> [Lanes; 8] {
    let root = splat(std::f32::consts::SQRT_2);
    // Even frequencies.
    let (sum, difference) = (add(a, e), subtract(a, e));
    let both = add(c, g);
    let turned = subtract(multiply(subtract(c, g), root), both);
    let (even0, even3) = (add(sum, both), subtract(sum, both));
    let (even1, even2) = (add(difference, turned), subtract(difference, turned));
    // Odd ones.
    let (z13, z10) = (add(f, d), subtract(f, d));
    let (z11, z12) = (add(b, h), subtract(b, h));
    let odd0 = add(z11, z13);
    let z5 = multiply(add(z10, z12), splat(1.847_759_1));
    let odd1 = subtract(subtract(z5, multiply(z10, splat(2.613_126))), odd0);
    let odd2 = subtract(multiply(subtract(z11, z13), root), odd1);
    let odd3 = subtract(subtract(z5, multiply(z12, splat(1.082_392_2))), odd2);
    [
        add(even0, odd0),
        add(even1, odd1),
        add(even2, odd2),
        add(even3, odd3),
        subtract(even3, odd3),
        subtract(even2, odd2),
        subtract(even1, odd1),
        subtract(even0, odd0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, in `f64`.
    fn oracle(coefficients: &[f64; 64], across: usize, down: usize, x: usize, y: usize) -> f64 {
        let wave = |frequency: usize, at: usize, points: usize| {
            let angle = (2 * at + 1) as f64 * frequency as f64 * std::f64::consts::PI / (2 * points) as f64;
            angle.cos() * if frequency == 0 { 0.5_f64.sqrt() } else { 1.0 } / 2.0
        };
        let terms = coefficients.iter().zip(PLACES).map(|(value, place)| {
            let (u, v) = (usize::from(place / 8), usize::from(place % 8));
            match u < across && v < down {
                true => value * wave(u, x, across) * wave(v, y, down),
                false => 0.0,
            }
        });
        128.0 + terms.sum::<f64>()
    }

    #[test]
    fn every_size_agrees_with_the_definition() {
        let mut state = 1_u64;
        let mut random = move |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for case in 0..200 {
            let quantisation: [u16; 64] = std::array::from_fn(|_| random(40) as u16 + 1);
            let end = if case % 3 == 0 { 9 } else { 64 };
            let mut values = [0_i32; 64];
            values[0] = random(400) as i32 - 200;
            for value in values.iter_mut().take(end).skip(1) {
                *value = if random(3) == 0 { random(9) as i32 - 4 } else { 0 };
            }
            let exact = std::array::from_fn(|k| f64::from(values[k]) * f64::from(quantisation[k]));
            for (across, down) in [1, 2, 4, 8].into_iter().flat_map(|a| [1, 2, 4, 8].map(|d| (a, d))) {
                let factors = factors(&quantisation, across, down);
                let mut block = [0.0; 64];
                for k in 0..64 {
                    block[usize::from(PLACES[k])] = values[k] as f32 * factors[k];
                }
                block[0] += 128.5;
                let last = values.iter().rposition(|&value| value != 0).unwrap_or(0);
                let mut samples = [7; 8 * 11];
                transform(across, down)(&block, last, &mut samples, 11);
                for (at, &sample) in samples.iter().enumerate() {
                    let (x, y) = (at % 11, at / 11);
                    if x >= across || y >= down {
                        assert_eq!(sample, 7, "{across}x{down}: {x} {y} was not to be written");
                        continue;
                    }
                    let exact = oracle(&exact, across, down, x, y).clamp(0.0, 255.0);
                    let error = (f64::from(sample) - exact).abs();
                    assert!(error < 0.502, "{across}x{down}: {sample} for {exact}");
                }
            }
        }
    }

    #[test]
    fn the_order_is_the_zigzag_of_the_standard() {
        let first: Vec<(u8, u8)> = PLACES.iter().take(10).map(|place| (place / 8, place % 8)).collect();
        let zigzag = [
            (0, 0),
            (1, 0),
            (0, 1),
            (0, 2),
            (1, 1),
            (2, 0),
            (3, 0),
            (2, 1),
            (1, 2),
            (0, 3),
        ];
        assert_eq!(first, zigzag);
        assert_eq!([1, 2, 4, 8].map(|side| last_needed(side, side)), [0, 4, 24, 63]);
        let (before, from) = PLACES.split_at(TOP);
        assert!(before.iter().all(|place| place % 8 < 4) && from[0] % 8 == 4);
    }
}
