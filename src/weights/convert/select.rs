//! Which tensors of a source are the model's, under which names, and what is left over.

use std::collections::{BTreeMap, HashMap};

use super::source::{Source, SourceTensor};
use crate::model::{Config, Entry, LevelFeatures, Part};
use crate::weights::{Header, TEXT_FEATURES};
use crate::{Error, Result};

/// Last parts of names that checkpoints carry beside a model, and that no forward pass needs.
const LEFTOVERS: [&str; 5] = [
    "input_resolution",
    "context_length",
    "vocab_size",
    "num_batches_tracked",
    "attn_mask",
];
/// What data-parallel training puts before every name.
const PARALLEL: &str = "module.";

/// The model that a source holds.
pub struct Selection {
    /// Dimensions, read off the shapes.
    pub config: Config,
    /// The model's tensors in the order of the forward pass.
    pub entries: Vec<Entry>,
    /// The shape of the text features of each scene that the source has some of.
    pub features: BTreeMap<String, [usize; 2]>,
    /// What the source holds beside the model, by name.
    pub dropped: Vec<String>,
    /// Names in the source that differ from those in `entries`.
    renamed: HashMap<String, String>,
}

impl Selection {
    /// Reads the dimensions off a source's shapes and finds every tensor of the model in it.
    ///
    /// # Errors
    /// [`Error::TensorMissing`], [`Error::TensorShape`], [`Error::TensorExtra`] or [`Error::Config`].
    pub fn new(source: &dyn Source) -> Result<Self> {
        let parallel = source.tensors().iter().all(|tensor| tensor.name.starts_with(PARALLEL));
        let plain = |name: &str| match parallel {
            true => name.strip_prefix(PARALLEL).unwrap_or(name).to_owned(),
            false => name.to_owned(),
        };
        let found: HashMap<String, &SourceTensor> = (source.tensors().iter())
            .map(|tensor| (plain(&tensor.name), tensor))
            .collect();
        let config = Config::from_header(&Header::of_shapes(
            found.iter().map(|(name, tensor)| (name.clone(), tensor.shape.clone())),
        ))?;
        let entries = config.inventory();
        for entry in &entries {
            let tensor = found
                .get(&entry.name)
                .ok_or_else(|| Error::TensorMissing(entry.name.clone()))?;
            let scalar = entry.shape.is_empty() && tensor.shape == [1];
            if tensor.shape != entry.shape && !scalar {
                return Err(Error::TensorShape {
                    name: entry.name.clone(),
                    found: tensor.shape.clone(),
                    expected: entry.shape.clone(),
                });
            }
        }
        let known: std::collections::HashSet<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        let mut dropped = source.dropped().to_vec();
        let mut features = BTreeMap::new();
        let mut rest: Vec<&String> = found.keys().filter(|name| !known.contains(name.as_str())).collect();
        rest.sort_unstable();
        for name in rest {
            if let Some(scene) = name.strip_prefix(TEXT_FEATURES) {
                let shape = found.get(name).map(|tensor| tensor.shape.clone()).unwrap_or_default();
                let expected = LevelFeatures::shape(&shape, &config);
                if shape != expected {
                    return Err(Error::TensorShape {
                        name: name.clone(),
                        found: shape,
                        expected: expected.to_vec(),
                    });
                }
                features.insert(scene.to_owned(), expected);
            } else if name.rsplit('.').next().is_some_and(|last| LEFTOVERS.contains(&last)) {
                dropped.push(name.clone());
            } else {
                return Err(Error::TensorExtra(name.clone()));
            }
        }
        let renamed = found
            .into_iter()
            .filter(|(name, tensor)| *name != tensor.name)
            .map(|(name, tensor)| (name, tensor.name.clone()))
            .collect();
        Ok(Self {
            config,
            entries,
            features,
            dropped,
            renamed,
        })
    }

    /// Leaves the text tower out.
    pub fn without_text(&mut self) {
        self.entries.retain(|entry| entry.part == Part::Vision);
        self.config.text = None;
    }

    /// The numbers of a tensor of the model.
    ///
    /// # Errors
    /// As [`Source::read`].
    pub fn read(&self, source: &mut dyn Source, name: &str) -> Result<Vec<f32>> {
        source.read(self.renamed.get(name).map_or(name, String::as_str))
    }
}
