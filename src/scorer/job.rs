//! The crops of one photo, one batch after the other.

use std::sync::Arc;

use burn::tensor::{Device, Tensor};

use super::{Assessment, CropScore, Levels, precision};
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
    pub(super) range: [f32; 2],
    pub(super) pixels: Pixels,
    pub(super) scale: f32,
    pub(super) options: CropOptions,
    pub(super) tolerance: Option<f32>,
    pub(super) normalization: Normalization,
    pub(super) plan: Vec<Crop>,
    /// For each crop done and each scene: five probabilities and the score.
    pub(super) answers: Vec<f32>,
}

/// Numbers that one crop and scene answer with: the levels and the score.
const ANSWER: usize = LEVELS.len() + 1;

impl Job {
    /// Crops planned.
    pub fn crops(&self) -> usize {
        self.plan.len()
    }

    /// Crops scored.
    pub fn done(&self) -> usize {
        self.answers.len() / (self.scenes.len() * ANSWER).max(1)
    }

    /// Whether no further step is needed: every crop is scored, or enough of them for the wanted tolerance in every scene.
    pub fn is_done(&self) -> bool {
        self.done() >= self.crops()
            || self.tolerance.is_some_and(|tolerance| {
                let uncertain = |scene| self.uncertainty(scene) > tolerance;
                !(0..self.scenes.len()).any(uncertain)
            })
    }

    fn uncertainty(&self, scene: usize) -> f32 {
        let scores: Vec<f32> = self.answers(scene).map(|answer| answer[ANSWER - 1]).collect();
        precision::uncertainty(&scores, self.crops())
    }

    /// What each crop that is done answered about a scene.
    fn answers(&self, scene: usize) -> impl Iterator<Item = &[f32]> {
        self.answers
            .chunks_exact(ANSWER)
            .skip(scene)
            .step_by(self.scenes.len().max(1))
    }

    /// Scores the next crops, at most `batch` of them, and says how many are done.
    ///
    /// # Errors
    /// [`Error::Device`] if the device fails. The crops can be tried again.
    pub async fn step(&mut self, batch: usize) -> Result<usize> {
        let done = self.done();
        let crops: Vec<Crop> = self.plan.iter().skip(done).take(batch.max(1)).copied().collect();
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

    /// What the crops scored so far say about a scene.
    ///
    /// # Errors
    /// [`Error::SceneUnknown`], or [`Error::Option`] if no crop is scored yet.
    pub fn assess(&self, scene: &str) -> Result<Assessment> {
        let index = self
            .scenes
            .iter()
            .position(|id| id == scene)
            .ok_or_else(|| Error::SceneUnknown {
                id: scene.to_owned(),
                offered: self.scenes.clone(),
            })?;
        let answers: Vec<&[f32]> = self.answers(index).collect();
        if answers.is_empty() {
            return Err(Error::Option {
                name: "crops",
                reason: "no crop is scored yet".into(),
            });
        }
        let count = answers.len() as f32;
        let mean = |at: usize| answers.iter().map(|answer| answer[at]).sum::<f32>() / count;
        let score = mean(ANSWER - 1);
        let variance = answers
            .iter()
            .map(|answer| (answer[ANSWER - 1] - score).powi(2))
            .sum::<f32>()
            / count;
        let [low, high] = self.range;
        let percent = |score: f32| (100.0 * (score - low) / (high - low).max(f32::EPSILON)).clamp(0.0, 100.0);
        let crop = |crop: &Crop, score: f32| CropScore {
            x: crop.x,
            y: crop.y,
            size: crop.size,
            score,
            percent: percent(score),
        };
        Ok(Assessment {
            score,
            percent: percent(score),
            levels: Levels {
                bad: mean(0),
                poor: mean(1),
                fair: mean(2),
                good: mean(3),
                perfect: mean(4),
            },
            spread: variance.sqrt(),
            uncertainty: self.uncertainty(index),
            crops: self
                .plan
                .iter()
                .zip(&answers)
                .map(|(at, answer)| crop(at, answer[ANSWER - 1]))
                .collect(),
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
