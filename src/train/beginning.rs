//! What a run begins with.

use std::collections::BTreeMap;

use burn::tensor::Device;

use super::{
    checkpoint,
    config::{ComparedWith, TrainConfig},
    imagenet::{efficientnet_lite, fold_efficientnet_lite},
    initial::initial,
    norm::{Values, is_norm},
    parameters::Parameters,
};
use crate::{
    Error, Result,
    image::Preparation,
    model::{Config, Entry, LevelFeatures, Part},
    prompt::LEVELS,
    weights::{self, Header, text_features_name},
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
    if dimensions.statistics() == 0
        && let Some(dataset) = (config.datasets.iter()).find(|dataset| dataset.compared_with != ComparedWith::Features)
    {
        return Err(Error::Dataset {
            name: dataset.name.clone(),
            reason: format!(
                "compared_with = {} needs a model with pooled statistics (model.pooled)",
                dataset.compared_with
            ),
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
            name: text_features_name(scene),
            shape: shape.to_vec(),
            part: Part::Vision,
        };
        if let Some((found, values)) = known.get_mut(&entry.name)
            && found.len() == 2
            && found[1] == dimensions.embed_dim
            && found[1] + dimensions.statistics() == entry.shape[1]
        {
            // Statistics that are compared, too, from now on say nothing yet.
            let nothing = vec![0.0; dimensions.statistics()];
            *values = (values.chunks_exact(found[1]))
                .flat_map(|row| [row, &nothing].concat())
                .collect();
            found[1] = entry.shape[1];
        }
        if let Some((found, values)) = known.get_mut(&entry.name)
            && found.len() == 2
            && found[1] == entry.shape[1]
            && found[0] < entry.shape[0]
        {
            // Domains that the run adds begin as those of the file: scores stay as they were until the domains are told apart.
            *values = values
                .iter()
                .copied()
                .cycle()
                .take(entry.shape[0] * entry.shape[1])
                .collect();
            *found = entry.shape;
        }
    }
    Parameters::new(&dimensions, &scenes, known, &config.optimizer, device, |entry| {
        initial(entry, &dimensions, config.seed)
    })
}

/// The shape of a scene's level features. Those that are known keep their width, unless a dataset asks for another.
fn shape(config: &TrainConfig, dimensions: &Config, scene: &str, known: &BTreeMap<String, Values>) -> [usize; 2] {
    let (statistics, domains) = (dimensions.statistics(), config.domains(scene).len());
    let known = known
        .get(&text_features_name(scene))
        .map(|(found, _)| LevelFeatures::shape(found, dimensions));
    let width = match config.compared_with(scene) {
        // Faults are told by image features where there are no statistics.
        ComparedWith::Statistics if statistics > 0 => statistics,
        ComparedWith::Both => dimensions.embed_dim + statistics,
        _ => known.map_or(dimensions.embed_dim, |[_, width]| width),
    };
    match (domains, known) {
        // Photos of no domain in particular teach those that the scene has.
        (0, Some([rows, _])) => [rows, width],
        (domains, _) => [LEVELS.len() * domains.max(1), width],
    }
}
