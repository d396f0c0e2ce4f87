//! A result as programs read it: one object for each photo and scene.

use std::borrow::Cow;
use std::path::Path;

use gamma_wasm::Error;
use gamma_wasm::image::{CropPolicy, Provenance};
use gamma_wasm::scorer::{Assessment, CropScore, Finding, Levels, ScoreInterval, Size};
use serde::Serialize;

use crate::names::exact;
use crate::report::Failure;

/// What the model says about a photo.
#[derive(Serialize)]
pub struct Row<'a> {
    pub image: Cow<'a, str>,
    #[serde(flatten)]
    pub answer: Answer<'a>,
}

/// The same without the photo's name.
#[derive(Serialize)]
pub struct Answer<'a> {
    pub score: f32,
    pub percent: f32,
    pub levels: Levels,
    pub spread: f32,
    pub uncertainty: f32,
    /// Left out if the model does not state it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<ScoreInterval>,
    /// Left out if the model tells none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings: Option<&'a [Finding]>,
    pub crops: &'a [CropScore],
    pub scene: &'a str,
    pub model: &'a str,
    pub seconds: f64,
    pub width: u32,
    pub height: u32,
    pub scale: f32,
    pub enlarged: bool,
    pub policy: CropPolicy,
    pub seed: u64,
    /// Left out for ordinary photos.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview: Option<Size>,
    /// Left out for photos that are not damaged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damaged: Option<f32>,
    pub provenance: &'a Provenance,
}

/// Why there is no score.
#[derive(Serialize)]
pub struct FailedRow<'a> {
    pub image: Cow<'a, str>,
    pub error: Failure,
}

impl<'a> Answer<'a> {
    /// What `model` said; `seconds` is what the photo took.
    pub fn new(assessment: &'a Assessment, model: &'a str, seconds: f64) -> Self {
        Self {
            score: assessment.score,
            percent: assessment.percent,
            levels: assessment.levels,
            spread: assessment.spread,
            uncertainty: assessment.uncertainty,
            interval: assessment.interval,
            findings: assessment.findings.as_deref(),
            crops: &assessment.crops,
            scene: &assessment.scene,
            model,
            // More digits of a time would be noise.
            seconds: (seconds * 1e3).round() / 1e3,
            width: assessment.width,
            height: assessment.height,
            scale: assessment.scale,
            enlarged: assessment.enlarged,
            policy: assessment.policy,
            seed: assessment.seed,
            source: assessment.preview.map(|_| assessment.source),
            preview: assessment.preview,
            damaged: Some(assessment.damaged).filter(|&damaged| damaged > 0.0),
            provenance: &assessment.provenance,
        }
    }
}

impl<'a> Row<'a> {
    /// The row of a photo.
    pub fn new(path: &'a Path, answer: Answer<'a>) -> Self {
        let image = exact(path);
        Self { image, answer }
    }
}

impl<'a> FailedRow<'a> {
    /// The row of a photo without a score.
    pub fn new(path: &'a Path, error: &Error) -> Self {
        Self {
            image: exact(path),
            error: Failure::from(error),
        }
    }
}
