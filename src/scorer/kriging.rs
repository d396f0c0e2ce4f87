//! The mean over all planned crops, foretold from those that are scored: ordinary kriging (Matheron, "The theory of
//! regionalized variables and its applications", 1971).
//!
//! Scores of crops that overlap are alike. If a score were the mean of independent scores of the pixels in the crop, the
//! covariance of two crops would be the share of pixels that both have; that is the covariance here. Nothing is assumed of the
//! mean score of the photo, and the variance of the scores is left to [`precision`](super::precision).

use crate::image::Crop;

/// Part of a score that no other crop shares, not even one a pixel beside it.
const ALONE: f64 = 0.1;

/// Variance below which a crop repeats those before it.
const REPEATED: f64 = 1e-9;

/// Crops of a photo in the order in which they are scored, and what the first ones tell about all.
///
/// Holds the Cholesky factor `L` of the crops' covariances `K = L L'`, whose first rows are the factor of the first crops.
pub struct Kriging {
    /// Places in the plan.
    order: Vec<usize>,
    /// `[crops, crops]`: columns of `L` in the order of scoring, their rows in the order of the plan. A crop that repeats earlier ones has 0.
    factor: Vec<f64>,
    /// For each crop in the order of scoring: what is known with it.
    known: Vec<Known>,
}

/// What some crops tell about the mean of all, up to the variance of a score.
#[derive(Clone, Copy)]
struct Known {
    /// Crops that do not repeat others.
    crops: f64,
    /// The last crop's entries in `L^-1 k` and `L^-1 1`, where `k` are covariances with the mean of all.
    mean: f64,
    ones: f64,
    /// Variance of the mean of all that would be left if the photo's mean were known.
    left: f64,
    /// Sums over the crops of `ones * ones` and `mean * ones`.
    information: f64,
    share: f64,
}

impl Known {
    fn with(self, mean: f64, ones: f64) -> Self {
        Self {
            crops: self.crops,
            mean,
            ones,
            left: self.left - mean * mean,
            information: self.information + ones * ones,
            share: self.share + mean * ones,
        }
    }

    /// Variance of the difference between the mean of all and what is foretold.
    fn variance(&self) -> f64 {
        (self.left + (1.0 - self.share).powi(2) / self.information).max(0.0)
    }
}

/// What the scores of some crops tell about the mean of all.
pub struct Foretold {
    pub mean: f64,
    /// Sum of the squared differences between the scores, made independent and each of variance 1, and their mean.
    pub squares: f64,
}

impl Kriging {
    /// Crops in the order of the plan, or, to `choose`, each next one such that the mean of all is known best.
    pub fn new(plan: &[Crop], choose: bool) -> Self {
        let count = plan.len();
        // What is left of the covariances, of their means and of the constant, given the crops so far.
        let mut left = vec![0.0; count * count];
        for (row, a) in left.chunks_exact_mut(count).zip(plan) {
            for (entry, b) in row.iter_mut().zip(plan) {
                *entry = covariance(a, b);
            }
        }
        let mut mean = vec![0.0; count];
        for row in left.chunks_exact(count) {
            take_off(&mut mean, -1.0, row);
        }
        mean.iter_mut().for_each(|sum| *sum /= count as f64);
        let mut ones = vec![1.0; count];
        let mut known = Known {
            crops: 0.0,
            mean: 0.0,
            ones: 0.0,
            left: mean.iter().sum::<f64>() / count as f64,
            information: 0.0,
            share: 0.0,
        };
        let mut all = Self {
            order: (0..count).collect(),
            factor: vec![0.0; count * count],
            known: vec![known; count],
        };
        for (step, column) in all.factor.chunks_exact_mut(count).enumerate() {
            let with = |at: usize| {
                let variance = left[at * count + at];
                let scale = if variance > REPEATED {
                    1.0 / variance.sqrt()
                } else {
                    0.0
                };
                (scale, known.with(scale * mean[at], scale * ones[at]))
            };
            let mut best = step;
            if choose {
                let mut least = f64::INFINITY;
                for (index, &at) in all.order.iter().enumerate().skip(step) {
                    let variance = with(at).1.variance();
                    if variance < least {
                        (least, best) = (variance, index);
                    }
                }
            }
            all.order.swap(step, best);
            let place = all.order[step];
            let (scale, next) = with(place);
            known = next;
            known.crops += if scale > 0.0 { 1.0 } else { 0.0 };
            take_off(column, -scale, &left[place * count..]);
            take_off(&mut mean, known.mean, column);
            take_off(&mut ones, known.ones, column);
            for (row, &entry) in left.chunks_exact_mut(count).zip(&*column) {
                // Nothing is shared with crops of another size.
                if entry != 0.0 {
                    take_off(row, entry, column);
                }
            }
            all.known[step] = known;
        }
        all
    }

    /// Places in the plan, in the order in which crops are scored.
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// Crops among the first `count`, at least one, that do not repeat others; and the variance of the difference between the mean of all
    /// and what they foretell, in variances of a score.
    pub fn known(&self, count: usize) -> (f64, f64) {
        let known = &self.known[count - 1];
        (known.crops, known.variance())
    }

    /// What the `values` of the first crops, at least one, tell. The mean is a weighted sum of them whose weights sum to 1.
    pub fn foretell(&self, values: &[f32]) -> Foretold {
        let count = self.order.len();
        let mut rest = vec![0.0; count];
        for (&place, &value) in self.order.iter().zip(values) {
            rest[place] = f64::from(value);
        }
        let (mut mean, mut level, mut squares) = (0.0, 0.0, 0.0);
        for ((column, known), &place) in self
            .factor
            .chunks_exact(count)
            .zip(&self.known)
            .zip(&self.order)
            .take(values.len())
        {
            if column[place] == 0.0 {
                continue;
            }
            let independent = rest[place] / column[place];
            take_off(&mut rest, independent, column);
            mean += known.mean * independent;
            level += known.ones * independent;
            squares += independent * independent;
        }
        let known = &self.known[values.len() - 1];
        let level = level / known.information;
        Foretold {
            mean: mean + (1.0 - known.share) * level,
            squares: (squares - level * level * known.information).max(0.0),
        }
    }
}

/// Takes `times` the `column` off `values`. Once for all that do it: what is inlined and unrolled for each of them is more for browsers to download.
#[inline(never)]
fn take_off(values: &mut [f64], times: f64, column: &[f64]) {
    for (value, entry) in values.iter_mut().zip(column) {
        *value -= times * entry;
    }
}

/// Covariance of the scores of two crops, 1 with itself. Crops of different sizes show the photo at different scales, of which a
/// model may like one better: they tell nothing of each other.
fn covariance(a: &Crop, b: &Crop) -> f64 {
    if a == b {
        return 1.0;
    }
    if a.size != b.size {
        return 0.0;
    }
    let shared = |a: u32, b: u32, size: u32| f64::from(size.saturating_sub(a.abs_diff(b))) / f64::from(size);
    (1.0 - ALONE) * shared(a.x, b.x, a.size) * shared(a.y, b.y, a.size)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::image::{CropOptions, CropPolicy, Preparation};

    /// Crops as they are planned: of any policy, of one size or more, of photos as small as a crop.
    fn plans() -> impl Strategy<Value = Vec<Crop>> {
        let sizes = prop_oneof![Just(vec![]), Just(vec![224, 300]), Just(vec![224, 226, 384])];
        let policy = prop::sample::select(CropPolicy::ALL.to_vec());
        (
            384u32..1200,
            384u32..1200,
            any::<bool>(),
            policy,
            1u32..24,
            0u64..99,
            sizes,
        )
            .prop_map(|(width, height, small, policy, crops, seed, sizes)| {
                let preparation = Preparation {
                    sizes,
                    ..Preparation::default()
                };
                let width = if small {
                    *preparation.sizes().last().unwrap()
                } else {
                    width
                };
                let options = CropOptions { policy, crops, seed };
                preparation.plan(width, height, &options).unwrap()
            })
    }

    /// Scores that look random, and depend on the crop alone.
    fn score(crop: &Crop) -> f32 {
        let Crop { x, y, size } = *crop;
        0.5 + 0.3 * (0.37 * x as f32 + 1.91 * y as f32 + 0.11 * size as f32).sin()
    }

    fn mean(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / values.len() as f64
    }

    /// Solves `matrix x = right` by elimination with pivots.
    fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
        let count = right.len();
        for step in 0..count {
            let largest = |&a: &usize, &b: &usize| matrix[a][step].abs().total_cmp(&matrix[b][step].abs());
            let pivot = (step..count).max_by(largest).unwrap();
            matrix.swap(step, pivot);
            right.swap(step, pivot);
            let (above, below) = matrix.split_at_mut(step + 1);
            let pivot = &above[step];
            for (row, below) in below.iter_mut().enumerate() {
                let times = below[step] / pivot[step];
                below
                    .iter_mut()
                    .zip(pivot)
                    .for_each(|(entry, pivot)| *entry -= times * pivot);
                right[step + 1 + row] -= times * right[step];
            }
        }
        for step in (0..count).rev() {
            let known: f64 = (step + 1..count)
                .map(|column| matrix[step][column] * right[column])
                .sum();
            right[step] = (right[step] - known) / matrix[step][step];
        }
        right
    }

    /// The equations of ordinary kriging as the textbooks have them: mean of all of `plan` from `some` of it, and its variance.
    fn textbook(plan: &[Crop], some: &[Crop]) -> (f64, f64) {
        let with_all = |crop: &Crop| mean(&plan.iter().map(|other| covariance(crop, other)).collect::<Vec<_>>());
        let mut matrix: Vec<Vec<f64>> = some
            .iter()
            .map(|a| some.iter().map(|b| covariance(a, b)).chain([1.0]).collect())
            .collect();
        matrix.push(some.iter().map(|_| 1.0).chain([0.0]).collect());
        let right: Vec<f64> = some.iter().map(with_all).chain([1.0]).collect();
        let weights = solve(matrix, right.clone());
        let product = |a: &[f64], b: &mut dyn Iterator<Item = f64>| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let foretold = product(&weights, &mut some.iter().map(|crop| f64::from(score(crop))));
        let variance = mean(&plan.iter().map(with_all).collect::<Vec<_>>());
        (foretold, variance - product(&weights, &mut right.into_iter()))
    }

    proptest! {
        #[test]
        fn it_is_what_the_textbooks_equations_give(plan in plans(), choose: bool) {
            let kriging = Kriging::new(&plan, choose);
            let scored: Vec<Crop> = kriging.order().iter().map(|&place| plan[place]).collect();
            let scores: Vec<f32> = scored.iter().map(score).collect();
            for count in 1..=plan.len() {
                let mut some = scored[..count].to_vec();
                some.sort_by_key(|crop| (crop.size, crop.x, crop.y));
                some.dedup();
                let (crops, variance) = kriging.known(count);
                let (expected, expected_variance) = textbook(&plan, &some);
                prop_assert_eq!(crops, some.len() as f64);
                let found = kriging.foretell(&scores[..count]).mean;
                prop_assert!((found - expected).abs() < 1e-6, "{} crops: {} {}", count, found, expected);
                prop_assert!((variance - expected_variance).abs() < 1e-9, "{} {}", variance, expected_variance);
            }
        }

        #[test]
        fn every_crop_is_scored_once_and_all_of_them_have_their_plain_mean(plan in plans(), choose: bool) {
            let kriging = Kriging::new(&plan, choose);
            let mut order = kriging.order().to_vec();
            if !choose {
                prop_assert!(order.is_sorted());
            }
            let scores: Vec<f32> = order.iter().map(|&place| score(&plan[place])).collect();
            let plain = mean(&scores.iter().map(|&score| f64::from(score)).collect::<Vec<_>>());
            prop_assert!((kriging.foretell(&scores).mean - plain).abs() < 1e-6);
            prop_assert!(kriging.known(plan.len()).1 < 1e-9);
            order.sort_unstable();
            prop_assert_eq!(order, (0..plan.len()).collect::<Vec<_>>());
        }

        #[test]
        fn weights_sum_to_one_and_each_crop_tells_more(plan in plans(), choose: bool) {
            let kriging = Kriging::new(&plan, choose);
            let mut before = f64::INFINITY;
            for count in 1..=plan.len() {
                let same = kriging.foretell(&vec![0.75; count]);
                prop_assert!((same.mean - 0.75).abs() < 1e-9 && same.squares < 1e-9);
                let (_, variance) = kriging.known(count);
                prop_assert!(variance <= before + 1e-12, "{} after {}", variance, before);
                before = variance;
            }
        }
    }

    fn random(crops: u32, seed: u64) -> Vec<Crop> {
        let options = CropOptions {
            crops,
            seed,
            ..CropOptions::default()
        };
        crate::image::plan(500, 500, &options).unwrap()
    }

    #[test]
    fn a_chosen_order_leaves_less_than_the_order_of_the_plan() {
        for count in 1..8 {
            let left = |choose| {
                mean(
                    &(0..50)
                        .map(|seed| Kriging::new(&random(10, seed), choose).known(count).1)
                        .collect::<Vec<_>>(),
                )
            };
            assert!(
                left(true) < 0.8 * left(false),
                "{count}: {} {}",
                left(true),
                left(false)
            );
        }
    }

    #[test]
    fn a_hundred_crops_are_as_good_as_solved() {
        let plan = random(100, 1);
        let kriging = Kriging::new(&plan, true);
        let scored: Vec<Crop> = kriging.order().iter().map(|&place| plan[place]).collect();
        let scores: Vec<f32> = scored.iter().map(score).collect();
        for count in [1, 2, 10, 50, 99] {
            let (expected, variance) = textbook(&plan, &scored[..count]);
            assert!((kriging.foretell(&scores[..count]).mean - expected).abs() < 1e-6);
            assert!((kriging.known(count).1 - variance).abs() < 1e-9);
        }
    }

    #[test]
    fn crops_at_the_same_place_are_known_by_one() {
        let plan = vec![Crop { x: 3, y: 0, size: 224 }; 10];
        for choose in [false, true] {
            let kriging = Kriging::new(&plan, choose);
            assert_eq!(kriging.order(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
            for count in 1..=10 {
                let (crops, variance) = kriging.known(count);
                assert_eq!((crops, variance), (1.0, 0.0));
                assert!((kriging.foretell(&vec![0.25; count]).mean - 0.25).abs() < 1e-9);
            }
        }
    }
}
