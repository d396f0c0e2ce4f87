//! Batch normalisation of the stem: kept while a model learns (`model.batch_norm`), folded into the model that is written.

use std::collections::BTreeMap;

use burn::tensor::{Tensor, TensorData};

use super::{
    optimizer::numbers,
    parameters::{Parameter, Parameters},
};
use crate::Result;

/// Shape and values of a tensor.
pub type Values = (Vec<usize>, Vec<f32>);

/// What the names of its tensors have between that of the convolution and their own.
const NORM: &str = ".norm.";
/// The moments that a model is folded with: measured, not learned.
pub(super) const MOMENTS: [&str; 2] = [".norm.mean", ".norm.variance"];
/// What the names of the usual pooled statistics end with: measured once, before the first step.
pub(super) const USUAL: [&str; 2] = [".pooled.mean", ".pooled.deviation"];

/// Whether a tensor belongs to a batch normalisation.
pub(super) fn is_norm(name: &str) -> bool {
    name.contains(NORM)
}

/// Whether a tensor is measured, not learned: a moment, or what is usual of the pooled statistics.
pub(super) fn is_measured(name: &str) -> bool {
    MOMENTS.iter().chain(&USUAL).any(|end| name.ends_with(end))
}

/// Folds each batch normalisation into the convolution before it: `w' = w g`, `b' = bias - mean g` with
/// `g = gain / sqrt(variance + 0.001)`. Its own tensors go.
pub fn fold(tensors: &mut BTreeMap<String, Values>) {
    let ends = |name: &String| name.strip_suffix(".norm.gain").map(str::to_owned);
    let convolutions: Vec<String> = tensors.keys().filter_map(ends).collect();
    for name in convolutions {
        let mut take = |end: &str| tensors.remove(&format!("{name}{NORM}{end}")).map(|(_, values)| values);
        let (Some(gain), Some(mean), Some(variance)) = (take("gain"), take("mean"), take("variance")) else {
            continue;
        };
        let epsilon = f64::from(gamma_kernels::BATCH_NORM_EPSILON);
        let gains: Vec<f64> = gain
            .iter()
            .zip(variance)
            .map(|(&gain, variance)| f64::from(gain) / (f64::from(variance) + epsilon).sqrt())
            .collect();
        if let Some((_, weight)) = tensors.get_mut(&format!("{name}.weight")) {
            let row = weight.len() / gains.len().max(1);
            for (row, gain) in weight.chunks_exact_mut(row.max(1)).zip(&gains) {
                row.iter_mut().for_each(|w| *w = (f64::from(*w) * gain) as f32);
            }
        }
        if let Some((_, bias)) = tensors.get_mut(&format!("{name}.bias")) {
            for ((bias, mean), gain) in bias.iter_mut().zip(mean).zip(&gains) {
                *bias = (f64::from(*bias) - f64::from(mean) * gain) as f32;
            }
        }
    }
}

impl Parameters {
    /// The parameters and `values`, one for each, as those of a model: without batch normalisation.
    ///
    /// # Errors
    /// If the device fails.
    pub(super) fn folded(&self, values: &[Tensor<1>]) -> Result<(Self, Vec<Tensor<1>>)> {
        if !self.list.iter().any(|parameter| is_norm(&parameter.name)) {
            return Ok((self.clone(), values.to_vec()));
        }
        let mut tensors = BTreeMap::new();
        for (Parameter { name, shape, .. }, values) in self.list.iter().zip(values) {
            tensors.insert(name.clone(), (shape.clone(), numbers(values.clone())?));
        }
        fold(&mut tensors);
        let (mut list, mut folded) = (Vec::new(), Vec::new());
        for (parameter, values) in self.list.iter().zip(values) {
            if let Some((_, numbers)) = tensors.remove(&parameter.name) {
                let length = numbers.len();
                folded.push(Tensor::from_data(TensorData::new(numbers, [length]), &values.device()));
                list.push(parameter.clone());
            }
        }
        let config = self.config.clone();
        Ok((Self { config, list }, folded))
    }
}
