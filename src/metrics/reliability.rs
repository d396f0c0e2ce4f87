//! How far scores can be relied on: an interval that holds what people say, and the least difference that orders two photos.
//!
//! Both are split conformal prediction: what was seen on photos that the model has not learned from holds, in the mean, for others of
//! their kind (Lei et al., "Distribution-Free Predictive Inference for Regression", 2018).

use serde::Serialize;

use super::rank::spearman;
use crate::weights::{INTERVAL_LEVEL, Measured, Reliability};

/// The part of the pairs that have to be in the right order among those of about the same difference of scores.
pub const RIGHT: f64 = 0.75;

/// Scores of a set of photos and what people said of them.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    /// The set's name.
    pub name: &'a str,
    /// The model's scores.
    pub scores: &'a [f64],
    /// What people said, in the order of `scores`, on a scale of its own: the straight line that gives labels the mean and the deviation of the
    /// scores brings them to the scores' scale. Higher is better.
    pub labels: &'a [f64],
}

/// How the figures that a model states hold on a set of photos.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Held {
    /// The part of the photos inside their intervals; [`INTERVAL_LEVEL`] is promised.
    pub inside: f64,
    /// The part of the pairs whose difference says which one is better.
    pub decided: f64,
    /// The part of those in the right order; `None` if none is decided.
    pub right: Option<f64>,
}

impl Held {
    /// Of what a model states; labels are brought to the scale of the scores as for [`reliability()`].
    pub fn of(set: &Judged<'_>, stated: &Reliability) -> Self {
        let labels = on_the_scale_of_scores(set);
        let within = |(score, label): (&f64, f64)| (score - label).abs() <= f64::from(stated.interval);
        let inside = set.scores.iter().zip(labels).filter(|&pair| within(pair)).count();
        let pairs = pairs(set);
        let decided: Vec<&(f64, bool)> = pairs
            .iter()
            .filter(|(gap, _)| *gap > f64::from(stated.difference))
            .collect();
        let right = decided.iter().filter(|(_, right)| *right).count() as f64;
        Self {
            inside: inside as f64 / set.scores.len().max(1) as f64,
            decided: decided.len() as f64 / pairs.len().max(1) as f64,
            right: (!decided.is_empty()).then(|| right / decided.len() as f64),
        }
    }
}

/// What holds for every set: the widest interval and the largest difference. `None` without photos, or if a set tells nothing.
pub fn reliability(sets: &[Judged<'_>]) -> Option<Reliability> {
    let mut all = Reliability {
        interval: 0.0,
        difference: 0.0,
        measured: Vec::new(),
    };
    for set in sets {
        all.interval = all.interval.max(half_width(set)? as f32);
        all.difference = all.difference.max(least_difference(set)? as f32);
        all.measured.push(Measured {
            name: set.name.to_owned(),
            photos: set.scores.len() as u32,
            srcc: spearman(set.scores, set.labels)? as f32,
        });
    }
    (!sets.is_empty()).then_some(all)
}

/// The conformal quantile of the residuals: of `n` the `ceil((n + 1) * level)`-th.
fn half_width(set: &Judged<'_>) -> Option<f64> {
    let labels = on_the_scale_of_scores(set);
    let mut residuals: Vec<f64> = set
        .scores
        .iter()
        .zip(labels)
        .map(|(score, label)| (score - label).abs())
        .collect();
    residuals.sort_by(f64::total_cmp);
    let rank = ((residuals.len() + 1) as f64 * INTERVAL_LEVEL).ceil() as usize;
    residuals.get(rank.checked_sub(1)?).copied()
}

fn on_the_scale_of_scores(set: &Judged<'_>) -> Vec<f64> {
    let moments = |values: &[f64]| {
        let count = values.len().max(1) as f64;
        let mean = values.iter().sum::<f64>() / count;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        (mean, variance.sqrt())
    };
    let ((score, score_deviation), (label, deviation)) = (moments(set.scores), moments(set.labels));
    let factor = score_deviation / deviation.max(f64::MIN_POSITIVE);
    set.labels
        .iter()
        .map(|value| score + factor * (value - label))
        .collect()
}

/// The least difference of scores from which on [`RIGHT`] of the pairs are in the right order: of the pairs by rising difference, in parts
/// of a fortieth, where the parts begin that are all right often enough.
fn least_difference(set: &Judged<'_>) -> Option<f64> {
    let mut pairs = pairs(set);
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut least = pairs.last()?.0;
    for part in pairs.chunks(pairs.len().div_ceil(40)).rev() {
        let right = part.iter().filter(|(_, right)| *right).count() as f64 / part.len() as f64;
        if right < RIGHT {
            break;
        }
        least = part.first()?.0;
    }
    Some(least)
}

/// For each pair of photos that people did not find equal: the difference of the scores, and whether it has the right sign.
fn pairs(set: &Judged<'_>) -> Vec<(f64, bool)> {
    let (scores, labels) = (set.scores, set.labels);
    let mut pairs = Vec::new();
    for first in 0..scores.len() {
        for second in 0..first {
            let (score, label) = (scores[first] - scores[second], labels[first] - labels[second]);
            if label != 0.0 {
                pairs.push((score.abs(), score * label > 0.0));
            }
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::random::SplitMix64;

    /// Photos of a model whose errors are uniform in -0.1 to 0.1, and labels on a scale of their own.
    fn photos(seed: u64, count: usize) -> (Vec<f64>, Vec<f64>) {
        let mut random = SplitMix64::new(seed);
        let mut uniform = || (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        (0..count)
            .map(|_| {
                let quality = uniform();
                (quality + 0.2 * uniform() - 0.1, 40.0 * quality + 7.0)
            })
            .unzip()
    }

    fn judged<'a>(scores: &'a [f64], labels: &'a [f64]) -> Judged<'a> {
        Judged {
            name: "made",
            scores,
            labels,
        }
    }

    #[test]
    fn intervals_hold_on_photos_of_the_same_kind() {
        let (scores, labels) = photos(1, 500);
        let of = reliability(&[judged(&scores, &labels)]).unwrap();
        let (scores, labels) = photos(2, 2000);
        let inside = Held::of(&judged(&scores, &labels), &of).inside;
        assert!((0.87..0.94).contains(&inside), "{inside}");
    }

    #[test]
    fn pairs_of_the_least_difference_are_right_often_enough() {
        let (scores, labels) = photos(3, 500);
        let of = reliability(&[judged(&scores, &labels)]).unwrap();
        assert!(of.difference > 0.0);
        let (scores, labels) = photos(4, 1000);
        let (mut right, mut decided) = (0.0, 0.0);
        for first in 0..scores.len() {
            for second in 0..first {
                let gap = scores[first] - scores[second];
                if (1.0..1.5).contains(&(gap.abs() / f64::from(of.difference))) {
                    decided += 1.0;
                    right += f64::from(u8::from(gap * (labels[first] - labels[second]) > 0.0));
                }
            }
        }
        assert!(right / decided > RIGHT - 0.03, "{right} of {decided}");
    }

    #[test]
    fn scores_that_tell_nothing_order_nothing() {
        let (scores, mut labels) = photos(5, 300);
        labels.reverse();
        let of = reliability(&[judged(&scores, &labels)]).unwrap();
        let largest = scores.iter().fold(0.0, |largest, score| f64::max(largest, *score));
        assert!(f64::from(of.difference) > 0.5 * largest, "{}", of.difference);
    }

    #[test]
    fn the_worst_set_decides() {
        let (scores, labels) = photos(6, 200);
        let (good, label) = (judged(&labels, &labels), judged(&scores, &labels));
        let alone = reliability(&[label]).unwrap();
        let both = reliability(&[good, label]).unwrap();
        assert_eq!((both.interval, both.difference), (alone.interval, alone.difference));
        assert_eq!(both.measured.len(), 2);
        assert!(reliability(&[]).is_none());
    }
}
