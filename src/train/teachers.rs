//! Models whose scores are the labels of crops that nobody has judged.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    path::Path,
    rc::Rc,
};

use burn::tensor::{Device, Tensor, TensorData};

use super::{
    batches::Batch,
    checkpoint,
    config::{OptimizerConfig, TrainConfig},
    network::{Network, Scenes},
    norm::Values,
    optimizer::numbers,
    parameters::Parameters,
};
use crate::{
    Error, Result,
    image::CROP,
    model::{Config, LevelFeatures},
    weights::{Header, TEXT_FEATURES, text_features_name},
};

/// The teachers of each dataset that has some.
pub(super) struct Teachers(BTreeMap<usize, Vec<Rc<Network>>>);

impl Teachers {
    /// Loads those that a configuration names, each once for all datasets of a scene.
    ///
    /// # Errors
    /// If a file cannot be read, is no model, or has no level features of its dataset's scene.
    pub fn open(config: &TrainConfig, device: &Device) -> Result<Self> {
        let datasets = config.datasets.iter().enumerate();
        let taught = datasets.filter(|(_, dataset)| !dataset.teachers.is_empty());
        let mut opened = BTreeMap::new();
        let mut teachers = BTreeMap::new();
        for (place, dataset) in taught {
            let mut of_dataset = Vec::new();
            for path in &dataset.teachers {
                let teacher = match opened.entry((path, &dataset.scene)) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => new.insert(Rc::new(open(path, &dataset.scene, device)?)),
                };
                of_dataset.push(Rc::clone(teacher));
            }
            teachers.insert(place, of_dataset);
        }
        Ok(Self(teachers))
    }

    /// Labels the crops of datasets that have teachers.
    ///
    /// # Errors
    /// If the device fails.
    pub fn label(&self, batch: &mut Batch, device: &Device) -> Result<()> {
        let side = CROP as usize;
        let size = 3 * side * side;
        for (dataset, teachers) in &self.0 {
            let first = batch.datasets.partition_point(|of| of < dataset);
            let count = batch.datasets.partition_point(|of| of <= dataset) - first;
            if count == 0 {
                continue;
            }
            let pixels = batch.pixels[first * size..][..count * size].to_vec();
            let crops = Tensor::<4>::from_data(TensorData::new(pixels, [count, 3, side, side]), device);
            let labels = &mut batch.labels[first..first + count];
            labels.fill(0.0);
            for teacher in teachers {
                let scores = numbers(teacher.score(crops.clone(), &vec![0; count]))?;
                labels
                    .iter_mut()
                    .zip(scores)
                    .for_each(|(label, score)| *label += score / teachers.len() as f32);
            }
        }
        Ok(())
    }
}

/// A model that is asked about one scene.
fn open(path: &Path, scene: &str, device: &Device) -> Result<Network> {
    let (mut tensors, _) = checkpoint::read(path)?;
    let config = Config::from_header(&Header::of_shapes(
        tensors.iter().map(|(name, (shape, _))| (name.clone(), shape.clone())),
    ))?;
    let name = text_features_name(scene);
    let lacking = || {
        Error::Train(format!(
            "{} has no level features of scene `{scene}` (`{name}`)",
            path.display()
        ))
    };
    let (shape, _): &Values = tensors
        .get(&name)
        .filter(|_| config.text.is_none())
        .ok_or_else(lacking)?;
    let shape = LevelFeatures::shape(shape, &config);
    tensors.retain(|tensor, _| !tensor.starts_with(TEXT_FEATURES) || *tensor == name);
    let frozen = OptimizerConfig {
        lr: 0.0,
        ..OptimizerConfig::default()
    };
    let scenes = [(scene.to_owned(), shape)];
    let parameters = Parameters::new(&config, &scenes, tensors, &frozen, device, |entry| {
        Err(Error::TensorMissing(entry.name.clone()))
    })?;
    Network::new(
        &parameters,
        &parameters.values(),
        &Scenes::Learned(vec![scene.to_owned()]),
    )
}
