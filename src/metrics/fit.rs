//! The curve that maps scores onto the scale of the labels before PLCC and RMSE are taken. People do not use a scale
//! evenly, and a metric should not pay for that: the Video Quality Experts Group therefore fits a monotone logistic
//! function with four parameters first ("Final report from the Video Quality Experts Group on the validation of
//! objective models of video quality assessment", 2000, section 3.2), and papers on image quality follow it.

use serde::Serialize;

/// Steps after which a fit is taken as it is.
const MAX_STEPS: usize = 200;
/// A step that gains less than this share of the squared error is the last.
const ENOUGH: f64 = 1e-12;
/// Damping at which no step can be told from none.
const MAX_DAMPING: f64 = 1e12;
/// Below this many pairs the curve's four parameters would pass through all of them and say nothing.
const MIN_PAIRS: usize = 5;

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
    /// `start` is a curve to begin with, which is worth it if much the same was fitted before.
    pub fn fit(scores: &[f64], labels: &[f64], start: Option<&Self>) -> Option<Self> {
        if scores.len() < MIN_PAIRS || scores.len() != labels.len() {
            return None;
        }
        // Standardised, so that one set of steps and tolerances suits every scale.
        let (x, y) = (Scale::of(scores)?, Scale::of(labels)?);
        let (scores, labels) = (x.standardised(scores), y.standardised(labels));
        let extreme = |pick: fn(f64, f64) -> f64| labels.iter().copied().reduce(pick).unwrap_or_default();
        let (top, bottom) = (extreme(f64::max), extreme(f64::min));
        let starts = match start {
            Some(curve) => vec![[
                (curve.high - y.mean) / y.deviation,
                (curve.low - y.mean) / y.deviation,
                (curve.centre - x.mean) / x.deviation,
                (curve.width / x.deviation).ln(),
            ]],
            // One start alone, as is customary, ends in a valley where labels fall into two heaps or one lies far out.
            None => [0.25_f64, 1.0, 4.0]
                .into_iter()
                .flat_map(|width| [[top, bottom, 0.0, width.ln()], [bottom, top, 0.0, width.ln()]])
                .collect(),
        };
        let best = starts
            .into_iter()
            .map(|start| descend(&scores, &labels, start))
            .min_by(|(a, _), (b, _)| a.total_cmp(b))?;
        let (error, [high, low, centre, log_width]) = best;
        let curve = Self {
            high: y.mean + y.deviation * high,
            low: y.mean + y.deviation * low,
            centre: x.mean + x.deviation * centre,
            width: x.deviation * log_width.exp(),
        };
        let finite = [curve.high, curve.low, curve.centre, curve.width]
            .iter()
            .all(|value| value.is_finite());
        (finite && error.is_finite() && curve.width > 0.0).then_some(curve)
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

/// `high`, `low`, `centre` and the logarithm of `width`, which keeps the width above zero without a bound.
type Parameters = [f64; 4];

/// Levenberg and Marquardt's method: squared error and parameters where it ends.
fn descend(x: &[f64], y: &[f64], start: Parameters) -> (f64, Parameters) {
    let (mut at, mut error) = (start, squared_error(x, y, &start));
    let mut damping = 1e-3;
    for _ in 0..MAX_STEPS {
        let (curvature, gradient) = normal_equations(x, y, &at);
        let gain = loop {
            let mut damped = curvature;
            for (i, row) in damped.iter_mut().enumerate() {
                // A parameter that nothing depends on has no curvature, and would leave nothing to divide by.
                row[i] += damping * (row[i] + 1e-9);
            }
            let tried = solve(damped, gradient).map(|step| std::array::from_fn(|i| at[i] + step[i]));
            let tried = tried.map(|tried| (squared_error(x, y, &tried), tried));
            if let Some((lower, tried)) = tried.filter(|(lower, _)| *lower < error) {
                let gain = error - lower;
                (at, error) = (tried, lower);
                damping = f64::max(damping * 0.1, 1e-12);
                break gain;
            }
            damping *= 10.0;
            if damping > MAX_DAMPING {
                break 0.0;
            }
        };
        if gain <= ENOUGH * error {
            break;
        }
    }
    (error, at)
}

fn squared_error(x: &[f64], y: &[f64], &[high, low, centre, log_width]: &Parameters) -> f64 {
    let slope = (-log_width).exp();
    x.iter()
        .zip(y)
        .map(|(x, y)| (y - low - (high - low) * sigmoid((x - centre) * slope)).powi(2))
        .sum()
}

/// The squared error's Gauss-Newton curvature and its downward gradient.
fn normal_equations(x: &[f64], y: &[f64], &[high, low, centre, log_width]: &Parameters) -> ([[f64; 4]; 4], Parameters) {
    let slope = (-log_width).exp();
    let mut curvature = [[0.0; 4]; 4];
    let mut gradient = [0.0; 4];
    for (x, y) in x.iter().zip(y) {
        let z = (x - centre) * slope;
        let part = sigmoid(z);
        let steep = (high - low) * part * (1.0 - part);
        let derivative = [part, 1.0 - part, -steep * slope, -steep * z];
        let rest = y - low - (high - low) * part;
        for i in 0..4 {
            gradient[i] += derivative[i] * rest;
            for j in 0..4 {
                curvature[i][j] += derivative[i] * derivative[j];
            }
        }
    }
    (curvature, gradient)
}

/// Solves `matrix * step = right` by elimination; nothing if the matrix is singular.
fn solve(mut matrix: [[f64; 4]; 4], mut right: Parameters) -> Option<Parameters> {
    for column in 0..4 {
        let pivot = (column..4).max_by(|&a, &b| matrix[a][column].abs().total_cmp(&matrix[b][column].abs()))?;
        matrix.swap(column, pivot);
        right.swap(column, pivot);
        let pivot_row = matrix[column];
        for row in 0..4 {
            if row != column {
                let factor = matrix[row][column] / pivot_row[column];
                (column..4).for_each(|i| matrix[row][i] -= factor * pivot_row[i]);
                right[row] -= factor * right[column];
            }
        }
    }
    let step: Parameters = std::array::from_fn(|i| right[i] / matrix[i][i]);
    step.iter().all(|value| value.is_finite()).then_some(step)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn errors(curve: &Logistic, scores: &[f64], labels: &[f64]) -> f64 {
        scores.iter().zip(labels).map(|(x, y)| (y - curve.at(*x)).powi(2)).sum()
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
        fn no_line_is_closer_and_units_do_not_matter(pairs in prop::collection::vec((0.0..1.0_f64, 0.0..1.0_f64), 8..40)) {
            let (scores, labels): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            let found = Logistic::fit(&scores, &labels, None).unwrap();
            // A very wide curve is a line, so the best curve is at least as close as the best line.
            let (x, y) = (Scale::of(&scores).unwrap(), Scale::of(&labels).unwrap());
            let (sx, sy) = (x.standardised(&scores), y.standardised(&labels));
            let n = scores.len() as f64;
            let slope = sx.iter().zip(&sy).map(|(x, y)| x * y).sum::<f64>() / n;
            let line = n * (1.0 - slope * slope) * y.deviation * y.deviation;
            prop_assert!(errors(&found, &scores, &labels) <= line * (1.0 + 1e-3) + 1e-9);

            let percent: Vec<f64> = labels.iter().map(|label| 100.0 * label + 7.0).collect();
            let scaled = Logistic::fit(&scores, &percent, None).unwrap();
            let ratio = errors(&scaled, &scores, &percent) / 1e4;
            prop_assert!((ratio - errors(&found, &scores, &labels)).abs() <= 1e-6 * ratio.max(1e-3));
        }
    }
}
