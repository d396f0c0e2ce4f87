//! The tensors of a model as leaves that gradients arrive at.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};

use super::{
    config::OptimizerConfig,
    norm::{Values, is_measured, is_norm},
};
use crate::{
    Error, Result,
    model::{Config, Entry, Part},
    weights::{TEXT_FEATURES, Tensors, text_features_name},
};

/// One tensor of a model.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Name in the checkpoint.
    pub name: String,
    /// Shape in the checkpoint.
    pub shape: Vec<usize>,
    /// Its numbers, flat, on the device and without gradients.
    pub values: Tensor<1>,
    /// Its learning rate; 0 if it is frozen.
    pub lr: f64,
}

impl Parameter {
    /// Whether gradients are wanted.
    pub fn is_trained(&self) -> bool {
        self.lr > 0.0
    }
}

/// All tensors of a model and of the scenes that it learns.
#[derive(Debug, Clone)]
pub struct Parameters {
    /// Dimensions of the model.
    pub config: Config,
    /// In the order of [`Config::inventory`], learned text features last.
    pub list: Vec<Parameter>,
}

/// What the names begin with of the straight lines between a dataset's labels and its scene's scores.
pub(super) const AFFINE: &str = "affine.";

impl Parameters {
    /// Puts a model's tensors on `device`: those of `known` by name, else what `initial` says.
    ///
    /// `scenes` are those whose level features are learned, and the shape of these; a model with a text tower has none of them, as its features come
    /// from prompts.
    ///
    /// # Errors
    /// [`Error::TensorShape`] for a known tensor of another shape, [`Error::TensorExtra`] for one that the model has no
    /// place for.
    pub fn new(
        config: &Config,
        scenes: &[(String, [usize; 2])],
        mut known: BTreeMap<String, Values>,
        optimizer: &OptimizerConfig,
        device: &Device,
        mut initial: impl FnMut(&Entry) -> Result<Vec<f32>>,
    ) -> Result<Self> {
        let mut entries = config.inventory();
        if config.text.is_none() {
            entries.extend(scenes.iter().map(|(scene, shape)| Entry {
                name: text_features_name(scene),
                shape: shape.to_vec(),
                part: Part::Vision,
            }));
        }
        entries.extend(
            known
                .iter()
                .filter(|(name, _)| is_norm(name))
                .map(|(name, (shape, _))| Entry {
                    name: name.clone(),
                    shape: shape.clone(),
                    part: Part::Vision,
                }),
        );
        let mut list = Vec::with_capacity(entries.len());
        for entry in entries {
            let values = match known.remove(&entry.name) {
                Some((shape, values)) if shape == entry.shape || (entry.shape.is_empty() && shape == [1]) => values,
                Some((found, _)) => {
                    return Err(Error::TensorShape {
                        name: entry.name,
                        found,
                        expected: entry.shape,
                    });
                }
                None => initial(&entry)?,
            };
            let length = values.len();
            list.push(Parameter {
                values: Tensor::from_data(TensorData::new(values, [length]), device),
                lr: match optimizer.groups.iter().rev().find(|group| group.holds(&entry.name)) {
                    _ if is_measured(&entry.name) => 0.0,
                    Some(group) => group.lr,
                    None => optimizer.lr,
                },
                name: entry.name,
                shape: entry.shape,
            });
        }
        // Features of scenes that this run does not learn may be in a file; nothing else may.
        match known.into_keys().find(|name| !name.starts_with(TEXT_FEATURES)) {
            Some(name) => Err(Error::TensorExtra(name)),
            None => Ok(Self {
                config: config.clone(),
                list,
            }),
        }
    }

    /// Adds a tensor that is learned and no part of a model, and returns its place in the list.
    pub(super) fn add(&mut self, name: String, values: Vec<f32>, lr: f64, device: &Device) -> usize {
        let length = values.len();
        self.list.push(Parameter {
            values: Tensor::from_data(TensorData::new(values, [length]), device),
            name,
            shape: vec![length],
            lr,
        });
        self.list.len() - 1
    }

    /// The tensors with gradients: those that are trained as leaves, the others as constants.
    pub fn leaves(&self) -> Vec<Tensor<1>> {
        self.list
            .iter()
            .map(|parameter| match parameter.is_trained() {
                true => parameter.values.clone().autodiff().require_grad(),
                false => parameter.values.clone(),
            })
            .collect()
    }

    /// `values`, one for each parameter, as the tensors of a checkpoint.
    pub fn tensors(&self, values: &[Tensor<1>]) -> Tensors {
        let device = values.first().map(Tensor::device).unwrap_or_default();
        let mut tensors = Tensors::new(device);
        for (parameter, values) in self.list.iter().zip(values) {
            tensors.insert_flat(parameter.name.clone(), parameter.shape.clone(), values.clone());
        }
        tensors
    }

    /// The current values, one tensor for each parameter.
    pub fn values(&self) -> Vec<Tensor<1>> {
        self.list.iter().map(|parameter| parameter.values.clone()).collect()
    }
}
