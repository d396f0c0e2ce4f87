//! Photos that a GPU scores, checked now and then on the processor, which takes over from one that computes wrongly.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};

use gamma_wasm::ops::DeviceChoice;
use gamma_wasm::scorer::spot_checks::{SpotChecks, Verdict};
use gamma_wasm::scorer::{Job, Scorer};

use crate::default_model::Weights;
use crate::load;
use crate::report::{complain, count};

/// Who checks a GPU.
pub struct Guard {
    /// The same model on the processor; none where no GPU computes.
    cpu: Option<Scorer>,
    wrong: AtomicBool,
}

impl Guard {
    /// For the device that `scorer` is on.
    pub fn new(weights: &Weights, scorer: &Scorer) -> Self {
        let cpu = scorer.on_gpu().then(|| load::scorer(weights, DeviceChoice::Cpu));
        let cpu = cpu.and_then(|loaded| {
            let unchecked = |error| complain(&format!("the GPU is not checked while it computes: {error}"));
            loaded.map_err(unchecked).ok()
        });
        Self {
            cpu,
            wrong: AtomicBool::new(false),
        }
    }

    /// For whatever computes as `cpu` does, or should.
    #[cfg(test)]
    pub fn by(cpu: Scorer) -> Self {
        Self {
            cpu: Some(cpu),
            wrong: AtomicBool::new(false),
        }
    }

    /// Who scores the next photo, and whether it has to be checked: `gpu`, until it was wrong.
    pub fn scorer<'a>(&'a self, gpu: &'a Scorer) -> (&'a Scorer, bool) {
        match &self.cpu {
            Some(cpu) if self.is_wrong() => (cpu, false),
            Some(_) => (gpu, true),
            None => (gpu, false),
        }
    }

    fn is_wrong(&self) -> bool {
        self.wrong.load(Ordering::Relaxed)
    }
}

/// Photos on their way past a guard, in their order.
pub struct Guarded<G, T> {
    guard: G,
    checks: SpotChecks<T, Job>,
}

impl<G: Deref<Target = Guard>, T> Guarded<G, T> {
    /// None so far.
    pub fn new(guard: G) -> Self {
        Self {
            guard,
            checks: SpotChecks::default(),
        }
    }

    /// Takes a photo that was scored, with its job if it has to be checked, and gives those that are vouched for; `again` scores one that
    /// is not.
    pub fn pass(&mut self, photo: T, job: Option<Job>, mut again: impl FnMut(T, &Scorer) -> T) -> Vec<T> {
        match &self.guard.cpu {
            None => return vec![photo],
            // The GPU was found wrong while it scored this one.
            Some(cpu) if self.guard.is_wrong() && job.is_some() => return vec![again(photo, cpu)],
            Some(_) if self.guard.is_wrong() => return vec![photo],
            Some(_) => {}
        }
        let due = self.checks.note(photo, job);
        due.map_or_else(Vec::new, |job| self.check(job, again))
    }

    /// The rest, when no photo follows.
    pub fn end(&mut self, again: impl FnMut(T, &Scorer) -> T) -> Vec<T> {
        match self.checks.due() {
            Some(job) => self.check(job, again),
            None => self.checks.unchecked(),
        }
    }

    fn check(&mut self, job: Job, mut again: impl FnMut(T, &Scorer) -> T) -> Vec<T> {
        let Some(cpu) = &self.guard.cpu else {
            return self.checks.unchecked();
        };
        // A check that cannot be made vouches for nothing.
        let off = pollster::block_on(job.last_crop_differs(cpu)).unwrap_or(f32::INFINITY);
        match self.checks.checked(off) {
            Verdict::Right(photos) => photos,
            Verdict::Wrong(photos) => {
                self.guard.wrong.store(true, Ordering::Relaxed);
                complain(&format!(
                    "the GPU computed a crop wrongly after it had passed its test: its score is off by {off:.3}; the CPU computes \
                     {} anew, and all that follow",
                    count(photos.len(), "photo", "photos")
                ));
                photos.into_iter().map(|photo| again(photo, cpu)).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use gamma_wasm::image::{CropChoice, CropPolicy, Pixels};
    use gamma_wasm::scorer::ScoreOptions;
    use gamma_wasm::scorer::spot_checks::EVERY;

    use super::*;

    /// The job of a photo of one crop, whose answer is multiplied by `factor`: 1 for a GPU that is right.
    fn scored(scorer: &Scorer, factor: f32) -> Option<Job> {
        let options = ScoreOptions {
            crops: CropChoice {
                policy: Some(CropPolicy::Center),
                ..CropChoice::default()
            },
            ..ScoreOptions::default()
        };
        let pixels = Pixels {
            width: 224,
            height: 224,
            rgb: (0..224 * 224 * 3).map(|at| (at * 7) as u8).collect(),
        };
        let mut job = scorer.job(pixels, &options).expect("a photo");
        pollster::block_on(job.step(1)).expect("a crop");
        let answered = job.answered().iter().map(|answer| answer * factor).collect();
        job.resume(answered).expect("as many numbers");
        Some(job)
    }

    /// The default model as on a GPU, and its guard.
    fn guarded_model() -> (Scorer, Guard) {
        let gpu = load::scorer(&Weights::Default, DeviceChoice::Cpu).expect("the default model");
        let guard = Guard::by(gpu.share());
        (gpu, guard)
    }

    #[test]
    fn photos_of_a_gpu_that_goes_wrong_are_scored_anew_and_what_follows_elsewhere() {
        let (gpu, guard) = guarded_model();
        let mut guarded = Guarded::new(&guard);
        let mut pass = |place: usize, job| guarded.pass((place, "GPU"), job, |(place, _), _| (place, "CPU"));
        assert_eq!(pass(0, scored(&gpu, 1.0)), []);
        assert_eq!(pass(1, scored(&gpu, 1.0)), [(0, "GPU"), (1, "GPU")]);
        assert!(std::ptr::eq(guard.scorer(&gpu).0, &raw const gpu));
        // Only the last job is looked at.
        for place in 2..=EVERY {
            assert_eq!(pass(place, None), []);
        }
        let anew: Vec<_> = (2..2 + EVERY).map(|place| (place, "CPU")).collect();
        assert_eq!(pass(1 + EVERY, scored(&gpu, 0.9)), anew);
        assert!(!std::ptr::eq(guard.scorer(&gpu).0, &raw const gpu));
        assert_eq!(pass(2 + EVERY, None), [(2 + EVERY, "GPU")]);
        // Begun before that was known.
        assert_eq!(pass(3 + EVERY, scored(&gpu, 1.0)), [(3 + EVERY, "CPU")]);
        assert!(guarded.end(|photo, _| photo).is_empty());
    }

    #[test]
    fn the_last_photos_are_checked_too() {
        let (gpu, guard) = guarded_model();
        let mut guarded = Guarded::new(&guard);
        assert!(guarded.pass("GPU", scored(&gpu, 0.9), |photo, _| photo).is_empty());
        assert_eq!(guarded.end(|_, _| "CPU"), ["CPU"]);
    }
}
