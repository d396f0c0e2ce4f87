//! What a run begins with.

use std::collections::BTreeMap;

use burn::tensor::Device;

use super::{
    checkpoint,
    config::TrainConfig,
    imagenet::{efficientnet_lite, fold_efficientnet_lite},
    initial::initial,
    norm::{Values, is_norm},
    parameters::{Parameters, text_features},
};
use crate::{
    Error, Result,
    image::Preparation,
    model::{Config, Entry, LevelFeatures, LiteStem, Part},
    prompt::LEVELS,
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
    if dimensions.stem.as_ref().map_or(0, LiteStem::pooled_statistics) == 0
        && let Some(dataset) = config.datasets.iter().find(|dataset| dataset.statistics)
    {
        return Err(Error::Dataset {
            name: dataset.name.clone(),
            reason: "statistics = true needs a model with pooled statistics (model.pooled)".into(),
        });
    }
    if let (Some(path), Some(stem)) = (&config.model.stem, &dimensions.stem) {
        let (port, _) = checkpoint::read(path)?;
        known.extend(match config.model.batch_norm {
            true => efficientnet_lite(stem, &port)?,
            false => fold_efficientnet_lite(stem, &port)?,
        });
    }
    let scenes: Vec<(String, [usize; 2])> = scenes
        .iter()
        .map(|scene| (scene.clone(), shape(config, &dimensions, scene, &known)))
        .collect();
    for (scene, shape) in &scenes {
        let entry = Entry {
            name: text_features(scene),
            shape: shape.to_vec(),
            part: Part::Vision,
        };
        if let Some((found, values)) = known.get_mut(&entry.name)
            && found.len() == 2
            && found[1] == entry.shape[1]
            && found[0] < entry.shape[0]
        {
            // Domains that the run adds to those of the file come after them, of the same length.
            let random = initial(&entry, &dimensions, config.seed)?;
            let rows = random[values.len()..].chunks_exact(found[1]);
            values.extend(rows.flat_map(unit));
            *found = entry.shape;
        }
    }
    Parameters::new(&dimensions, &scenes, known, &config.optimizer, device, |entry| {
        initial(entry, &dimensions, config.seed)
    })
}

/// The shape of a scene's level features. Faults are told by the pooled statistics of the stem if it has them.
fn shape(config: &TrainConfig, dimensions: &Config, scene: &str, known: &BTreeMap<String, Values>) -> [usize; 2] {
    let statistics = dimensions.stem.as_ref().map_or(0, LiteStem::pooled_statistics);
    let width = match statistics {
        1.. if config.of_statistics(scene) => statistics,
        _ => dimensions.embed_dim,
    };
    match (config.domains(scene).len(), known.get(&text_features(scene))) {
        // Photos of no domain in particular teach those that the scene has.
        (0, Some((found, _))) => LevelFeatures::shape(found, dimensions),
        (domains, _) => [LEVELS.len() * domains.max(1), width],
    }
}

/// A row of L2 norm 1.
fn unit(row: &[f32]) -> Vec<f32> {
    let norm = row.iter().map(|value| value * value).sum::<f32>().sqrt();
    row.iter().map(|value| value / norm).collect()
}
