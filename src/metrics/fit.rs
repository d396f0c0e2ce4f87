//! The curve that maps scores onto the scale of the labels before PLCC and RMSE are taken. People do not use a scale
//! evenly, and a metric should not pay for that: the Video Quality Experts Group therefore fits a monotone logistic
//! function with four parameters first ("Final report from the Video Quality Experts Group on the validation of
//! objective models of video quality assessment", 2000, section 3.2), and papers on image quality follow it.

use serde::Serialize;

/// Steps after which a fit is taken as it is.
const MAX_STEPS: usize = 100;
/// A step that gains less than this share of the squared error is the last.
const ENOUGH: f64 = 1e-12;
/// The same for a fit that begins with a curve fitted to much the same pairs: there are a thousand of them, and what their
/// last digits are is lost among their differences.
const MAX_STEPS_AGAIN: usize = 20;
/// See [`MAX_STEPS_AGAIN`].
const ENOUGH_AGAIN: f64 = 1e-7;
/// Damping at which no step can be told from none.
const MAX_DAMPING: f64 = 1e9;
/// Logarithms of widths, in standard deviations of the scores: beyond the first a curve is a step, beyond the last a line,
/// and more of it only overflows.
const LOG_WIDTHS: std::ops::RangeInclusive<f64> = -12.0..=12.0;
/// Below this many pairs the curve's four parameters would pass through all of them and say nothing.
const MIN_PAIRS: usize = 5;

/// `[factor, constant]` of the straight line of least squared error from `x` to `y`, given pairs of them; nothing below two, or if all `x` are equal.
pub fn line(pairs: impl Iterator<Item = (f64, f64)>) -> Option<[f64; 2]> {
    let pairs: Vec<(f64, f64)> = pairs.collect();
    let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / pairs.len() as f64;
    let (mean_x, mean_y) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let (mut xx, mut xy) = (0.0, 0.0);
    for (x, y) in &pairs {
        xx += (x - mean_x).powi(2);
        xy += (x - mean_x) * (y - mean_y);
    }
    let factor = xy / xx;
    factor.is_finite().then_some([factor, mean_y - factor * mean_x])
}

/// `low + (high - low) / (1 + exp(-(score - centre) / width))`. If scores and labels run in opposite directions, `high`
/// is the smaller of the two.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Logistic {
    /// Where the curve tends for high scores, in the unit of the labels.
    pub high: f64,
    /// Where it tends for low scores.
    pub low: f64,
    /// The score half-way between, where it is steepest.
    pub centre: f64,
    /// How many scores it takes to get from one to the other; above zero.
    pub width: f64,
}

impl Logistic {
    /// The curve of least squared error, or nothing below five pairs, or if all scores or all labels are equal.
    ///
    /// `start` is a curve to begin with, which is worth it if much the same was fitted before: the fit is then faster and
    /// less exact, and looks at no other.
    pub fn fit(scores: &[f64], labels: &[f64], start: Option<&Self>) -> Option<Self> {
        if scores.len() < MIN_PAIRS || scores.len() != labels.len() {
            return None;
        }
        // Standardised, so that one set of steps and tolerances suits every scale.
        let (x, y) = (Scale::of(scores)?, Scale::of(labels)?);
        let raw = (scores, labels);
        let (scores, labels) = (x.standardised(scores), y.standardised(labels));
        let curve = |best: Candidate| {
            let [centre, log_width] = best.at;
            let low = -best.rise * best.mean;
            let curve = Self {
                high: y.mean + y.deviation * (low + best.rise),
                low: y.mean + y.deviation * low,
                centre: x.mean + x.deviation * centre,
                width: x.deviation * log_width.exp(),
            };
            let values = [curve.high, curve.low, curve.centre, curve.width];
            (values.iter().all(|value| value.is_finite()) && curve.width > 0.0).then_some(curve)
        };
        if let Some(start) = start {
            let at = [(start.centre - x.mean) / x.deviation, (start.width / x.deviation).ln()];
            let begin = Candidate::new(&scores, &labels, at)?;
            return curve(begin.descend(&scores, &labels, MAX_STEPS_AGAIN, ENOUGH_AGAIN));
        }
        // One start alone, as is customary, ends in a valley where labels fall into two heaps or one lies far out.
        let starts = [-1.0, 0.0, 1.0]
            .into_iter()
            .flat_map(|centre| [0.1_f64, 0.5, 2.0].map(|width| (centre, width.ln())))
            // So wide that it is a line: no fit is worse than that.
            .chain([(0.0, 30.0_f64.ln())]);
        let curves = starts.filter_map(|(centre, log_width)| {
            let begin = Candidate::new(&scores, &labels, [centre, log_width])?;
            curve(begin.descend(&scores, &labels, MAX_STEPS, ENOUGH))
        });
        // Compared as they will be used: of a curve that is nearly flat over all scores, rounding may leave little.
        let errors = curves.map(|curve| {
            let pairs = raw.0.iter().zip(raw.1);
            let error: f64 = pairs.map(|(score, label)| (label - curve.at(*score)).powi(2)).sum();
            (error, curve)
        });
        let best = errors
            .filter(|(error, _)| error.is_finite())
            .min_by(|a, b| a.0.total_cmp(&b.0));
        best.map(|(_, curve)| curve)
    }

    /// The label that the curve predicts for a score.
    pub fn at(&self, score: f64) -> f64 {
        self.low + (self.high - self.low) * sigmoid((score - self.centre) / self.width)
    }
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// Mean and standard deviation of values that are not all equal.
struct Scale {
    mean: f64,
    deviation: f64,
}

impl Scale {
    fn of(values: &[f64]) -> Option<Self> {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let deviation = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt();
        let varies = values.iter().any(|value| Some(value) != values.first());
        (varies && deviation > 0.0 && deviation.is_finite()).then_some(Self { mean, deviation })
    }

    fn standardised(&self, values: &[f64]) -> Vec<f64> {
        values
            .iter()
            .map(|value| (value - self.mean) / self.deviation)
            .collect()
    }
}

/// A curve in standardised units. With its centre and width, the other two parameters are a regression of the labels on
/// the sigmoid of the scores, so only two have to be searched for (Golub and Pereyra's variable projection, 1973). A curve
/// that wants to be ever wider, as it is of a line, then needs few steps instead of thousands.
struct Candidate {
    /// Centre, and the logarithm of the width, which keeps the width above zero without a bound.
    at: [f64; 2],
    /// The sigmoid of each score.
    part: Vec<f64>,
    /// Mean of `part`.
    mean: f64,
    /// Sum of squares of `part` around its mean.
    spread: f64,
    /// `high` less `low`.
    rise: f64,
    /// Sum of squared differences from the labels.
    error: f64,
}

impl Candidate {
    /// The best curve of that centre and width; nothing if it is flat over all scores, or of a width beyond all sense.
    fn new(x: &[f64], y: &[f64], at: [f64; 2]) -> Option<Self> {
        if !LOG_WIDTHS.contains(&at[1]) {
            return None;
        }
        let slope = (-at[1]).exp();
        let part: Vec<f64> = x.iter().map(|x| sigmoid((x - at[0]) * slope)).collect();
        let mean = part.iter().sum::<f64>() / part.len() as f64;
        let (mut spread, mut product) = (0.0, 0.0);
        for (part, y) in part.iter().zip(y) {
            spread += (part - mean).powi(2);
            product += (part - mean) * y;
        }
        let rise = product / spread;
        let residuals = part.iter().zip(y).map(|(part, y)| y - rise * (part - mean));
        let error = residuals.map(|rest| rest * rest).sum::<f64>();
        let usable = spread > f64::MIN_POSITIVE && rise.is_finite() && error.is_finite();
        usable.then_some(Self {
            at,
            part,
            mean,
            spread,
            rise,
            error,
        })
    }

    /// Where Levenberg and Marquardt's method ends.
    fn descend(mut self, x: &[f64], y: &[f64], steps: usize, enough: f64) -> Self {
        let mut damping = 1e-3;
        for _ in 0..steps {
            let ([[a, b], [_, d]], [g, h]) = self.normal_equations(x, y);
            let before = self.error;
            while damping <= MAX_DAMPING {
                // A parameter that nothing depends on has no curvature, and would leave nothing to divide by.
                let (a, d) = (a + damping * (a + 1e-9), d + damping * (d + 1e-9));
                let determinant = a * d - b * b;
                let step = [(g * d - h * b) / determinant, (h * a - g * b) / determinant];
                let tried = Self::new(x, y, [self.at[0] + step[0], self.at[1] + step[1]]);
                if let Some(better) = tried.filter(|tried| tried.error < self.error) {
                    self = better;
                    damping = f64::max(damping * 0.1, 1e-9);
                    break;
                }
                damping *= 10.0;
            }
            if before - self.error <= enough * before {
                break;
            }
        }
        self
    }

    /// The squared error's curvature and downward gradient in centre and width, while `low` and `high` follow (Kaufman's
    /// approximation, 1975).
    fn normal_equations(&self, x: &[f64], y: &[f64]) -> ([[f64; 2]; 2], [f64; 2]) {
        let slope = (-self.at[1]).exp();
        let derivative = |x: f64, part: f64| {
            let steep = -self.rise * part * (1.0 - part);
            [steep * slope, steep * slope * (x - self.at[0])]
        };
        // Shares of the derivatives that `low` and `high` make up for.
        let (mut level, mut along) = ([0.0; 2], [0.0; 2]);
        for (x, part) in x.iter().zip(&self.part) {
            let derivative = derivative(*x, *part);
            for i in 0..2 {
                level[i] += derivative[i] / self.part.len() as f64;
                along[i] += derivative[i] * (part - self.mean) / self.spread;
            }
        }
        let (mut curvature, mut gradient) = ([[0.0; 2]; 2], [0.0; 2]);
        for ((x, part), y) in x.iter().zip(&self.part).zip(y) {
            let part_from_mean = part - self.mean;
            let rest = y - self.rise * part_from_mean;
            let derivative = derivative(*x, *part);
            let left: [f64; 2] = std::array::from_fn(|i| derivative[i] - level[i] - along[i] * part_from_mean);
            for i in 0..2 {
                gradient[i] += left[i] * rest;
                for j in 0..2 {
                    curvature[i][j] += left[i] * left[j];
                }
            }
        }
        (curvature, gradient)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn errors(curve: &Logistic, scores: &[f64], labels: &[f64]) -> f64 {
        scores.iter().zip(labels).map(|(x, y)| (y - curve.at(*x)).powi(2)).sum()
    }

    #[test]
    fn a_line_goes_through_what_lies_on_one_and_between_what_does_not() {
        let on = [(0.0, 0.5), (0.5, 0.25), (1.0, 0.0)];
        assert_eq!(line(on.into_iter()), Some([-0.5, 0.5]));
        let beside = [(0.0, 1.0), (0.0, 2.0), (1.0, 3.0), (1.0, 4.0)];
        assert_eq!(line(beside.into_iter()), Some([2.0, 1.5]));
        assert_eq!(line([(1.0, 2.0), (1.0, 3.0)].into_iter()), None);
        assert_eq!(line([(1.0, 2.0)].into_iter()), None);
        assert_eq!(line(std::iter::empty()), None);
    }

    #[test]
    fn nothing_is_fitted_to_too_little() {
        let four = [0.1, 0.2, 0.3, 0.4];
        assert_eq!(Logistic::fit(&four, &four, None), None);
        assert_eq!(Logistic::fit(&[0.1; 6], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], None), None);
        assert_eq!(Logistic::fit(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[0.1; 6], None), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_curve_is_found_again(
            high in -50.0..50.0_f64, span in 1.0..100.0_f64, centre in 0.4..0.8_f64, width in 0.02..0.2_f64, downwards: bool,
        ) {
            let (high, low) = if downwards { (high - span, high) } else { (high, high - span) };
            let curve = Logistic { high, low, centre, width };
            let scores: Vec<f64> = (0..50).map(|i| 0.2 + 0.8 * f64::from(i) / 49.0).collect();
            let labels: Vec<f64> = scores.iter().map(|&score| curve.at(score)).collect();
            let found = Logistic::fit(&scores, &labels, None).unwrap();
            for &score in &scores {
                prop_assert!((found.at(score) - curve.at(score)).abs() < 1e-4 * span, "{found:?} for {curve:?}");
            }
        }

        #[test]
        fn no_line_is_closer(pairs in prop::collection::vec((0.0..1.0_f64, 0.0..1.0_f64), 8..40)) {
            let (scores, labels): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            prop_assume!(Scale::of(&scores).is_some() && Scale::of(&labels).is_some());
            let found = Logistic::fit(&scores, &labels, None).unwrap();
            // A very wide curve is a line, so the best curve is at least as close as the best line.
            let (x, y) = (Scale::of(&scores).unwrap(), Scale::of(&labels).unwrap());
            let (sx, sy) = (x.standardised(&scores), y.standardised(&labels));
            let n = scores.len() as f64;
            let slope = sx.iter().zip(&sy).map(|(x, y)| x * y).sum::<f64>() / n;
            let line = n * (1.0 - slope * slope) * y.deviation * y.deviation;
            prop_assert!(errors(&found, &scores, &labels) <= line * (1.0 + 1e-3) + 1e-9);
        }
    }
}
