//! The configuration of a training run, as a TOML file. `docs/training.md` explains each key; `weights/lite.toml` is one.

mod dataset;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Error, Result, image::Preparation, model::Config};

pub use dataset::{DatasetConfig, MosaicConfig};

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
    /// The run that has to come first, if `model.init` names one.
    #[serde(skip)]
    pub first: Option<Box<TrainConfig>>,
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
    /// How photos are brought to the model, stored in the file; its `short_side` is that of every dataset that has none of its own.
    /// Without it, as the file `init` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<Preparation>,
    /// Licence of the trained weights, stored in the file.
    pub licence: Option<String>,
    /// Where the trained weights come from, stored in the file.
    pub source: Option<String>,
}

/// How long, in which steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleConfig {
    /// Times that every dataset is gone through.
    pub epochs: usize,
    /// Crops of a step.
    pub batch: usize,
    /// Part of all steps during which learning rates grow from 0; then they fall along a cosine to 0.
    #[serde(default = "warmup")]
    pub warmup: f64,
    /// Epochs without a better validation SRCC after which the run ends; 0 never ends early.
    #[serde(default)]
    pub patience: usize,
    /// Steps after which a checkpoint is written; 0 writes one at the end of each epoch alone.
    #[serde(default)]
    pub checkpoint_every: usize,
}

/// Adam (Kingma and Ba 2015), with decoupled weight decay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OptimizerConfig {
    /// Learning rate of every tensor that no group names.
    pub lr: f64,
    /// Decay of the mean of gradients.
    pub beta1: f64,
    /// Decay of the mean of squared gradients.
    pub beta2: f64,
    /// Added to the root of the latter.
    pub epsilon: f64,
    /// Weight decay per unit of learning rate, on tensors of two or more dimensions.
    pub weight_decay: f64,
    /// The gradients' common norm is cut to this; 0 leaves it.
    pub clip: f64,
    /// Decay of the moving average of the weights, which is what is judged and stored; 0 stores the weights themselves.
    pub ema: f64,
    /// Tensors with a learning rate of their own; the last group that fits a tensor counts.
    pub groups: Vec<GroupConfig>,
}

/// Tensors whose names begin with a prefix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupConfig {
    /// Beginning of the names; `*` stands for any number of characters.
    pub tensors: String,
    /// Their learning rate; 0 freezes them.
    pub lr: f64,
}

/// Weights of the terms of the loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LossConfig {
    /// Mean squared error.
    pub mse: f64,
    /// Variance of the errors within each group of photos that show the same ([`DatasetConfig::group`]): what a photo shows, and how
    /// nice that is, cancels out.
    pub difference: f64,
    /// One minus the linear correlation within each dataset of a step.
    pub plcc: f64,
    /// Pairs of one dataset in the wrong order: `softplus(-(p_i - p_j) / temperature)` where the label of `i` is higher.
    pub rank: f64,
    /// Difference of two scores that `rank` takes for clear.
    pub temperature: f64,
}

/// How a model is judged after each epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ValidationConfig {
    /// Crops of a photo, on a grid.
    pub crops: u32,
    /// Crops of a photo after the last epoch.
    pub final_crops: u32,
    /// Crops of a forward pass.
    pub batch: usize,
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        Self {
            lr: 2e-5,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
            clip: 1.0,
            ema: 0.0,
            groups: Vec::new(),
        }
    }
}

impl Default for LossConfig {
    fn default() -> Self {
        Self {
            mse: 1.0,
            difference: 0.0,
            plcc: 0.0,
            rank: 0.0,
            temperature: 0.05,
        }
    }
}

impl Default for ValidationConfig {
    fn default() -> Self {
        Self {
            crops: 4,
            final_crops: 10,
            batch: 16,
        }
    }
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
        for file in [&mut config.model.init, &mut config.model.stem] {
            *file = file.take().map(|file| folder.join(file));
        }
        if let Some(init) = config
            .model
            .init
            .take_if(|init| init.extension().is_some_and(|end| end == "toml"))
        {
            if depth == 0 {
                return Err(Error::Train(format!(
                    "{}: too many runs, one before the other",
                    init.display()
                )));
            }
            let first = Self::open_at(&init, depth - 1)?;
            config.model.init = Some(first.model_file());
            config.first = Some(Box::new(first));
        }
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

    /// Changes this run and those before it.
    pub fn change(&mut self, change: &mut dyn FnMut(&mut Self)) {
        change(self);
        if let Some(first) = &mut self.first {
            first.change(change);
            self.model.init = Some(first.model_file());
        }
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
        if !(0.0..1.0).contains(&self.optimizer.ema) {
            return refuse(format!(
                "optimizer.ema is {}; 0 to below 1 is possible",
                self.optimizer.ema
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

    /// The ids of the scenes that are learned, in the order of the datasets.
    pub fn scenes(&self) -> Vec<String> {
        let mut scenes: Vec<String> = Vec::new();
        for dataset in &self.datasets {
            if !scenes.contains(&dataset.scene) {
                scenes.push(dataset.scene.clone());
            }
        }
        scenes
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

impl GroupConfig {
    /// Whether a tensor belongs to the group.
    pub fn holds(&self, name: &str) -> bool {
        let mut parts = self.tensors.split('*');
        let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
            return false;
        };
        for part in parts {
            match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        true
    }
}

fn flex() -> String {
    "flex".into()
}

fn two() -> usize {
    2
}

fn cache() -> usize {
    1024
}

fn warmup() -> f64 {
    0.05
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_holds_the_names_that_its_pattern_begins() {
        let group = |tensors: &str| GroupConfig {
            tensors: tensors.into(),
            lr: 0.0,
        };
        assert!(group("clip_model.visual.stem.").holds("clip_model.visual.stem.first.weight"));
        assert!(!group("clip_model.visual.stem.").holds("clip_model.visual.proj"));
        assert!(
            group("*.mlp.useful_experts.").holds("clip_model.transformer.resblocks.6.mlp.useful_experts.c_fc.bias")
        );
        assert!(group("").holds("score_level"));
    }
}
