//! Spot checks of a GPU, natively: now and then the last crop that it computed of a photo is computed once more by somebody else.
//!
//! Drivers pass every test at load and compute wrongly later. A GPU that has gone wrong stays wrong, so a crop that is right vouches for all
//! before it; what was scored since is held, so that it can be computed anew. `js/pool/spot-checks.ts` does the same in browsers.

use std::mem::take;

/// A check is due at the second photo, and when as many have been scored since the last one: no more can be wrong when one fails.
pub const EVERY: usize = 16;

/// Scores of a crop that differ by more are not two roundings of the same: kernels agree within 1e-4, devices within 1e-3.
pub const TOLERANCE: f32 = 2e-3;

/// What a check says of the photos that were held.
#[derive(Debug, PartialEq)]
pub enum Verdict<T> {
    /// Their scores are right.
    Right(Vec<T>),
    /// Any of them may be wrong: all have to be computed anew, and what is to come elsewhere.
    Wrong(Vec<T>),
}

/// The photos of a GPU, in the order of their scoring: a `T` of each is held until a check vouches for it, and the `J` of the last one, of
/// which a crop can be computed again.
#[derive(Debug)]
pub struct SpotChecks<T, J> {
    held: Vec<T>,
    last: Option<J>,
    since: usize,
}

impl<T, J> Default for SpotChecks<T, J> {
    fn default() -> Self {
        Self {
            held: Vec::new(),
            last: None,
            since: EVERY - 2,
        }
    }
}

impl<T, J> SpotChecks<T, J> {
    /// Takes note of a photo, whose job is there if it could be scored. Where a check is due, it gives the job to be checked, and
    /// [`checked`](Self::checked) follows.
    pub fn note(&mut self, photo: T, job: Option<J>) -> Option<J> {
        self.held.push(photo);
        self.last = job.or(self.last.take());
        self.since += 1;
        if self.since < EVERY { None } else { self.due() }
    }

    /// The job to be checked when no photo follows. Without one all that is held failed by itself.
    pub fn due(&mut self) -> Option<J> {
        self.since = 0;
        self.last.take()
    }

    /// What becomes of all photos that are held, where the crop's score was `off` by so much; not a number is wrong.
    pub fn checked(&mut self, off: f32) -> Verdict<T> {
        match off <= TOLERANCE {
            true => Verdict::Right(take(&mut self.held)),
            false => Verdict::Wrong(take(&mut self.held)),
        }
    }

    /// The photos that are held, unchecked.
    pub fn unchecked(&mut self) -> Vec<T> {
        take(&mut self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Launches that a photo of one crop takes.
    const LAUNCHES: usize = 7;

    /// A GPU on which all launches from one on write nothing: what it says of a photo, which is its place where all of it is right.
    struct Faulty {
        launches: usize,
        first_wrong: usize,
    }

    impl Faulty {
        fn score(&mut self, place: usize) -> f32 {
            self.launches += LAUNCHES;
            if self.launches <= self.first_wrong {
                place as f32
            } else {
                0.3
            }
        }
    }

    /// Scores `photos` photos: what is told of each, and when the GPU was left.
    fn run(photos: usize, first_wrong: usize) -> (Vec<f32>, Option<usize>) {
        let mut gpu = Faulty {
            launches: 0,
            first_wrong,
        };
        let (mut checks, mut told, mut left) = (SpotChecks::default(), Vec::new(), None);
        for place in 1..=photos {
            if left.is_some() {
                told.push(place as f32);
                continue;
            }
            let score = gpu.score(place);
            let mut due = checks.note((place, score), Some((place, score)));
            if place == photos {
                due = due.or_else(|| checks.due());
            }
            let Some((checked, score)) = due else { continue };
            match checks.checked((score - checked as f32).abs()) {
                Verdict::Right(photos) => told.extend(photos.iter().map(|&(_, score)| score)),
                Verdict::Wrong(photos) => {
                    left = Some(place);
                    told.extend(photos.iter().map(|&(place, _)| place as f32));
                }
            }
        }
        (told, left)
    }

    #[test]
    fn wherever_a_gpu_goes_wrong_every_photo_ends_with_its_score() {
        let photos = 200;
        let expected: Vec<f32> = (1..=photos).map(|place| place as f32).collect();
        for first_wrong in (0..photos * LAUNCHES).chain([999, 1000, 1001]) {
            let (told, left) = run(photos, first_wrong);
            assert_eq!(told, expected, "from launch {first_wrong} on");
            // The photo of that launch is the first wrong one.
            let wrong = first_wrong / LAUNCHES + 1;
            let left = left.expect("it is found out");
            assert!(
                (wrong..wrong + EVERY).contains(&left),
                "wrong from {wrong}, left at {left}"
            );
        }
        assert_eq!(run(photos, usize::MAX), (expected, None));
    }

    #[test]
    fn the_first_check_is_at_the_second_photo_and_failed_photos_are_held_in_their_order() {
        let mut checks = SpotChecks::default();
        assert_eq!(checks.note("a", Some(1)), None);
        assert_eq!(checks.note("broken", None), Some(1));
        assert_eq!(checks.checked(0.0), Verdict::Right(vec!["a", "broken"]));
        assert_eq!(checks.note("b", Some(2)), None);
        assert_eq!(checks.due(), Some(2));
        assert_eq!(checks.checked(f32::NAN), Verdict::Wrong(vec!["b"]));
        assert_eq!(checks.note("broken", None), None);
        assert_eq!(checks.due(), None);
        assert_eq!(checks.unchecked(), ["broken"]);
    }
}
