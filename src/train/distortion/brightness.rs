//! Tone curves: too bright, too dark, values shifted, quantised, contrast changed.

use super::canvas::Canvas;
use super::noise::Noise;
use super::spaces::{from_lab, to_lab};

/// The parabola through black, white and a middle gray that is moved by `amount / 2`, of values in 0..=1.
fn bend(value: f32, amount: f32) -> f32 {
    (value + 2.0 * amount * value * (1.0 - value)).clamp(0.0, 1.0)
}

/// Middle tones raised by `amount`, above 0: two thirds in RGB, one third in L of Lab.
pub(super) fn brighten(canvas: Canvas, amount: f32) -> Canvas {
    canvas.map(|rgb| {
        let [l, a, b] = to_lab(rgb);
        let in_lab = from_lab([100.0 * bend(l / 100.0, amount), a, b]);
        let in_rgb = rgb.map(|value| 255.0 * bend(value / 255.0, amount));
        std::array::from_fn(|at| in_rgb[at] * 2.0 / 3.0 + in_lab[at].clamp(0.0, 255.0) / 3.0)
    })
}

/// Middle tones of RGB lowered by `amount`, above 0.
pub(super) fn darken(canvas: Canvas, amount: f32) -> Canvas {
    canvas.map_values(|value| 255.0 * bend(value / 255.0, -amount))
}

/// `amount` (of 255) added to every value, or taken from it, as `noise` draws.
pub(super) fn mean_shift(canvas: Canvas, amount: f32, noise: &mut Noise) -> Canvas {
    let amount = if noise.coin() { amount } else { -amount };
    canvas.map_values(|value| value + amount)
}

/// A tone curve that makes the middle tones steeper by `amount`, 0 to 0.5, or flatter, as `noise` draws: a cubic through
/// black, middle gray, white and one point on each side. Black, middle gray and white stay.
pub(super) fn contrast(canvas: Canvas, amount: f32, noise: &mut Noise) -> Canvas {
    // The points are at 0.3 and 0.7; to either side of middle gray the curve is the same, turned round.
    let moved = if noise.coin() {
        -amount / 4.0
    } else {
        0.8 * amount / 4.0
    };
    let dark = Bend::through([0.0, 0.3, 0.5, 0.7], [0.0, 0.3 + moved, 0.5, 0.7 - moved]);
    canvas.map_values(|value| {
        let value = value / 255.0;
        255.0
            * if value <= 0.5 {
                dark.at(value)
            } else {
                1.0 - dark.at(1.0 - value)
            }
    })
}

/// A cubic Hermite spline through black, a point below middle gray, and middle gray.
struct Bend {
    x: [f32; 3],
    y: [f32; 3],
    slope: [f32; 3],
}

impl Bend {
    /// The last point tells the slope at middle gray alone.
    fn through(x: [f32; 4], y: [f32; 4]) -> Self {
        let slope = |a: usize, b: usize| (y[b] - y[a]) / (x[b] - x[a]);
        Self {
            x: [x[0], x[1], x[2]],
            y: [y[0], y[1], y[2]],
            slope: [slope(0, 1), slope(0, 2), slope(1, 3)],
        }
    }

    fn at(&self, value: f32) -> f32 {
        let left = usize::from(value > self.x[1]);
        let length = self.x[left + 1] - self.x[left];
        let t = ((value - self.x[left]) / length).clamp(0.0, 1.0);
        let s = 1.0 - t;
        (1.0 + 2.0 * t) * s * s * self.y[left]
            + t * s * s * length * self.slope[left]
            + t * t * (3.0 - 2.0 * t) * self.y[left + 1]
            - t * t * s * length * self.slope[left + 1]
    }
}

/// Values in `levels` classes, each of which becomes its mean. The thresholds are Otsu's: those that leave the
/// least variance within the classes (Otsu 1979), over the values of all channels together.
pub(super) fn quantize(canvas: Canvas, levels: usize) -> Canvas {
    let mut histogram = [0.0_f64; 256];
    for value in canvas.planes.iter().flatten() {
        histogram[usize::from(*value as u8)] += 1.0;
    }
    let table = classes(&histogram, levels);
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
            let [curve, ..] = contrast(ramp, 0.5, &mut Noise::new(seed)).planes;
            for (at, value) in [(0, 0.0), (2, 127.5), (4, 255.0)] {
                assert!((curve[at] - value).abs() < 1e-2, "{curve:?}");
            }
            directions[usize::from(curve[1] < 63.75)] += 1;
        }
        assert!(directions.iter().all(|count| *count > 3), "{directions:?}");
    }
}
