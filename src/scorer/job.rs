//! The crops of one photo, one batch after the other.

use std::sync::Arc;

use burn::tensor::Device;

use super::{Assessment, CropScore, Levels, ScoreInterval, Size, kriging::Kriging, precision};
use crate::{
    Error, Result,
    image::{self, CROP, Crop, CropOptions, Normalization, Origin, Pixels, Provenance},
    model::{Gamma, LevelFeatures},
    ops,
    prompt::LEVELS,
    weights::order::order,
};

/// The crops of one photo on their way to a score. Features do not depend on the scene, so one job answers all.
pub struct Job {
    pub(super) gamma: Arc<Gamma>,
    pub(super) device: Device,
    /// Of the scenes.
    pub(super) level_features: LevelFeatures,
    pub(super) scenes: Vec<String>,
    /// What each level is worth, bad to perfect.
    pub(super) worth: [f32; LEVELS.len()],
    /// Of each scene half the width of the interval of what people say, if the model states it.
    pub(super) intervals: Vec<Option<f32>>,
    pub(super) pixels: Pixels,
    pub(super) origin: Origin,
    pub(super) scale: f32,
    pub(super) options: CropOptions,
    pub(super) tolerance: Option<f32>,
    pub(super) normalization: Normalization,
    pub(super) plan: Vec<Crop>,
    pub(super) kriging: Kriging,
    /// For each crop done, in the order of `kriging`, and each scene: five probabilities and the score.
    pub(super) answers: Vec<f32>,
}

/// Numbers that one crop and scene answer with: the levels and the score.
const ANSWER: usize = LEVELS.len() + 1;
/// Where the score is among them.
const SCORE: usize = LEVELS.len();

/// The probabilities of the levels and the score: a softmax over all levels of all domains, summed over domains. `logits` are
/// `[domains, 5]`.
fn answer(logits: &[f32], worth: &[f32; LEVELS.len()]) -> [f32; ANSWER] {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut answer = [0.0; ANSWER];
    for (at, logit) in logits.iter().enumerate() {
        answer[at % LEVELS.len()] += (logit - largest).exp();
    }
    let total: f32 = answer.iter().sum();
    for (at, worth) in worth.iter().enumerate() {
        answer[at] /= total;
        answer[SCORE] += answer[at] * worth;
    }
    answer
}

impl Job {
    /// The same job, for whose assessments it is known where the photo is from.
    #[must_use]
    pub fn with_origin(mut self, origin: Origin) -> Self {
        let short = |(width, height): (u32, u32)| f64::from(width.min(height).max(1));
        self.scale = (short((self.pixels.width, self.pixels.height)) / short(origin.size)) as f32;
        self.origin = origin;
        self
    }

    /// Crops planned.
    pub fn crops(&self) -> usize {
        self.plan.len()
    }

    /// Crops scored.
    pub fn done(&self) -> usize {
        self.answers.len() / (self.scenes.len() * ANSWER).max(1)
    }

    /// Whether no further step is needed for any scene.
    pub fn is_done(&self) -> bool {
        self.scenes.iter().all(|scene| self.is_settled(scene))
    }

    /// Whether no further step is needed for a scene: every crop is scored, or enough of them for the wanted tolerance. One that there
    /// is not needs none; [`assess`](Self::assess) refuses it.
    pub fn is_settled(&self, scene: &str) -> bool {
        self.done() >= self.crops()
            || self.scene(scene).is_none_or(|scene| {
                let uncertainty = || precision::uncertainty(&self.kriging, &self.answers(scene, SCORE));
                self.tolerance.is_some_and(|tolerance| uncertainty() <= tolerance)
            })
    }

    fn scene(&self, id: &str) -> Option<usize> {
        self.scenes.iter().position(|known| known == id)
    }

    /// Number `at` of what each crop that is done answered about a scene.
    fn answers(&self, scene: usize, at: usize) -> Vec<f32> {
        let crops = self.answers.chunks_exact(self.scenes.len() * ANSWER);
        crops.map(|answers| answers[scene * ANSWER + at]).collect()
    }

    /// Scores the next crops, at most `batch` of them, and says how many are done.
    ///
    /// # Errors
    /// [`Error::Device`] if the device fails. The crops can be tried again.
    pub async fn step(&mut self, batch: usize) -> Result<usize> {
        let done = self.done();
        let next = self.kriging.order().iter().skip(done).take(batch.max(1));
        let crops: Vec<Crop> = next.map(|&place| self.plan[place]).collect();
        if crops.is_empty() {
            return Ok(done);
        }
        let side = CROP as usize;
        let mut input = vec![0.0; crops.len() * 3 * side * side];
        for (crop, out) in crops.iter().zip(input.chunks_exact_mut(3 * side * side)) {
            image::input(&self.pixels, *crop, &self.normalization, out)?;
        }
        let input = ops::upload(input, [crops.len(), 3, side, side], &self.device);
        let logits = ops::read(self.gamma.forward(input, &self.level_features)).await?;
        // So few numbers that they are done sooner here than handed to a device.
        let of_crops = logits.chunks_exact((logits.len() / crops.len()).max(1));
        let of_scenes = of_crops.flat_map(|logits| self.level_features.of_scenes(logits));
        let answers: Vec<f32> = of_scenes.flat_map(|logits| answer(logits, &self.worth)).collect();
        if answers.iter().any(|value| !value.is_finite()) {
            return Err(Error::Device("it answered with numbers that are not finite".into()));
        }
        self.answers.extend(answers);
        Ok(self.done())
    }

    /// The photo as the model looks at it, RGB, of the size that an [`Assessment`] tells.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels.rgb
    }

    /// What the crops scored so far answered, in numbers that [`resume`](Self::resume) takes.
    pub fn answered(&self) -> &[f32] {
        &self.answers
    }

    /// Goes on where another job of the same photo, options and scenes stopped, with what that one [`answered`](Self::answered).
    ///
    /// # Errors
    /// [`Error::Option`] if the numbers are not those of some of this job's crops.
    pub fn resume(&mut self, answered: Vec<f32>) -> Result<()> {
        let crop = self.scenes.len() * ANSWER;
        let whole = crop > 0 && answered.len().is_multiple_of(crop) && answered.len() / crop <= self.crops();
        if !whole || answered.iter().any(|value| !value.is_finite()) {
            return Err(Error::Option {
                name: "resume",
                reason: format!(
                    "{} numbers are no answers of {} crops, {crop} each",
                    answered.len(),
                    self.crops()
                ),
            });
        }
        self.answers = answered;
        Ok(())
    }

    /// Computes the last crop that is done once more by another scorer of the same model, and says by how much a scene's score differs at
    /// most: infinitely, where no crop is done or the scenes are not the same.
    ///
    /// # Errors
    /// [`Error::Device`] if the device of `scorer` fails.
    #[cfg(any(feature = "cli", feature = "bench"))]
    pub async fn last_crop_differs(mut self, scorer: &super::Scorer) -> Result<f32> {
        let (scenes, features) = scorer.read_features();
        let crop = self.scenes.len() * ANSWER;
        let before = self.answers.len().saturating_sub(crop);
        if self.answers.is_empty() || scenes != self.scenes {
            return Ok(f32::INFINITY);
        }
        let found = self.answers.split_off(before);
        self.gamma = Arc::clone(&scorer.gamma);
        self.device = scorer.device.clone();
        self.level_features = LevelFeatures::new(features);
        self.step(1).await?;
        let again = self.answers.get(before..).unwrap_or_default();
        let scores = found.chunks_exact(ANSWER).zip(again.chunks_exact(ANSWER));
        Ok(scores
            .map(|(found, again)| (found[SCORE] - again[SCORE]).abs())
            .fold(0.0, f32::max))
    }

    /// What the crops scored so far say about a scene: of all planned ones, what they foretell.
    ///
    /// # Errors
    /// [`Error::SceneUnknown`], or [`Error::Option`] if no crop is scored yet.
    pub fn assess(&self, scene: &str) -> Result<Assessment> {
        let index = self.scene(scene).ok_or_else(|| Error::SceneUnknown {
            id: scene.to_owned(),
            offered: self.scenes.clone(),
        })?;
        let done = self.done();
        if done == 0 {
            return Err(Error::Option {
                name: "crops",
                reason: "no crop is scored yet".into(),
            });
        }
        // When each crop was scored, in the order of the plan.
        let places = self.kriging.order();
        let ranks = order(done, &|a, b| places[a].cmp(&places[b]));
        let average = |values: &[f32]| ranks.iter().map(|&rank| values[rank]).sum::<f32>() / done as f32;
        let mut means = [0.0; ANSWER];
        let mut scores = Vec::new();
        for (at, mean) in means.iter_mut().enumerate() {
            scores = self.answers(index, at);
            *mean = match done < self.crops() {
                // Kriging's weights may be a trifle below 0.
                true => (self.kriging.foretell(&scores).mean as f32).max(0.0),
                false => average(&scores),
            };
        }
        let [bad, poor, fair, good, perfect, score] = means;
        let center = average(&scores);
        let squares: f32 = ranks.iter().map(|&rank| (scores[rank] - center).powi(2)).sum();
        let low = self.worth.iter().copied().fold(f32::MAX, f32::min);
        let high = self.worth.iter().copied().fold(f32::MIN, f32::max);
        let percent = |score: f32| (100.0 * (score - low) / (high - low).max(f32::EPSILON)).clamp(0.0, 100.0);
        let crop = |rank: usize| {
            let Crop { x, y, size } = self.plan[places[rank]];
            let score = scores[rank];
            CropScore {
                x,
                y,
                size,
                score,
                percent: percent(score),
            }
        };
        let uncertainty = precision::uncertainty(&self.kriging, &scores);
        let interval = self.intervals[index].map(|half| {
            let half = half + uncertainty;
            let score = [score - half, score + half].map(|end| end.clamp(low, high));
            let percent = score.map(percent);
            ScoreInterval { score, percent }
        });
        Ok(Assessment {
            score,
            percent: percent(score),
            levels: Levels {
                bad,
                poor,
                fair,
                good,
                perfect,
            },
            spread: (squares / done as f32).sqrt(),
            uncertainty,
            interval,
            crops: ranks.iter().map(|&rank| crop(rank)).collect(),
            scene: scene.to_owned(),
            width: self.pixels.width,
            height: self.pixels.height,
            scale: self.scale,
            enlarged: self.scale > 1.0,
            policy: self.options.policy,
            seed: self.options.seed,
            source: self.origin.source.as_str(),
            preview: self
                .origin
                .source
                .preview()
                .map(|(width, height)| Size { width, height }),
            damaged: self.origin.damaged,
            provenance: Provenance::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn levels_and_score_are_those_of_one_softmax_over_all_domains(
            logits in (1_usize..6).prop_flat_map(|domains| prop::collection::vec(-60.0_f32..60.0, domains * LEVELS.len())),
        ) {
            let worth = [0.2, 0.4, 0.55, 0.8, 1.0];
            let found = answer(&logits, &worth);
            let largest = logits.iter().copied().fold(f32::MIN, f32::max);
            let exponential = |logit: &f32| f64::from(logit - largest).exp();
            let total: f64 = logits.iter().map(exponential).sum();
            let mut score = 0.0;
            for (level, worth) in worth.iter().enumerate() {
                let of_level = logits.iter().skip(level).step_by(LEVELS.len());
                let expected = of_level.map(exponential).sum::<f64>() / total;
                score += expected * f64::from(*worth);
                prop_assert!((expected - f64::from(found[level])).abs() < 1e-6);
            }
            prop_assert!((score - f64::from(found[SCORE])).abs() < 1e-6);
        }

        #[test]
        fn what_is_not_finite_is_not_hidden(place in 0_usize..10, value in prop::sample::select(vec![f32::NAN, f32::INFINITY])) {
            let mut logits = [0.5; 10];
            logits[place] = value;
            prop_assert!(answer(&logits, &[0.2, 0.4, 0.6, 0.8, 1.0]).iter().any(|number| !number.is_finite()));
        }
    }
}
