//! A dataset of a run.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{Error, Result, image::Preparation, train::distorted::config::DistortConfig};

/// A dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetConfig {
    /// Its name in logs and errors.
    pub name: String,
    /// What its labels judge: the id of a scene.
    pub scene: String,
    /// Further scenes that learn from the same labels. They help the network along; the model does not offer them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub auxiliary: Vec<String>,
    /// Scenes, its own perhaps among them, that learn nothing of its labels but the order within a group of photos (`loss.order`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order_alone: Vec<String>,
    /// The domains that its photos are of: its scene has level features for each domain of its datasets. Without any, a photo counts for the
    /// mean over domains alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<String>,
    /// Which of several domains a photo is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain_column: Option<String>,
    /// Models whose mean score of a crop is its label instead (Hinton et al., "Distilling the Knowledge in a Neural Network", 2015): files, or
    /// configurations (`.toml`) of models that are trained first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub teachers: Vec<PathBuf>,
    /// Whether its distorted photos also teach the scenes of faults: `sharpness`, `noise`, `exposure`, `compression` and `colour`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub faults: bool,
    /// What its scene's level features are compared with.
    #[serde(default, skip_serializing_if = "ComparedWith::is_features")]
    pub compared_with: ComparedWith,
    /// Whether its labels lie on another scale than its scene's scores: the straight line from scores to labels is learned.
    #[serde(default, skip_serializing_if = "is_false")]
    pub affine: bool,
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
    /// How many photos that show the same are seen in one step, cut alike: `loss.difference` compares them. Needs ladders.
    #[serde(default = "alone", skip_serializing_if = "is_alone")]
    pub group: usize,
    /// Weight of its squared errors in the loss.
    #[serde(default = "one")]
    pub weight: f64,
    /// Scale every photo so that its short side has this many pixels (AVA and UWIQA: 224), whatever `photo` of the model says.
    pub short_side: Option<u32>,
}

/// What the level features of a scene are compared with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ComparedWith {
    /// Image features.
    #[default]
    Features,
    /// The pooled statistics of the stem instead, as those of faults.
    Statistics,
    /// Both.
    Both,
}

impl std::fmt::Display for ComparedWith {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Features => "features",
            Self::Statistics => "statistics",
            Self::Both => "both",
        })
    }
}

impl ComparedWith {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_features(&self) -> bool {
        *self == Self::Features
    }
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

impl DatasetConfig {
    /// Refuses what contradicts itself.
    ///
    /// # Errors
    /// [`Error::Dataset`].
    pub(super) fn check(&self) -> Result<()> {
        let refuse = |reason: &str| {
            Err(Error::Dataset {
                name: self.name.clone(),
                reason: reason.into(),
            })
        };
        self.check_sources().or_else(|reason| refuse(&reason))?;
        let [low, high] = self.range;
        if !(low < high && low.is_finite() && high.is_finite()) {
            return refuse("range must be [lowest, highest]; say higher_is_better = false to turn labels round");
        }
        let preparation = Preparation {
            short_side: self.short_side,
            ..Preparation::default()
        };
        if let Err(reason) = preparation.check() {
            return refuse(&reason);
        }
        if !(0.0..1.0).contains(&self.validation_fraction) {
            return refuse("validation_fraction must be from 0 to below 1");
        }
        if self.group == 0 || self.group > 1 && !self.ladders && self.distort.is_none() {
            return refuse("group must be at least 1, and above it the dataset needs ladders");
        }
        if (self.domains.len() > 1) != self.domain_column.is_some() {
            return refuse(
                "several domains need a domain_column that says which of them a photo is of, and one or none must not have it",
            );
        }
        if self.faults && self.distort.as_ref().is_none_or(|distort| distort.count > 0) {
            return refuse(
                "faults are learned from photos that are distorted anew for each step (distort, with count = 0)",
            );
        }
        if !(self.repeats >= 0.0 && self.weight >= 0.0 && self.repeats < 1e6) {
            return refuse("repeats and weight must not be negative");
        }
        Ok(())
    }

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
        let [low, high] = self.range;
        if low > 0.0 || high < 1.0 || !self.higher_is_better {
            return Err("with distort its labels are 0 to 1, higher better: range = [0, 1], or a wider one".into());
        }
        distort.check()
    }
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

fn one() -> f64 {
    1.0
}

fn alone() -> usize {
    1
}

fn is_alone(&group: &usize) -> bool {
    group == 1
}

fn is_false(value: &bool) -> bool {
    !value
}
