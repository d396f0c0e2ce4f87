//! What a conversion gives: bytes and errors of every tensor, and what they come to.

use std::collections::BTreeMap;

use half::f16;
use safetensors::Dtype;
use serde::Serialize;

use super::plan::Plan;
use super::scenes::Offer;
use super::select::Selection;
use crate::model::{Config, Entry};

/// What became of a checkpoint.
#[derive(Debug, Serialize)]
pub struct Report {
    /// What weights are stored as: `f32`, `f16`, `q8` or `q4`.
    pub dtype: String,
    /// Dimensions.
    pub config: Config,
    /// Bytes of each file written.
    pub files: BTreeMap<String, u64>,
    /// Scenes whose text features are stored.
    pub scenes: Vec<String>,
    /// Why no text features are stored, if none are.
    pub scenes_missing: Option<String>,
    /// What the checkpoint held beside the model, by name; it was left out.
    pub dropped: Vec<String>,
    /// Sums over the quantised matrices, if there are any.
    pub quantized: Option<Sums>,
    /// Every tensor, in the order of the files.
    pub tensors: Vec<TensorReport>,
}

/// One tensor (its scales included).
#[derive(Debug, Serialize)]
pub struct TensorReport {
    /// Name.
    pub name: String,
    /// File that it lies in.
    pub file: String,
    /// Numbers.
    pub numbers: u64,
    /// Bytes in the file.
    pub bytes: u64,
    /// Element type, that of the codes for a quantised matrix.
    pub dtype: String,
    /// Bits of a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bits: Option<u32>,
    /// The matrix that it is the difference to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// How much its error counts in the search for bits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensitivity: Option<f64>,
    /// Root of the squared error over the squared weights.
    pub relative_rms: f64,
}

/// What the quantised matrices come to.
#[derive(Debug, Clone, Serialize)]
pub struct Sums {
    /// Matrices.
    pub matrices: usize,
    /// Matrices stored as differences.
    pub differences: usize,
    /// Weights.
    pub numbers: u64,
    /// Bytes of codes and scales.
    pub bytes: u64,
    /// Matrices of each number of bits.
    pub bits: BTreeMap<u32, usize>,
    /// Root of the mean over all weights of the relative squared error, each tensor's times its sensitivity.
    pub weighted_relative_rms: f64,
    /// The largest relative error of a matrix.
    pub worst_relative_rms: f64,
    /// The matrix that has it.
    pub worst: String,
}

impl Report {
    pub(super) fn new(dtype: &str, selection: &Selection, offer: &Offer) -> Self {
        Self {
            dtype: dtype.to_owned(),
            config: selection.config.clone(),
            files: BTreeMap::new(),
            scenes: offer.stored.iter().map(|features| features.scene.id.clone()).collect(),
            scenes_missing: offer.reason.clone(),
            dropped: selection.dropped.clone(),
            quantized: None,
            tensors: Vec::new(),
        }
    }

    /// Adds up, once every tensor is in.
    pub(super) fn finish(&mut self) {
        let quantized: Vec<&TensorReport> = self.tensors.iter().filter(|tensor| tensor.bits.is_some()).collect();
        let Some(worst) = quantized
            .iter()
            .max_by(|a, b| a.relative_rms.total_cmp(&b.relative_rms))
        else {
            return;
        };
        let numbers: u64 = quantized.iter().map(|tensor| tensor.numbers).sum();
        let error = |tensor: &&TensorReport| {
            tensor.sensitivity.unwrap_or(1.0) * tensor.relative_rms.powi(2) * tensor.numbers as f64
        };
        let mut bits = BTreeMap::new();
        for tensor in &quantized {
            *bits.entry(tensor.bits.unwrap_or_default()).or_default() += 1;
        }
        self.quantized = Some(Sums {
            matrices: quantized.len(),
            differences: quantized.iter().filter(|tensor| tensor.base.is_some()).count(),
            numbers,
            bytes: quantized.iter().map(|tensor| tensor.bytes).sum(),
            bits,
            weighted_relative_rms: (quantized.iter().map(error).sum::<f64>() / numbers.max(1) as f64).sqrt(),
            worst_relative_rms: worst.relative_rms,
            worst: worst.name.clone(),
        });
    }
}

impl TensorReport {
    pub(super) fn float(entry: &Entry, dtype: Dtype, file: &str, weights: &[f32], bytes: u64) -> Self {
        let squared_error = match dtype {
            Dtype::F16 => (weights.iter())
                .map(|&weight| f64::from(weight - f16::from_f32(weight).to_f32()).powi(2))
                .sum(),
            _ => 0.0,
        };
        Self {
            name: entry.name.clone(),
            file: file.to_owned(),
            numbers: weights.len() as u64,
            bytes,
            dtype: dtype.to_string(),
            bits: None,
            base: None,
            sensitivity: None,
            relative_rms: relative(squared_error, weights),
        }
    }

    pub(super) fn quantized(
        entry: &Entry,
        plan: &Plan,
        file: &str,
        weights: &[f32],
        squared_error: f64,
        bytes: u64,
    ) -> Self {
        Self {
            name: entry.name.clone(),
            file: file.to_owned(),
            numbers: weights.len() as u64,
            bytes,
            dtype: plan.layout.dtype().to_string(),
            bits: Some(plan.layout.bits),
            base: plan.layout.base.clone(),
            sensitivity: Some(plan.sensitivity),
            relative_rms: relative(squared_error, weights),
        }
    }

    pub(super) fn features(name: String, file: &str, dtype: Dtype, numbers: u64, bytes: u64) -> Self {
        Self {
            name,
            file: file.to_owned(),
            numbers,
            bytes,
            dtype: dtype.to_string(),
            bits: None,
            base: None,
            sensitivity: None,
            relative_rms: 0.0,
        }
    }
}

fn relative(squared_error: f64, weights: &[f32]) -> f64 {
    let energy: f64 = weights.iter().map(|&weight| f64::from(weight).powi(2)).sum();
    if energy == 0.0 {
        0.0
    } else {
        (squared_error / energy).sqrt()
    }
}
