//! How far a figure would move with other photos of the same kind: Efron's bootstrap. The photos are drawn anew with
//! replacement, as many as there are, and the figure is taken of each draw; the interval spans the middle 95% of them.

use rayon::prelude::*;
use serde::Serialize;

use crate::image::random::SplitMix64;

/// Draws that an interval is taken from.
pub const RESAMPLES: usize = 1000;
/// How much of the draws lies within an interval.
pub const CONFIDENCE: f64 = 0.95;
/// Share of the draws for which a figure must be defined; of fewer, an interval would speak of the lucky draws alone.
const DEFINED: f64 = 0.9;

/// Where a figure lies in the middle 95% of the draws.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// Intervals for all figures that `figures` gives, in its order; no interval for a figure that is often undefined.
///
/// `sizes` are the numbers of photos of each dataset. A draw keeps them: photos are replaced within their dataset.
/// `figures` gets, for each dataset, the indices drawn, and answers with the same number of figures each time. What is
/// drawn of a dataset depends on `seed` and its place alone, so it gets the same interval with others after it.
pub fn bootstrap<F>(sizes: &[usize], seed: u64, figures: F) -> Vec<Option<Interval>>
where
    F: Fn(&[Vec<usize>]) -> Vec<Option<f64>> + Sync,
{
    let draws: Vec<Vec<Option<f64>>> = (0..RESAMPLES as u64)
        .into_par_iter()
        .map(|draw| {
            let drawn = |(place, &size): (usize, &usize)| indices(size, seed, place as u64, draw);
            figures(&sizes.iter().enumerate().map(drawn).collect::<Vec<_>>())
        })
        .collect();
    let count = draws.first().map_or(0, Vec::len);
    (0..count)
        .map(|figure| {
            middle(
                draws
                    .iter()
                    .filter_map(|draw| draw.get(figure).copied().flatten())
                    .collect(),
            )
        })
        .collect()
}

/// As many indices below `size`, drawn with replacement.
fn indices(size: usize, seed: u64, place: u64, draw: u64) -> Vec<usize> {
    let Some(last) = size.checked_sub(1) else {
        return Vec::new();
    };
    // A seed of its own for each draw, so that draws can be made in any order.
    let mut seeds = SplitMix64::new(seed ^ SplitMix64::new(place << 32 | draw).next_u64());
    let mut random = SplitMix64::new(seeds.next_u64());
    (0..size).map(|_| random.up_to(last as u32) as usize).collect()
}

fn middle(mut values: Vec<f64>) -> Option<Interval> {
    if (values.len() as f64) < DEFINED * RESAMPLES as f64 {
        return None;
    }
    values.sort_unstable_by(f64::total_cmp);
    let tail = (1.0 - CONFIDENCE) / 2.0;
    Some(Interval {
        low: quantile(&values, tail)?,
        high: quantile(&values, 1.0 - tail)?,
    })
}

/// The value below which `share` of the sorted values lie, between two of them in proportion.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * sorted.len().checked_sub(1)? as f64;
    let below = *sorted.get(place.floor() as usize)?;
    let above = *sorted.get(place.ceil() as usize)?;
    Some(below + (above - below) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(values: &[f64], indices: &[usize]) -> Option<f64> {
        let sum: f64 = indices.iter().map(|&index| values[index]).sum();
        (!indices.is_empty()).then(|| sum / indices.len() as f64)
    }

    /// The standard error of a mean is known, so its interval is.
    #[test]
    fn the_interval_of_a_mean_is_two_standard_errors_wide_to_each_side() {
        let values: Vec<f64> = (0..400).map(|i| f64::from(i % 20)).collect();
        let found = bootstrap(&[400], 3, |drawn| vec![mean(&values, &drawn[0])])[0].unwrap();
        let standard_error = f64::sqrt((20.0 * 20.0 - 1.0) / 12.0 / 400.0);
        let expected = [9.5 - 1.96 * standard_error, 9.5 + 1.96 * standard_error];
        for (end, expected) in [(found.low, expected[0]), (found.high, expected[1])] {
            assert!((end - expected).abs() < 0.2 * standard_error, "{end} for {expected}");
        }
    }

    #[test]
    fn a_seed_decides_and_other_datasets_change_nothing() {
        let values: Vec<f64> = (0..50).map(|i| f64::from(i * i % 17)).collect();
        let alone = |seed| bootstrap(&[50], seed, |drawn| vec![mean(&values, &drawn[0])]);
        let among = bootstrap(&[50, 30, 0], 1, |drawn| {
            assert_eq!(drawn.iter().map(Vec::len).collect::<Vec<_>>(), [50, 30, 0]);
            assert_ne!(drawn[0][..30], drawn[1]);
            vec![mean(&values, &drawn[0]), mean(&values, &drawn[2])]
        });
        assert_eq!(alone(1), alone(1));
        assert_ne!(alone(1), alone(2));
        assert_eq!(among[0], alone(1)[0]);
        assert_eq!(among[1], None, "of no photos, nothing is known");
    }

    #[test]
    fn quantiles_lie_between_values() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), Some(3.0));
        assert_eq!(quantile(&[5.0], 0.975), Some(5.0));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
