//! The configuration of a training run, as a TOML file. `docs/training.md` explains each key; `weights/lite.toml` is one.

mod dataset;
mod steps;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::distortion::Fault;
use crate::{Error, Result, image::Preparation, metrics::Split, model::Config};

pub use dataset::{ComparedWith, DatasetConfig, MosaicConfig};
pub use steps::{GroupConfig, Keep, LossConfig, OptimizerConfig, ScheduleConfig, ValidationConfig};

/// A training run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// Name of the model, stored in its file.
    pub name: String,
    /// Start of all random numbers: initial weights, order, crops, flips.
    #[serde(default)]
    pub seed: u64,
    /// Where it computes: `flex` (pure Rust) or, with the feature `train-libtorch`, `libtorch` or `libtorch-cuda`.
    #[serde(default = "flex")]
    pub device: String,
    /// Folder of checkpoints, log, curves and the model; relative to the configuration.
    pub output: PathBuf,
    /// Folder that the paths of datasets start from; relative to the configuration.
    #[serde(default)]
    pub data: PathBuf,
    /// Threads that decode photos.
    #[serde(default = "two")]
    pub loaders: usize,
    /// Megabytes of decoded photos kept for the next epoch.
    #[serde(default = "cache")]
    pub cache_mb: usize,
    /// What is trained.
    pub model: ModelConfig,
    /// For how long, in which steps.
    pub schedule: ScheduleConfig,
    /// The optimiser.
    #[serde(default)]
    pub optimizer: OptimizerConfig,
    /// The loss.
    #[serde(default)]
    pub loss: LossConfig,
    /// How it is judged after each epoch.
    #[serde(default)]
    pub validation: ValidationConfig,
    /// What it learns from.
    #[serde(rename = "dataset", default)]
    pub datasets: Vec<DatasetConfig>,
    /// Files with one dataset each, to be learned from too; relative to the configuration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<PathBuf>,
    /// Photos that this run holds out of all that are given, instead of those that its datasets set aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
    /// The runs that have to come first, each once: those that `model.init` and `teachers` of datasets name.
    #[serde(skip)]
    pub first: Vec<TrainConfig>,
}

/// The model to begin with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// Weights to go on from (fine-tuning, the paper's Gamma-T): a safetensors file. Its dimensions are taken from it.
    ///
    /// Or another configuration (`.toml`), which is trained first: this run goes on from its model.
    pub init: Option<PathBuf>,
    /// Dimensions for a model that begins with random weights: `lite`, `b16`, `tiny` or `micro`.
    pub preset: Option<String>,
    /// Dimensions instead of a preset, as in the metadata `config` of a file.
    pub config: Option<Config>,
    /// ImageNet weights of the stem: EfficientNet-Lite as a `.pth` or safetensors with the names of its PyTorch port.
    pub stem: Option<PathBuf>,
    /// Whether the stem keeps its batch normalisation while it learns; the model that is written has it folded into its convolutions.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub batch_norm: bool,
    /// Whether the class token knows the statistics of each whole stage of the stem; those of `init` stay.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pooled: bool,
    /// The part of these statistics that is left out of each crop of a step.
    #[serde(default = "a_fifth", skip_serializing_if = "is_a_fifth")]
    pub pooled_dropout: f64,
    /// How photos are brought to the model, stored in the file; its `short_side` is that of every dataset that has none of its own.
    /// Without it, as the file `init` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<Preparation>,
    /// Licence of the trained weights, stored in the file.
    pub licence: Option<String>,
    /// Where the trained weights come from, stored in the file.
    pub source: Option<String>,
}

impl TrainConfig {
    /// Reads a configuration; its relative paths become relative to its folder.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::Train`] naming the key that is unknown, missing or out of range.
    pub fn open(path: &Path) -> Result<Self> {
        /// Runs that may come one before the other: more are a circle.
        const RUNS: usize = 8;
        Self::open_at(path, RUNS)
    }

    fn open_at(path: &Path, depth: usize) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::Io {
            path: path.display().to_string(),
            source,
        })?;
        let mut config: Self = toml::from_str(&text).map_err(|error| Error::Train(error.to_string()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        for file in std::mem::take(&mut config.include) {
            let path = folder.join(file);
            let shown = path.display().to_string();
            let text = std::fs::read_to_string(&path).map_err(|source| Error::Io {
                path: shown.clone(),
                source,
            })?;
            let dataset = toml::from_str(&text).map_err(|error| Error::Train(format!("{shown}: {error}")))?;
            config.datasets.push(dataset);
        }
        config.check()?;
        config.output = folder.join(&config.output);
        config.data = folder.join(&config.data);
        for file in config.models() {
            *file = folder.join(&file);
        }
        config.model.stem = config.model.stem.take().map(|file| folder.join(file));
        let mut first: Vec<Self> = Vec::new();
        for model in config.models() {
            if model.extension().is_none_or(|end| end != "toml") {
                continue;
            }
            if depth == 0 {
                return Err(Error::Train(format!(
                    "{}: too many runs, one before the other",
                    model.display()
                )));
            }
            let run = Self::open_at(model, depth - 1)?;
            *model = run.model_file();
            if first.iter().all(|known| known.output != run.output) {
                first.push(run);
            }
        }
        config.first = first;
        for distort in config
            .datasets
            .iter_mut()
            .filter_map(|dataset| dataset.distort.as_mut())
        {
            distort.cache = distort.cache.take().map(|cache| folder.join(cache));
        }
        Ok(config)
    }

    /// The file that the trained model is written to.
    pub fn model_file(&self) -> PathBuf {
        self.output.join("model.safetensors")
    }

    /// The models that it begins with or learns from.
    fn models(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let teachers = self.datasets.iter_mut().flat_map(|dataset| &mut dataset.teachers);
        self.model.init.iter_mut().chain(teachers)
    }

    /// Changes this run and those before it.
    pub fn change(&mut self, change: &mut dyn FnMut(&mut Self)) {
        change(self);
        let mut first = std::mem::take(&mut self.first);
        for run in &mut first {
            let before = run.model_file();
            run.change(change);
            let after = run.model_file();
            self.models()
                .filter(|model| **model == before)
                .for_each(|model| model.clone_from(&after));
        }
        self.first = first;
    }

    /// Reads the text of a configuration that includes no other files.
    ///
    /// # Errors
    /// [`Error::Train`].
    pub fn parse(text: &str) -> Result<Self> {
        let config: Self = toml::from_str(text).map_err(|error| Error::Train(error.to_string()))?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        let refuse = |reason: String| Err(Error::Train(reason));
        if self.datasets.is_empty() {
            return refuse("there is no [[dataset]], and nothing is included".into());
        }
        if self.schedule.epochs == 0 || self.schedule.batch == 0 {
            return refuse("schedule.epochs and schedule.batch must be at least 1".into());
        }
        if !(0.0..1.0).contains(&self.schedule.warmup) {
            return refuse(format!(
                "schedule.warmup is {}; 0 to 1 is possible",
                self.schedule.warmup
            ));
        }
        if self.schedule.cooldown > self.schedule.steps {
            return refuse("schedule.cooldown is a part of schedule.steps, and cannot be longer".into());
        }
        if !(0.0..1.0).contains(&self.optimizer.ema) {
            return refuse(format!(
                "optimizer.ema is {}; 0 to below 1 is possible",
                self.optimizer.ema
            ));
        }
        let interpolation = self.optimizer.interpolation;
        if !(0.0..=1.0).contains(&interpolation) || (interpolation < 1.0 && self.model.init.is_none()) {
            return refuse(format!(
                "optimizer.interpolation is {interpolation}; 0 to 1 is possible, and below 1 with a model to go on from (model.init)"
            ));
        }
        if self.model.batch_norm && (self.model.stem.is_none() || self.device != "flex") {
            return refuse(
                "model.batch_norm needs model.stem, whose normalisation it keeps, and device = \"flex\"".into(),
            );
        }
        if !(0.0..1.0).contains(&self.model.pooled_dropout) {
            return refuse(format!(
                "model.pooled_dropout is {}; 0 to below 1 is possible",
                self.model.pooled_dropout
            ));
        }
        let chosen = [
            self.model.init.is_some(),
            self.model.preset.is_some(),
            self.model.config.is_some(),
        ];
        if chosen.iter().filter(|&&chosen| chosen).count() != 1 {
            return refuse("[model] needs one of init, preset and config".into());
        }
        if let Some(Err(reason)) = self.model.photo.as_ref().map(Preparation::check) {
            return refuse(format!("model.photo: {reason}"));
        }
        self.datasets.iter().try_for_each(DatasetConfig::check)
    }

    /// The ids of the scenes that the model offers, in the order of the datasets.
    pub fn scenes(&self) -> Vec<String> {
        let mut scenes = distinct(self.datasets.iter().map(|dataset| &dataset.scene));
        scenes.extend(self.faults().map(|fault| fault.id().to_owned()));
        scenes
    }

    /// The faults whose scenes are learned.
    pub fn faults(&self) -> impl Iterator<Item = Fault> + use<> {
        let learned = self.datasets.iter().any(|dataset| dataset.faults);
        Fault::ALL.into_iter().filter(move |_| learned)
    }

    /// What the level features of a scene are compared with: the most that one of its datasets asks for; those of faults with statistics.
    pub fn compared_with(&self, scene: &str) -> ComparedWith {
        let of_scene = self.datasets.iter().filter(|dataset| dataset.scene == scene);
        let of_faults = self.faults().filter(|fault| fault.id() == scene);
        let asked = of_scene.map(|dataset| dataset.compared_with);
        asked
            .chain(of_faults.map(|_| ComparedWith::Statistics))
            .max()
            .unwrap_or_default()
    }

    /// The domains of a scene, in the order of its datasets; of the scene of a fault, its forms; none if its level features are those of all photos.
    pub fn domains(&self, scene: &str) -> Vec<String> {
        if let Some(fault) = self.faults().find(|fault| fault.id() == scene) {
            return fault.forms().iter().map(|&form| form.to_owned()).collect();
        }
        let of_scene = self.datasets.iter().filter(|dataset| dataset.scene == scene);
        distinct(of_scene.flat_map(|dataset| &dataset.domains))
    }

    /// The ids of the scenes that are learned: those that the model offers, then those that help alone.
    pub fn learned_scenes<'a>(&'a self) -> Vec<String> {
        let offered = self.scenes();
        let helping = |dataset: &'a DatasetConfig| dataset.auxiliary.iter().chain(&dataset.order_alone);
        distinct(offered.iter().chain(self.datasets.iter().flat_map(helping)))
    }
}

impl ModelConfig {
    /// The dimensions of a model that begins with random weights.
    ///
    /// # Errors
    /// [`Error::Train`] for an unknown preset.
    pub fn dimensions(&self) -> Result<Option<Config>> {
        if let Some(config) = &self.config {
            config.check()?;
            return Ok(Some(config.clone()));
        }
        let Some(preset) = &self.preset else { return Ok(None) };
        match preset.as_str() {
            "lite" => Ok(Some(Config::lite())),
            "b16" => Ok(Some(Config::b16())),
            "tiny" => Ok(Some(Config::tiny())),
            "micro" => Ok(Some(Config::micro())),
            other => Err(Error::Train(format!(
                "model.preset is `{other}`; lite, b16, tiny and micro are possible"
            ))),
        }
    }
}

/// What is listed, each once, in the order of its first place.
pub(super) fn distinct<'a, T: Clone + PartialEq + 'a>(list: impl IntoIterator<Item = &'a T>) -> Vec<T> {
    let mut found: Vec<T> = Vec::new();
    for item in list {
        if !found.contains(item) {
            found.push(item.clone());
        }
    }
    found
}

fn flex() -> String {
    "flex".into()
}

fn two() -> usize {
    2
}

fn a_fifth() -> f64 {
    0.2
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_a_fifth(part: &f64) -> bool {
    *part == a_fifth()
}

fn cache() -> usize {
    1024
}
