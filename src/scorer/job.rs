//! The crops of one photo, one batch after the other.

use std::sync::Arc;

use burn::tensor::{Device, Tensor};

use super::{Assessment, CropScore, Levels, kriging::Kriging, precision};
use crate::{
    Error, Result,
    image::{self, CROP, Crop, CropOptions, Normalization, Pixels},
    model::Gamma,
    ops,
    prompt::LEVELS,
};

/// The crops of one photo on their way to a score. Features do not depend on the scene, so one job answers all.
pub struct Job {
    pub(super) gamma: Arc<Gamma>,
    pub(super) device: Device,
    /// `[scenes, 5, embed_dim]`.
    pub(super) text_features: Tensor<3>,
    pub(super) scenes: Vec<String>,
    /// Places in `scenes` of those that the tolerance is about.
    pub(super) asked: Vec<usize>,
    pub(super) range: [f32; 2],
    pub(super) pixels: Pixels,
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

impl Job {
    /// The same, its tolerance only about `scenes`, of which there is at least one: others may be less certain when it is done.
    ///
    /// # Errors
    /// [`Error::SceneUnknown`].
    pub fn for_scenes<'a>(mut self, scenes: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        self.asked = scenes.into_iter().map(|id| self.scene(id)).collect::<Result<_>>()?;
        Ok(self)
    }

    /// Crops planned.
    pub fn crops(&self) -> usize {
        self.plan.len()
    }

    /// Crops scored.
    pub fn done(&self) -> usize {
        self.answers.len() / (self.scenes.len() * ANSWER).max(1)
    }

    /// Whether no further step is needed: every crop is scored, or enough of them for the wanted tolerance in every scene asked for.
    pub fn is_done(&self) -> bool {
        self.done() >= self.crops()
            || self.tolerance.is_some_and(|tolerance| {
                let uncertain = |&scene| precision::uncertainty(&self.kriging, &self.answers(scene, SCORE)) > tolerance;
                !self.asked.iter().any(uncertain)
            })
    }

    fn scene(&self, id: &str) -> Result<usize> {
        self.scenes
            .iter()
            .position(|known| known == id)
            .ok_or_else(|| Error::SceneUnknown {
                id: id.to_owned(),
                offered: self.scenes.clone(),
            })
    }

    /// Number `at` of what each crop that is done answered about a scene.
    fn answers(&self, scene: usize, at: usize) -> Vec<f32> {
        let answers = self.answers.chunks_exact(ANSWER).skip(scene);
        answers
            .step_by(self.scenes.len().max(1))
            .map(|answer| answer[at])
            .collect()
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
        let levels = self.gamma.forward(input, self.text_features.clone());
        let scores = self.gamma.head.score(levels.clone()).unsqueeze_dim(2);
        let answers = ops::read(Tensor::cat(vec![levels, scores], 2)).await?;
        if answers.iter().any(|value| !value.is_finite()) {
            return Err(Error::Device("it answered with numbers that are not finite".into()));
        }
        self.answers.extend(answers);
        Ok(self.done())
    }

    /// What the crops scored so far say about a scene: of all planned ones, what they foretell.
    ///
    /// # Errors
    /// [`Error::SceneUnknown`], or [`Error::Option`] if no crop is scored yet.
    pub fn assess(&self, scene: &str) -> Result<Assessment> {
        let index = self.scene(scene)?;
        let done = self.done();
        if done == 0 {
            return Err(Error::Option {
                name: "crops",
                reason: "no crop is scored yet".into(),
            });
        }
        let scores = self.answers(index, SCORE);
        // In the order of the plan, whatever that of scoring was.
        let mut ranks = vec![done; self.crops()];
        for (rank, &place) in self.kriging.order().iter().enumerate().take(done) {
            ranks[place] = rank;
        }
        ranks.retain(|&rank| rank < done);
        let average = |values: &[f32]| ranks.iter().map(|&rank| values[rank]).sum::<f32>() / done as f32;
        let mean = |at: usize| {
            let values = self.answers(index, at);
            match done < self.crops() {
                true => self.kriging.foretell(&values).mean as f32,
                false => average(&values),
            }
        };
        // Kriging's weights may be a trifle below 0.
        let level = |at: usize| mean(at).max(0.0);
        let score = mean(SCORE);
        let center = average(&scores);
        let variance = average(&scores.iter().map(|score| (score - center).powi(2)).collect::<Vec<_>>());
        let [low, high] = self.range;
        let percent = |score: f32| (100.0 * (score - low) / (high - low).max(f32::EPSILON)).clamp(0.0, 100.0);
        let crop = |rank: usize| {
            let Crop { x, y, size } = self.plan[self.kriging.order()[rank]];
            let score = scores[rank];
            CropScore {
                x,
                y,
                size,
                score,
                percent: percent(score),
            }
        };
        Ok(Assessment {
            score,
            percent: percent(score),
            levels: Levels {
                bad: level(0),
                poor: level(1),
                fair: level(2),
                good: level(3),
                perfect: level(4),
            },
            spread: variance.sqrt(),
            uncertainty: precision::uncertainty(&self.kriging, &scores),
            crops: ranks.iter().map(|&rank| crop(rank)).collect(),
            scene: scene.to_owned(),
            width: self.pixels.width,
            height: self.pixels.height,
            scale: self.scale,
            enlarged: self.scale > 1.0,
            policy: self.options.policy,
            seed: self.options.seed,
        })
    }
}
