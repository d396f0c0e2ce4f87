//! How far the foretold mean over a photo's crops may lie from the mean over all of them.

use super::kriging::Kriging;

/// Standard deviation of a photo's scores that is assumed before they tell; it counts as much as one of them.
///
/// The models that were looked at have 0.006 to 0.035 on photographs. Photos of little spread stop a little later for it, and those of much
/// spread whose first crops happen to agree do not stop too early.
const ASSUMED: f64 = 0.02;

/// The distance within which the mean over all planned crops lies of what `scores`, which the first of them have, foretell, in about
/// 95 of 100 photos; 0 if all have been scored.
pub fn uncertainty(kriging: &Kriging, scores: &[f32]) -> f32 {
    if scores.is_empty() {
        return f32::INFINITY;
    }
    if scores.len() >= kriging.order().len() {
        return 0.0;
    }
    let (crops, left) = kriging.known(scores.len());
    // A degree of freedom is lost to the mean, and what is assumed is another.
    let variance = (kriging.foretell(scores).squares + ASSUMED * ASSUMED) / crops;
    (student(crops) * (variance * left).sqrt()) as f32
}

/// Standard errors on each side of a mean that hold 95% of Student's distribution, to 0.03.
fn student(freedom: f64) -> f64 {
    1.96 + (2.37 + (2.82 + (1.69 + 3.87 / freedom) / freedom) / freedom) / freedom
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::{Crop, random::SplitMix64};

    /// Side of a cell whose scores are alike, in pixels.
    const CELL: u32 = 28;
    /// Sides of a crop and of a photo in cells.
    const CROP: u32 = 8;
    const PHOTO: u32 = 18;

    /// Ten random crops of a photo and their scores: means over the crop's cells, of normal numbers that are independent, and something
    /// of the crop's own. A score's standard deviation is `spread`.
    fn photo(random: &mut SplitMix64, spread: f64) -> (Vec<Crop>, Vec<f64>) {
        // The sum of twelve uniform numbers is close to normal.
        let normal = |random: &mut SplitMix64| {
            (0..12)
                .map(|_| f64::from(random.up_to(1 << 20)) / f64::from(1 << 20))
                .sum::<f64>()
                - 6.0
        };
        let cells: Vec<f64> = (0..PHOTO * PHOTO).map(|_| normal(random)).collect();
        let mut scored = |_| {
            let (x, y) = (random.up_to(PHOTO - CROP), random.up_to(PHOTO - CROP));
            let sum: f64 = (y..y + CROP)
                .flat_map(|y| (x..x + CROP).map(move |x| (x, y)))
                .map(|(x, y)| cells[(y * PHOTO + x) as usize])
                .sum();
            let crop = Crop {
                x: CELL * x,
                y: CELL * y,
                size: CELL * CROP,
            };
            let score = 0.9f64.sqrt() * sum / f64::from(CROP) + 0.1f64.sqrt() * normal(random);
            (crop, 0.6 + spread * score)
        };
        let mut crops: Vec<(Crop, f64)> = (0..10).map(&mut scored).collect();
        crops.dedup_by_key(|(crop, _)| *crop);
        crops.into_iter().unzip()
    }

    /// The share of simulated photos in which the mean of all lies within the uncertainty, with `stop` having the last say of when to end; and
    /// the mean number of crops.
    fn share(spread: impl Fn(&mut SplitMix64) -> f64, stop: impl Fn(usize, f32) -> bool) -> (f64, f64) {
        let mut random = SplitMix64::new(3);
        let (mut within, mut scored) = (0.0, 0.0);
        let photos = 2000;
        for _ in 0..photos {
            let spread = spread(&mut random);
            let (plan, all) = photo(&mut random, spread);
            let kriging = Kriging::new(&plan, true);
            let scores: Vec<f32> = kriging.order().iter().map(|&place| all[place] as f32).collect();
            let mean = all.iter().sum::<f64>() / all.len() as f64;
            let ended = |&count: &usize| count == scores.len() || stop(count, uncertainty(&kriging, &scores[..count]));
            let count = (1..=scores.len()).find(ended).unwrap();
            let error = (kriging.foretell(&scores[..count]).mean - mean).abs();
            within += f64::from(u8::from(
                error <= f64::from(uncertainty(&kriging, &scores[..count])) + 1e-6,
            ));
            scored += count as f64;
        }
        (within / f64::from(photos), scored / f64::from(photos))
    }

    #[test]
    fn the_mean_of_all_lies_within_it_in_nineteen_of_twenty_photos() {
        for spread in [0.005, 0.02, 0.06] {
            for crops in [2, 4, 7] {
                let (within, _) = share(|_| spread, |count, _| count == crops);
                // What is assumed makes it a little too sure of few crops of a large spread.
                assert!(within > 0.905, "{within} at {spread}, {crops} crops");
                // It is not needlessly wide either, but for what is assumed, which is much where the spread is little.
                assert!(spread < 0.05 || within < 0.985, "{within} at {spread}, {crops} crops");
            }
        }
    }

    #[test]
    fn and_when_it_decides_how_many_crops_there_are() {
        for tolerance in [0.005, 0.01, 0.03] {
            // Photos of spreads as far apart as those of models: a factor of 6.
            let spread = |random: &mut SplitMix64| 0.006 * 6f64.powf(f64::from(random.up_to(1000)) / 1000.0);
            let (within, crops) = share(spread, |_, left| left <= tolerance);
            assert!(within > 0.93, "{within} at {tolerance}");
            assert!(crops < 8.0, "{crops} crops at {tolerance}");
        }
    }

    #[test]
    fn all_crops_leave_nothing_uncertain() {
        let (plan, scores) = photo(&mut SplitMix64::new(1), 0.02);
        let scores: Vec<f32> = scores.iter().map(|&score| score as f32).collect();
        let kriging = Kriging::new(&plan, false);
        assert_eq!(uncertainty(&kriging, &scores), 0.0);
        assert_eq!(uncertainty(&kriging, &[]), f32::INFINITY);
        // One crop tells little, unless all are at its place.
        assert!(uncertainty(&kriging, &scores[..1]) > 0.05);
        let kriging = Kriging::new(&[plan[0]; 10], true);
        assert_eq!(uncertainty(&kriging, &scores[..1]), 0.0);
    }

    #[test]
    fn student_is_close_to_its_table() {
        let table = [
            (1.0, 12.706),
            (2.0, 4.303),
            (3.0, 3.182),
            (4.0, 2.776),
            (9.0, 2.262),
            (30.0, 2.042),
            (99.0, 1.984),
        ];
        for (freedom, expected) in table {
            let found = student(freedom);
            assert!((found - expected).abs() < 0.03, "{freedom}: {found}");
        }
    }
}
