//! Tone curves: too bright, too dark, values shifted, quantised, contrast changed.

use super::canvas::Canvas;
use super::noise::Noise;
use super::spaces::{from_lab, to_lab};

/// L of Lab raised to the power `gamma` on its range 0..1: below 1 brightens, above 1 darkens; black and white stay.
pub(super) fn luminance_gamma(canvas: Canvas, gamma: f32) -> Canvas {
    canvas.map(|rgb| {
        let [l, a, b] = to_lab(rgb);
        from_lab([100.0 * (l / 100.0).max(0.0).powf(gamma), a, b])
    })
}

/// `amount` (of 255) added to every value, or taken from it, as `noise` draws.
pub(super) fn mean_shift(canvas: Canvas, amount: f32, noise: &mut Noise) -> Canvas {
    let amount = if noise.coin() { amount } else { -amount };
    canvas.map_values(|value| value + amount)
}

/// A sigmoid curve of `steepness` over the range of values, or its inverse, as `noise` draws: more contrast in the middle
/// tones, or less. Black, mid gray and white stay.
pub(super) fn contrast(canvas: Canvas, steepness: f32, noise: &mut Noise) -> Canvas {
    // tanh is the logistic function around its centre, scaled; its values at the ends are what the curve is stretched by.
    let half = steepness.max(1e-3) / 4.0;
    let end = half.tanh();
    let more = noise.coin();
    canvas.map_values(|value| {
        let centred = (value / 127.5 - 1.0).clamp(-1.0, 1.0);
        let curved = if more {
            (half * centred).tanh() / end
        } else {
            (end * centred).atanh() / half
        };
        127.5 * (curved + 1.0)
    })
}

/// Values in `thresholds + 1` classes, each of which becomes its mean. The thresholds are Otsu's: those that leave the
/// least variance within the classes (Otsu 1979), over the values of all channels together.
pub(super) fn quantize(canvas: Canvas, thresholds: usize) -> Canvas {
    let mut histogram = [0.0_f64; 256];
    for value in canvas.planes.iter().flatten() {
        histogram[usize::from(*value as u8)] += 1.0;
    }
    let table = classes(&histogram, thresholds + 1);
    canvas.map_values(|value| table[usize::from(value as u8)])
}

/// The mean of the class of each value, for the best `classes` classes.
fn classes(histogram: &[f64; 256], classes: usize) -> [f32; 256] {
    // Sums before each value: of counts, and of counts times value.
    let mut counts = [0.0; 257];
    let mut values = [0.0; 257];
    for value in 0..256 {
        counts[value + 1] = counts[value] + histogram[value];
        values[value + 1] = values[value] + histogram[value] * value as f64;
    }
    // The least variance within classes is the most explained by them, a sum of S^2 / N over the classes.
    let explained = |from: usize, to: usize| {
        let (count, sum) = (counts[to] - counts[from], values[to] - values[from]);
        if count > 0.0 { sum * sum / count } else { 0.0 }
    };
    let mut best: [f64; 257] = std::array::from_fn(|to| explained(0, to));
    let mut cuts: Vec<[usize; 257]> = vec![[0; 257]];
    for _ in 1..classes.clamp(1, 256) {
        let mut next = [0.0; 257];
        let mut from = [0; 257];
        for to in 0..=256 {
            for (start, before) in best.iter().enumerate().take(to + 1) {
                let sum = before + explained(start, to);
                if sum > next[to] {
                    (next[to], from[to]) = (sum, start);
                }
            }
        }
        best = next;
        cuts.push(from);
    }
    let mut table = [0.0; 256];
    let mut to = 256;
    for from in cuts.iter().rev() {
        let start = from[to];
        let (count, sum) = (counts[to] - counts[start], values[to] - values[start]);
        table[start..to].fill(if count > 0.0 { (sum / count) as f32 } else { 0.0 });
        to = start;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_heaps_of_values_become_their_means() {
        let mut histogram = [0.0; 256];
        for (value, count) in [(10, 1.0), (12, 1.0), (200, 3.0), (204, 1.0)] {
            histogram[value] = count;
        }
        let table = classes(&histogram, 2);
        assert_eq!(
            [table[10], table[12], table[200], table[204]],
            [11.0, 11.0, 201.0, 201.0]
        );
        let all = classes(&histogram, 4);
        assert_eq!([all[10], all[12], all[200], all[204]], [10.0, 12.0, 200.0, 204.0]);
    }

    #[test]
    fn contrast_keeps_black_gray_and_white_both_ways() {
        let mut directions = [0, 0];
        for seed in 0..20 {
            let ramp = Canvas {
                width: 5,
                height: 1,
                planes: std::array::from_fn(|_| vec![0.0, 63.75, 127.5, 191.25, 255.0]),
            };
            let [curve, ..] = contrast(ramp, 8.0, &mut Noise::new(seed)).planes;
            for (at, value) in [(0, 0.0), (2, 127.5), (4, 255.0)] {
                assert!((curve[at] - value).abs() < 1e-2, "{curve:?}");
            }
            directions[usize::from(curve[1] < 63.75)] += 1;
        }
        assert!(directions.iter().all(|count| *count > 3), "{directions:?}");
    }
}
