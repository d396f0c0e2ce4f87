//! How far the mean over some of a photo's crops may lie from the mean over all of them.

use crate::weights::order::order;

/// Standard deviation of the crops of a photo that is assumed before they tell; it counts as much as one of them.
const ASSUMED: f32 = 0.01;

/// The distance within which the mean over all `planned` crops lies of the mean of `scores`, which some of them have, in about
/// 95 of 100 photos; 0 if all have been scored.
pub fn uncertainty(scores: &[f32], planned: usize) -> f32 {
    let count = scores.len() as f32;
    if scores.is_empty() {
        return f32::INFINITY;
    }
    let mean = scores.iter().sum::<f32>() / count;
    let squares: f32 = scores.iter().map(|score| (score - mean).powi(2)).sum();
    let variance = (squares + ASSUMED * ASSUMED) / count;
    // What has been drawn already is no longer uncertain.
    let left = 1.0 - count / (planned as f32).max(count);
    student(count) * (variance / count * left).sqrt()
}

/// Standard errors on each side of a mean that hold 95% of Student's distribution, to a tenth from two degrees of freedom on.
fn student(freedom: f32) -> f32 {
    1.96 + 2.37 / freedom + 2.82 / (freedom * freedom) + 3.3 / freedom.powi(3)
}

/// Places of `count` crops in an order in which the first ones are spread over all: 0 and then by halves.
pub fn spread_out(count: usize) -> Vec<usize> {
    let bits = usize::BITS - count.saturating_sub(1).leading_zeros();
    let reversed = |place: usize| place.reverse_bits() >> (usize::BITS - bits.max(1));
    order(count, &|a, b| reversed(a).cmp(&reversed(b)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::random::SplitMix64;

    #[test]
    fn all_crops_leave_nothing_uncertain() {
        assert_eq!(uncertainty(&[0.3, 0.5, 0.9], 3), 0.0);
        assert_eq!(uncertainty(&[], 3), f32::INFINITY);
    }

    #[test]
    fn the_mean_of_all_lies_within_it_in_nineteen_of_twenty_photos() {
        let mut random = SplitMix64::new(3);
        let mut uniform = || random.up_to(1 << 20) as f32 / (1 << 20) as f32;
        for spread in [0.01, 0.05, 0.2] {
            let mut within = 0;
            for _ in 0..2000 {
                // The sum of twelve uniform numbers is close to normal.
                let all: Vec<f32> = (0..10)
                    .map(|_| spread * ((0..12).map(|_| uniform()).sum::<f32>() - 6.0))
                    .collect();
                let mean = |scores: &[f32]| scores.iter().sum::<f32>() / scores.len() as f32;
                let some = &all[..4];
                within += i32::from((mean(some) - mean(&all)).abs() <= uncertainty(some, all.len()));
            }
            // What is assumed counts as a crop, and makes it a little too sure of photos of a large spread.
            assert!((1780..=2000).contains(&within), "{within} of 2000 at {spread}");
        }
    }

    #[test]
    fn student_is_close_to_its_table() {
        for (freedom, expected) in [(2.0, 4.303), (3.0, 3.182), (4.0, 2.776), (9.0, 2.262), (30.0, 2.042)] {
            assert!(
                (student(freedom) - expected).abs() < 0.1,
                "{freedom}: {}",
                student(freedom)
            );
        }
    }

    #[test]
    fn the_first_places_are_spread_over_all() {
        assert_eq!(spread_out(4), [0, 2, 1, 3]);
        assert_eq!(spread_out(1), [0]);
        for count in 0..40 {
            let mut places = spread_out(count);
            places.sort_unstable();
            assert_eq!(places, (0..count).collect::<Vec<_>>());
        }
    }
}
