//! What a run begins with.

use std::collections::BTreeMap;

use burn::tensor::Device;

use super::{
    checkpoint,
    config::TrainConfig,
    imagenet::{efficientnet_lite, fold_efficientnet_lite},
    initial::initial,
    norm::is_norm,
    parameters::Parameters,
};
use crate::{
    Error, Result,
    image::Preparation,
    model::Config,
    weights::{self, Header},
};

/// How photos are brought to the model: as configured, else as the file says that the run begins with.
///
/// # Errors
/// If that file cannot be read, or states what no photo can be.
pub(super) fn photo(config: &TrainConfig) -> Result<Preparation> {
    match (&config.model.photo, &config.model.init) {
        (Some(photo), _) => Ok(photo.clone()),
        (None, None) => Ok(Preparation::default()),
        (None, Some(path)) => weights::photo(
            weights::convert::open(path)?
                .metadata()
                .get("photo")
                .map(String::as_str),
        ),
    }
}

/// The parameters that a run begins with: those of a file, ImageNet's for the stem, the rest random.
///
/// # Errors
/// If a file cannot be read or does not fit, or the configuration names no dimensions.
pub(super) fn beginning(config: &TrainConfig, scenes: &[String], device: &Device) -> Result<Parameters> {
    let (mut dimensions, mut known) = match &config.model.init {
        Some(path) => {
            let (tensors, _) = checkpoint::read(path)?;
            if let Some(name) = tensors.keys().find(|name| is_norm(name)) {
                return Err(Error::TensorExtra(name.clone()));
            }
            let shapes = tensors.iter().map(|(name, (shape, _))| (name.clone(), shape.clone()));
            (Config::from_header(&Header::of_shapes(shapes))?, tensors)
        }
        None => {
            let dimensions = config.model.dimensions()?;
            let dimensions = dimensions.ok_or_else(|| Error::Train("[model] names no dimensions".into()))?;
            (dimensions, BTreeMap::new())
        }
    };
    if config.model.pooled {
        let stem = dimensions.stem.as_mut();
        let stem = stem.ok_or_else(|| Error::Train("model.pooled needs a model with a convolutional stem".into()))?;
        stem.pooled = true;
    }
    if let (Some(path), Some(stem)) = (&config.model.stem, &dimensions.stem) {
        let (port, _) = checkpoint::read(path)?;
        known.extend(match config.model.batch_norm {
            true => efficientnet_lite(stem, &port)?,
            false => fold_efficientnet_lite(stem, &port)?,
        });
    }
    let of_domains = |scene: &String| (scene.clone(), config.domains(scene).len().max(1));
    let scenes: Vec<(String, usize)> = scenes.iter().map(of_domains).collect();
    Parameters::new(&dimensions, &scenes, known, &config.optimizer, device, |entry| {
        initial(entry, &dimensions, config.seed)
    })
}
