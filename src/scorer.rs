//! Pixels and a scene to an [`Assessment`]: the one place where it all meets.

use std::{collections::BTreeMap, sync::Arc};

use burn::tensor::{Device, Tensor, TensorData};
use serde::Serialize;

use crate::{
    Error, Result,
    image::{self, Crop, CropOptions, CropPolicy, Normalization, Pixels},
    model::{Config, Gamma},
    ops,
    prompt::{LEVELS, Scene, Tokenizer},
    weights::{Checkpoint, Header, Tensors},
};

/// What is asked of one photo.
#[derive(Debug, Clone, Default)]
pub struct ScoreOptions {
    /// Where to look.
    pub crops: CropOptions,
    /// As the published loader: a photo with a side below the crop is refused, not scaled up.
    pub parity: bool,
}

/// What a set of weights is.
#[derive(Debug, Clone, Serialize)]
pub struct ModelInfo {
    /// Name from the file's metadata, or `gamma`.
    pub name: String,
    /// Numbers in the checkpoint.
    pub parameters: u64,
    /// Dimensions.
    pub config: Config,
    /// Whether scenes of one's own can be added.
    pub text_tower: bool,
    /// Whether the scores mean anything; `false` only for samples that say so in their metadata.
    pub trained: bool,
    /// Licence of the weights, from the metadata.
    pub licence: Option<String>,
    /// Where the weights come from, from the metadata.
    pub source: Option<String>,
}

impl ModelInfo {
    /// What a file says about itself before its tensors are read.
    pub fn new(header: &Header, config: Config) -> Self {
        let metadata = |key: &str| header.metadata.get(key).cloned();
        Self {
            name: metadata("name").unwrap_or_else(|| "gamma".into()),
            parameters: header
                .tensors
                .iter()
                .map(|tensor| tensor.shape.iter().product::<usize>() as u64)
                .sum(),
            text_tower: config.text.is_some(),
            trained: metadata("trained").is_none_or(|trained| trained != "false"),
            licence: metadata("licence"),
            source: metadata("source"),
            config,
        }
    }
}

/// The scenes that the model of a file can be asked about: those with text features in the file, or all that it names
/// if it has a text tower.
///
/// # Errors
/// [`Error::Config`] or [`Error::SceneInvalid`] if the metadata `scenes` is not `{"id": "template"}`.
pub fn offered_scenes(header: &Header) -> Result<Vec<Scene>> {
    let text_tower = header.shape("clip_model.token_embedding.weight").is_some();
    let mut scenes = scenes(header.metadata.get("scenes"))?;
    scenes.retain(|scene| text_tower || header.shape(&text_features_name(scene)).is_some());
    Ok(scenes)
}

/// How likely each of the five levels is; the sum is 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the levels' names say it")]
pub struct Levels {
    pub bad: f32,
    pub poor: f32,
    pub fair: f32,
    pub good: f32,
    pub perfect: f32,
}

/// A crop and its own score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CropScore {
    /// Left edge in pixels of the (enlarged) photo.
    pub x: u32,
    /// Top edge.
    pub y: u32,
    /// Side.
    pub size: u32,
    /// As [`Assessment::score`].
    pub score: f32,
    /// As [`Assessment::percent`].
    pub percent: f32,
}

/// What Gamma thinks of a photo.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Assessment {
    /// The model's own score, about 0.2 (bad) to 1.0 (perfect): the mean over the crops.
    pub score: f32,
    /// The score between the worth of the lowest and the highest level, 0 to 100.
    pub percent: f32,
    /// Mean probability of each level.
    pub levels: Levels,
    /// Standard deviation of the crops' scores.
    pub spread: f32,
    /// Each crop with its score.
    pub crops: Vec<CropScore>,
    /// Id of the scene asked for.
    pub scene: String,
    /// Width in pixels that the crops refer to.
    pub width: u32,
    /// Height in pixels that the crops refer to.
    pub height: u32,
    /// Whether the photo was scaled up because a side was shorter than a crop.
    pub enlarged: bool,
    /// How the crops were chosen.
    pub policy: CropPolicy,
    /// The seed of `policy` random.
    pub seed: u64,
}

/// A loaded model and the scenes it can be asked about.
pub struct Scorer {
    gamma: Arc<Gamma>,
    info: ModelInfo,
    device: Device,
    scenes: Vec<Scene>,
    /// `[5, embed_dim]` for each scene whose features are known.
    text_features: BTreeMap<String, Tensor<2>>,
    tokenizer: Option<Arc<Tokenizer>>,
    /// What the lowest and the highest level are worth.
    range: [f32; 2],
}

impl Scorer {
    /// Builds the model out of a checkpoint.
    ///
    /// # Errors
    /// If a tensor is missing, extra or of the wrong shape, or if the device fails.
    pub async fn load(checkpoint: Checkpoint) -> Result<Self> {
        let Checkpoint {
            config,
            header,
            mut tensors,
        } = checkpoint;
        let gamma = Gamma::load(&config, &mut tensors)?;
        let scenes = offered_scenes(&header)?;
        let text_features = stored_text_features(&scenes, &config, &mut tensors)?;
        let device = tensors.device().clone();
        tensors.finish()?;
        if gamma.text.is_none() && text_features.is_empty() {
            return Err(Error::Config(
                "it has neither a text tower nor the text features of a scene".into(),
            ));
        }
        let worth = ops::read(gamma.head.score_level.val()).await?;
        let range = [
            worth.iter().copied().fold(f32::MAX, f32::min),
            worth.iter().copied().fold(f32::MIN, f32::max),
        ];
        let info = ModelInfo::new(&header, config);
        Ok(Self {
            gamma: Arc::new(gamma),
            info,
            device,
            scenes,
            text_features,
            tokenizer: None,
            range,
        })
    }

    /// What the weights are.
    pub fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// The scenes that can be asked about.
    pub fn scenes(&self) -> impl Iterator<Item = &Scene> {
        self.scenes.iter()
    }

    /// Whether the prompts of some scene still have to be read by the text tower.
    pub fn needs_tokenizer(&self) -> bool {
        self.scenes().any(|scene| !self.text_features.contains_key(&scene.id))
    }

    /// Gives the tokenizer that prompts are read with, and reads those of the model's own scenes.
    pub async fn set_tokenizer(&mut self, tokenizer: Arc<Tokenizer>) -> Result<()> {
        let unread: Vec<Scene> = self
            .scenes()
            .filter(|scene| !self.text_features.contains_key(&scene.id))
            .cloned()
            .collect();
        for scene in unread {
            let features = self.read_prompts(&scene, &tokenizer)?;
            self.text_features.insert(scene.id, features);
        }
        self.tokenizer = Some(tokenizer);
        Ok(())
    }

    /// Adds a scene of one's own, or replaces one of the same id.
    ///
    /// # Errors
    /// [`Error::SceneInvalid`] if the model has no text tower, or a prompt is longer than 77 tokens.
    pub async fn add_scene(&mut self, scene: Scene) -> Result<()> {
        let refuse = |reason: &str| Error::SceneInvalid {
            id: scene.id.clone(),
            reason: reason.into(),
        };
        let tokenizer = self.tokenizer.clone();
        let tokenizer = tokenizer.ok_or_else(|| refuse("the model has no text tower, or no tokenizer was given"))?;
        let features = self.read_prompts(&scene, &tokenizer)?;
        self.text_features.insert(scene.id.clone(), features);
        match self.scenes.iter_mut().find(|known| known.id == scene.id) {
            Some(known) => *known = scene,
            None => self.scenes.push(scene),
        }
        Ok(())
    }

    /// Plans the scoring of one photo. Scenes added later are not in it.
    ///
    /// # Errors
    /// If the options are out of range, or the photo is too small under `parity`.
    pub fn job(&self, pixels: Pixels, options: &ScoreOptions) -> Result<Job> {
        let (pixels, enlarged) = if options.parity {
            (pixels, false)
        } else {
            image::enlarge(pixels, self.info.config.image as u32)?
        };
        let plan = image::plan(pixels.width, pixels.height, &options.crops)?;
        let scenes: Vec<String> = self
            .scenes()
            .map(|scene| scene.id.clone())
            .filter(|id| self.text_features.contains_key(id))
            .collect();
        let features: Vec<Tensor<2>> = scenes
            .iter()
            .filter_map(|id| self.text_features.get(id).cloned())
            .collect();
        if features.is_empty() {
            return Err(Error::Tokenizer(
                "the model's prompts have not been read yet; it needs CLIP's merges".into(),
            ));
        }
        Ok(Job {
            gamma: Arc::clone(&self.gamma),
            device: self.device.clone(),
            text_features: Tensor::stack(features, 0),
            scenes,
            range: self.range,
            pixels,
            enlarged,
            options: options.crops,
            plan,
            answers: Vec::new(),
        })
    }

    /// Scores a photo in one go: all crops, then each of `scenes`.
    ///
    /// # Errors
    /// As [`job`](Self::job), [`Job::step`] and [`Job::assess`].
    pub async fn score(&self, pixels: Pixels, scenes: &[&str], options: &ScoreOptions) -> Result<Vec<Assessment>> {
        let mut job = self.job(pixels, options)?;
        while job.done() < job.crops() {
            job.step(1).await?;
        }
        scenes.iter().map(|scene| job.assess(scene)).collect()
    }

    fn read_prompts(&self, scene: &Scene, tokenizer: &Tokenizer) -> Result<Tensor<2>> {
        let refuse = |reason: String| Error::SceneInvalid {
            id: scene.id.clone(),
            reason,
        };
        let (Some(text), Some(config)) = (&self.gamma.text, &self.info.config.text) else {
            return Err(refuse("the model has no text tower".into()));
        };
        let prompts = scene.token_ids(tokenizer, config.vocabulary, config.tower.context_length)?;
        Ok(text.forward(&prompts))
    }
}

/// The crops of one photo on their way to a score. Features do not depend on the scene, so one job answers all.
pub struct Job {
    gamma: Arc<Gamma>,
    device: Device,
    /// `[scenes, 5, embed_dim]`.
    text_features: Tensor<3>,
    scenes: Vec<String>,
    range: [f32; 2],
    pixels: Pixels,
    enlarged: bool,
    options: CropOptions,
    plan: Vec<Crop>,
    /// For each crop done and each scene: five probabilities and the score.
    answers: Vec<f32>,
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
        let side = crops[0].size as usize;
        let mut input = vec![0.0; crops.len() * 3 * side * side];
        for (crop, out) in crops.iter().zip(input.chunks_exact_mut(3 * side * side)) {
            image::normalize(&self.pixels, *crop, &Normalization::CLIP, out);
        }
        let input = Tensor::from_data(TensorData::new(input, [crops.len(), 3, side, side]), &self.device);
        let levels = self.gamma.forward(input, self.text_features.clone());
        let scores = self.gamma.head.score(levels.clone()).unsqueeze_dim(2);
        let answers = ops::read(Tensor::cat(vec![levels, scores], 2)).await?;
        if answers.iter().any(|value| !value.is_finite()) {
            return Err(Error::Device("it answered with numbers that are not finite".into()));
        }
        self.answers.extend(answers);
        Ok(self.done())
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
        let answers: Vec<&[f32]> = self
            .answers
            .chunks_exact(ANSWER)
            .skip(index)
            .step_by(self.scenes.len())
            .collect();
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
            crops: self
                .plan
                .iter()
                .zip(&answers)
                .map(|(at, answer)| crop(at, answer[ANSWER - 1]))
                .collect(),
            scene: scene.to_owned(),
            width: self.pixels.width,
            height: self.pixels.height,
            enlarged: self.enlarged,
            policy: self.options.policy,
            seed: self.options.seed,
        })
    }
}

/// The scenes that the metadata names as `{"id": "template"}`, else the published ones.
fn scenes(metadata: Option<&String>) -> Result<Vec<Scene>> {
    let Some(json) = metadata else {
        return Ok(Scene::published());
    };
    let templates: BTreeMap<String, String> = serde_json::from_str(json)
        .map_err(|error| Error::Config(format!("its metadata `scenes` is not a table of templates: {error}")))?;
    templates
        .into_iter()
        .map(|(id, template)| Scene::new(id, template))
        .collect()
}

fn text_features_name(scene: &Scene) -> String {
    format!("text_features.{}", scene.id)
}

/// Text features that the file carries as `text_features.{scene}`, `[5, embed_dim]`.
fn stored_text_features(
    scenes: &[Scene],
    config: &Config,
    tensors: &mut Tensors,
) -> Result<BTreeMap<String, Tensor<2>>> {
    let mut features = BTreeMap::new();
    for scene in scenes {
        let name = text_features_name(scene);
        if let Some(tensor) = tensors.take_optional(&name, [LEVELS.len(), config.embed_dim])? {
            features.insert(scene.id.clone(), tensor);
        }
    }
    Ok(features)
}
