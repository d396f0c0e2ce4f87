//! The crops of one photo, one batch after the other.

use std::sync::Arc;

use burn::tensor::Device;

use super::{Assessment, CropScore, Finding, Levels, ScoreInterval, Size, kriging::Kriging, precision};
use crate::{
    Error, Result,
    image::{self, CROP, Crop, CropOptions, Normalization, Origin, Pixels, Provenance},
    model::{Gamma, LevelFeatures},
    ops,
    prompt::LEVELS,
    weights::{FaultClaim, order::order},
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
    /// Of each scene the faults that explain it; `None` if the model tells none.
    pub(super) faults: Vec<Option<Vec<Fault>>>,
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
    /// For each crop done, in the order of `kriging`, and each scene: five probabilities, the score, and the probability of each domain.
    pub(super) answers: Vec<f32>,
}

/// A fault that explains scores of a scene.
pub(super) struct Fault {
    /// The place of its own scene.
    pub scene: usize,
    /// When it is claimed.
    pub claim: FaultClaim,
}

/// Where the score is among the numbers that one crop and scene answer with: the levels, the score, the domains.
const SCORE: usize = LEVELS.len();
/// Where the domains begin.
const DOMAINS: usize = SCORE + 1;

/// The probabilities of the levels, the score, and the probabilities of the domains: a softmax over all levels of all domains, summed over
/// domains, and over levels. `logits` are `[domains, 5]`.
fn answer(logits: &[f32], worth: &[f32; LEVELS.len()]) -> Vec<f32> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut answer = vec![0.0; DOMAINS + logits.len() / LEVELS.len()];
    let mut total = 0.0;
    for (at, logit) in logits.iter().enumerate() {
        let exponential = (logit - largest).exp();
        answer[at % LEVELS.len()] += exponential;
        answer[DOMAINS + at / LEVELS.len()] += exponential;
        total += exponential;
    }
    answer.iter_mut().for_each(|sum| *sum /= total);
    answer[SCORE] = answer.iter().zip(worth).map(|(level, worth)| level * worth).sum();
    answer
}

/// From this percentage on a score needs no explanation: what looks like noise in a photo that people like is grass.
pub const NEEDS_NO_WHY: f32 = 50.0;

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
        self.answers.len() / self.place(self.scenes.len()).max(1)
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

    /// Where a scene's numbers begin among those that a crop answers with; of the number of all scenes, how many those are.
    fn place(&self, scene: usize) -> usize {
        let domains = self.level_features.domains().take(scene);
        domains.map(|domains| DOMAINS + domains).sum()
    }

    /// Number `at` of what each crop that is done answered about a scene.
    fn answers(&self, scene: usize, at: usize) -> Vec<f32> {
        let place = self.place(scene) + at;
        let crops = self.answers.chunks_exact(self.place(self.scenes.len()));
        crops.map(|answers| answers[place]).collect()
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
        let crop = self.place(self.scenes.len());
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
        let crop = self.place(self.scenes.len());
        let before = self.answers.len().saturating_sub(crop);
        if self.answers.is_empty() || scenes != self.scenes {
            return Ok(f32::INFINITY);
        }
        let found = self.answers.split_off(before);
        self.gamma = Arc::clone(&scorer.gamma);
        self.device = scorer.device.clone();
        self.level_features = scorer.level_features(features);
        self.step(1).await?;
        let again = self.answers.get(before..).unwrap_or_default();
        let scores = (0..self.scenes.len()).map(|scene| self.place(scene) + SCORE);
        let apart = |at: usize| Some((found.get(at)? - again.get(at)?).abs());
        Ok(scores.filter_map(apart).fold(0.0, f32::max))
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
        let over_plan = |values: &[f32]| match done < self.crops() {
            // Kriging's weights may be a trifle below 0.
            true => (self.kriging.foretell(values).mean as f32).max(0.0),
            false => average(values),
        };
        let mean = |at: usize| over_plan(&self.answers(index, at));
        let [bad, poor, fair, good, perfect] = std::array::from_fn(mean);
        let scores = self.answers(index, SCORE);
        let score = over_plan(&scores);
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
        let own_percent = percent(score);
        let of_scene = |scene: usize| over_plan(&self.answers(scene, SCORE));
        let finding = |Fault { scene, claim }: &Fault, others: &[Fault]| {
            let scores = self.answers(*scene, SCORE);
            let score = over_plan(&scores);
            let may_be = |other: &Fault| {
                let is_higher = |margin: f32| of_scene(other.scene) >= score + margin;
                other.scene == *scene || claim.margin.is_none_or(is_higher)
            };
            let limit = claim
                .score
                .filter(|limit| score <= *limit && others.iter().all(may_be))?;
            let places = order(done, &|a, b| scores[ranks[a]].total_cmp(&scores[ranks[b]]));
            let has = |&place: &usize| scores[ranks[place]] <= limit;
            let probable = |(at, form)| (over_plan(&self.answers(*scene, DOMAINS + at)), form);
            let likeliest = claim.forms.iter().enumerate().map(probable);
            let likeliest = likeliest.max_by(|a: &(f32, &String), b| a.0.total_cmp(&b.0));
            let told = |(probability, _): &(f32, _)| claim.form.is_some_and(|least| *probability >= least);
            let said = claim.quality(score).clamp(low, high);
            let percent = percent(said);
            Some(Finding {
                fault: self.scenes[*scene].clone(),
                form: likeliest.filter(told).map(|(_, form)| form.clone()),
                score: said,
                percent,
                level: LEVELS[((percent / 25.0).round() as usize).min(LEVELS.len() - 1)],
                crops: places.into_iter().filter(has).collect(),
            })
        };
        let findings = self.faults[index].as_ref().map(|faults| {
            let explained = if own_percent < NEEDS_NO_WHY {
                faults.as_slice()
            } else {
                &[]
            };
            let found: Vec<Finding> = explained.iter().filter_map(|fault| finding(fault, faults)).collect();
            let worst_first = order(found.len(), &|a, b| found[a].score.total_cmp(&found[b].score));
            worst_first.into_iter().map(|at| found[at].clone()).collect()
        });
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
            findings,
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
