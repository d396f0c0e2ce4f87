//! What a dataset of distorted photos is asked to be.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::train::distortion::{Distortion, Level};

/// Clean photos to be distorted, instead of label files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DistortConfig {
    /// Folder of the clean photos, if they are not in `lists` alone.
    #[serde(default)]
    pub photos: PathBuf,
    /// Label files that say which of their photos are clean.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<ListConfig>,
    /// Scale every clean photo so that its short side has this many pixels before it is distorted; without it the dataset's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short_side: Option<u32>,
    /// Folder that the distorted photos are written to, once; without it `distorted` in the run's output folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<PathBuf>,
    /// Distorted photos to learn from, made once; with 0, crops are distorted anew for each step, at any strength.
    #[serde(default)]
    pub count: usize,
    /// Clean photos among them, as a part of `count`, each at most once; with `count = 0` of the weakest of each group.
    #[serde(default = "clean")]
    pub clean: f64,
    /// Kinds of distortion; those that are held out are not learned.
    #[serde(default = "all_kinds")]
    pub kinds: Vec<Distortion>,
    /// Strengths, above 0 and up to 1.
    #[serde(default = "levels")]
    pub strengths: Vec<f32>,
    /// Start of the random numbers; without it the run's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// What is never learned from.
    #[serde(default)]
    pub held_out: HeldOut,
}

/// A label file with a column for photos that are good enough to be distorted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListConfig {
    /// A CSV file with a header and the columns `image`, `clean` (1 for a clean photo) and `group` (photos of one group stay
    /// together when photos are held out).
    pub labels: PathBuf,
    /// Another such file: its photos are held out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<PathBuf>,
    /// Folder of the photos.
    pub images: PathBuf,
    /// Whether all of its photos are distorted, not the clean ones alone: what people would say of them is then unknown, but `teachers` may
    /// tell. The columns `clean` and `group` are not needed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
}

/// What a model is judged by, and never learns from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HeldOut {
    /// Clean photos that are seen in no form; with 0 there is nothing to judge by.
    pub photos: usize,
    /// Kinds that are never learned: each is judged on all those photos.
    pub kinds: Vec<Distortion>,
    /// Strengths to judge at, none of them learned: the steps of a ladder.
    pub strengths: Vec<f32>,
    /// Ladders of each kind that is learned; at most one a photo.
    pub ladders: usize,
}

impl DistortConfig {
    /// Of the photos in a folder, with the defaults of a configuration.
    pub fn new(photos: PathBuf, count: usize) -> Self {
        Self {
            photos,
            lists: Vec::new(),
            short_side: None,
            cache: None,
            count,
            clean: clean(),
            kinds: all_kinds(),
            strengths: levels(),
            seed: None,
            held_out: HeldOut::default(),
        }
    }

    /// The kinds that are learned; one that is named twice comes twice as often.
    pub fn learned(&self) -> Vec<Distortion> {
        let kinds = self.kinds.iter().copied();
        kinds.filter(|kind| !self.held_out.kinds.contains(kind)).collect()
    }

    /// Refuses what cannot be drawn, or would let a model see what it is judged by.
    ///
    /// # Errors
    /// What is wrong with which key.
    pub fn check(&self) -> Result<(), String> {
        let held_out = &self.held_out;
        if self.learned().is_empty() {
            return Err("distort.kinds leaves nothing to learn from".into());
        }
        if self.photos == PathBuf::new() && self.lists.is_empty() {
            return Err("distort needs photos or lists".into());
        }
        if !(0.0..=1.0).contains(&self.clean) {
            return Err(format!("distort.clean is {}; 0 to 1 is possible", self.clean));
        }
        for (name, strengths) in [
            ("strengths", &self.strengths),
            ("held_out.strengths", &held_out.strengths),
        ] {
            if let Some(strength) = strengths.iter().find(|&&strength| !(strength > 0.0 && strength <= 1.0)) {
                return Err(format!(
                    "distort.{name} has {strength}; above 0 and up to 1 is possible"
                ));
            }
        }
        if self.strengths.is_empty() {
            return Err("distort.strengths is empty".into());
        }
        if let Some(strength) = held_out
            .strengths
            .iter()
            .find(|strength| self.strengths.contains(strength))
        {
            return Err(format!(
                "distort.held_out.strengths has {strength}, which is learned from"
            ));
        }
        if held_out.photos == 0 && *held_out != HeldOut::default() {
            return Err("distort.held_out.photos is 0, so there is nothing to judge by".into());
        }
        if held_out.photos > 0 && (held_out.strengths.is_empty() || held_out.ladders == 0) {
            return Err("distort.held_out needs photos, strengths and ladders".into());
        }
        Ok(())
    }
}

fn clean() -> f64 {
    0.03
}

fn all_kinds() -> Vec<Distortion> {
    Distortion::ALL.to_vec()
}

fn levels() -> Vec<f32> {
    Level::ALL.map(Level::strength).to_vec()
}
