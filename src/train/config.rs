//! The configuration of a training run, as a TOML file. `docs/training.md` explains each key; `weights/lite.toml` is one.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::distorted::config::DistortConfig;
use crate::{Error, Result, image::Preparation, model::Config};

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
}

/// The model to begin with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// Weights to go on from (fine-tuning, the paper's Gamma-T): a safetensors file. Its dimensions are taken from it.
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

/// A dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetConfig {
    /// Its name in logs and errors.
    pub name: String,
    /// What its labels judge: the id of a scene.
    pub scene: String,
    /// A CSV file with a header.
    #[serde(default)]
    pub labels: PathBuf,
    /// Instead of label files and a folder: clean photos to be distorted, labelled by how much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distort: Option<DistortConfig>,
    /// Whether its label files say where photos stand on ladders, as those of distorted photos do.
    #[serde(default, skip_serializing_if = "is_false")]
    pub ladders: bool,
    /// What stands between its columns.
    #[serde(default = "comma")]
    pub delimiter: char,
    /// The names of its columns, if its first line is no header.
    pub columns: Option<Vec<String>>,
    /// Another such file of photos that are never trained on.
    pub validation: Option<PathBuf>,
    /// Without such a file: the part of `labels` that is set aside, chosen by the seed.
    #[serde(default)]
    pub validation_fraction: f64,
    /// Photos with the same value in this column stay together when a part is set aside.
    pub group_column: Option<String>,
    /// Folder of the photos.
    pub images: Option<PathBuf>,
    /// Instead of a folder: one picture of equal tiles, whose number stands in `image_column`.
    pub mosaic: Option<MosaicConfig>,
    /// Column of the photo's file name, or the tile's number.
    #[serde(default = "image_column")]
    pub image_column: String,
    /// Added to the name in that column.
    #[serde(default)]
    pub image_suffix: String,
    /// Column of the label.
    #[serde(default = "label_column")]
    pub label_column: String,
    /// Instead of a label: columns with the number of people who gave 1, 2, 3 and so on, whose mean is the label (AVA).
    pub count_columns: Option<Vec<String>>,
    /// Lowest and highest label possible; they become 0 and 1.
    pub range: [f64; 2],
    /// Whether a high label means a good photo.
    #[serde(default = "yes")]
    pub higher_is_better: bool,
    /// How often each photo is seen in an epoch, on average.
    #[serde(default = "one")]
    pub repeats: f64,
    /// Weight of its squared errors in the loss.
    #[serde(default = "one")]
    pub weight: f64,
    /// Scale every photo so that its short side has this many pixels (AVA and UWIQA: 224), whatever [`ModelConfig::photo`] says.
    pub short_side: Option<u32>,
}

/// A picture of equal tiles, row by row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MosaicConfig {
    /// The picture.
    pub file: PathBuf,
    /// Side of a tile in pixels.
    pub tile: u32,
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
        for distort in config
            .datasets
            .iter_mut()
            .filter_map(|dataset| dataset.distort.as_mut())
        {
            distort.cache = distort.cache.take().map(|cache| folder.join(cache));
        }
        Ok(config)
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
        for dataset in &self.datasets {
            let refuse = |reason: &str| {
                Err(Error::Dataset {
                    name: dataset.name.clone(),
                    reason: reason.into(),
                })
            };
            dataset.check_sources().or_else(|reason| refuse(&reason))?;
            let [low, high] = dataset.range;
            if !(low < high && low.is_finite() && high.is_finite()) {
                return refuse("range must be [lowest, highest]; say higher_is_better = false to turn labels round");
            }
            let preparation = Preparation {
                short_side: dataset.short_side,
                ..Preparation::default()
            };
            if let Err(reason) = preparation.check() {
                return refuse(&reason);
            }
            if !(0.0..1.0).contains(&dataset.validation_fraction) {
                return refuse("validation_fraction must be from 0 to below 1");
            }
            if !(dataset.repeats >= 0.0 && dataset.weight >= 0.0 && dataset.repeats < 1e6) {
                return refuse("repeats and weight must not be negative");
            }
        }
        Ok(())
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

impl DatasetConfig {
    /// Whether it says where its photos and labels come from, once.
    fn check_sources(&self) -> std::result::Result<(), String> {
        let files = self.labels != PathBuf::new() || self.validation.is_some();
        let pictures = [self.images.is_some(), self.mosaic.is_some()];
        let Some(distort) = &self.distort else {
            return match pictures {
                _ if self.labels == PathBuf::new() => Err("it needs one of labels and distort".into()),
                [true, true] | [false, false] => Err("it needs one of images and mosaic".into()),
                _ => Ok(()),
            };
        };
        if files || pictures != [false, false] || self.validation_fraction > 0.0 {
            return Err("with distort it needs neither photos nor labels nor validation of its own".into());
        }
        if self.range != [0.0, 1.0] || !self.higher_is_better {
            return Err("with distort its labels are 0 to 1, higher better: range = [0, 1]".into());
        }
        distort.check()
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

fn image_column() -> String {
    "image".into()
}

fn label_column() -> String {
    "mos".into()
}

fn comma() -> char {
    ','
}

fn yes() -> bool {
    true
}

fn is_false(value: &bool) -> bool {
    !value
}

fn one() -> f64 {
    1.0
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
