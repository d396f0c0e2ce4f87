//! PyTorch's `.pth` in both of its formats: the state dict that its pickle holds, read one tensor at a time.

use std::collections::{BTreeMap, HashMap};

use rawzip::ReaderAt;

use super::archive::Archive;
use super::legacy::Legacy;
use super::pickle::{Pickle, Value, damaged, lookup, refused, shown, text};
use super::source::{Source, SourceTensor};
use super::tensor_ref::{StorageRef, TensorRef};
use crate::{Error, Result};

/// Under which keys checkpoints keep their state dict.
const STATE_DICTS: [&str; 4] = ["params", "state_dict", "model_state_dict", "model"];

/// An opened `.pth`.
pub struct Pth<R> {
    path: String,
    storages: Storages<R>,
    tensors: Vec<SourceTensor>,
    places: HashMap<String, (StorageRef, TensorRef)>,
    metadata: BTreeMap<String, String>,
    dropped: Vec<String>,
}

/// What holds the numbers.
enum Storages<R> {
    Archive(Archive<R>),
    Legacy(Legacy<R>),
}

impl<R: ReaderAt> Pth<R> {
    /// Reads what the file says of its tensors. `path` names the file in errors, `length` is the file's in bytes.
    ///
    /// # Errors
    /// [`Error::PthDamaged`], [`Error::PickleRefused`], [`Error::PickleDamaged`] or [`Error::Io`].
    pub fn open(path: &str, reader: R, length: u64) -> Result<Self> {
        let mut start = [0; 2];
        let read = reader.read_at(&mut start, 0).map_err(|source| Error::Io {
            path: path.to_owned(),
            source,
        })?;
        let (storages, pickle) = match start.get(..read) {
            // A pickle that lies in no archive.
            Some([0x80, 2..=5]) => {
                let (legacy, pickle) = Legacy::open(path, reader, length)?;
                (Storages::Legacy(legacy), pickle)
            }
            _ => {
                let (archive, pickle) = Archive::open(reader, length)?;
                (Storages::Archive(archive), pickle)
            }
        };
        let mut pth = Self {
            path: path.to_owned(),
            storages,
            tensors: Vec::new(),
            places: HashMap::new(),
            metadata: BTreeMap::new(),
            dropped: Vec::new(),
        };
        pth.find_state_dict(&pickle)?;
        Ok(pth)
    }

    fn find_state_dict(&mut self, pickle: &Pickle) -> Result<()> {
        let none = || refused("it holds no state dict: a dict of tensors, alone or under `params` or `state_dict`");
        let root = pickle.dict(&pickle.root).ok_or_else(none)?;
        let inner = STATE_DICTS
            .iter()
            .find_map(|key| Some((*key, pickle.dict(lookup(root, key)?)?)));
        let state = match inner {
            None => root,
            Some((key, state)) => {
                let others = root
                    .iter()
                    .filter_map(|(name, _)| text(name))
                    .filter(|name| *name != key);
                self.dropped = others.map(shown).collect();
                state
            }
        };
        for (key, value) in state {
            let name = text(key).ok_or_else(|| refused("a name in its state dict is no text"))?;
            let Value::Tensor(index) = value else {
                self.dropped.push(shown(name));
                continue;
            };
            let (storage, tensor) = pickle
                .tensors
                .get(*index)
                .ok_or_else(|| damaged("it has no such tensor"))?;
            let storage = pickle
                .storages
                .get(*storage)
                .ok_or_else(|| damaged("it has no such storage"))?;
            self.places.insert(name.to_owned(), (storage.clone(), tensor.clone()));
        }
        if self.places.is_empty() {
            return Err(none());
        }
        let mut tensors: Vec<SourceTensor> = self
            .places
            .iter()
            .map(|(name, (storage, tensor))| SourceTensor {
                name: name.clone(),
                shape: tensor.shape.clone(),
                dtype: storage.element.name().to_owned(),
            })
            .collect();
        tensors.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        self.tensors = tensors;
        Ok(())
    }
}

impl<R: ReaderAt> Source for Pth<R> {
    fn tensors(&self) -> &[SourceTensor] {
        &self.tensors
    }

    fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    fn dropped(&self) -> &[String] {
        &self.dropped
    }

    fn read(&mut self, name: &str) -> Result<Vec<f32>> {
        let (storage, tensor) = self
            .places
            .get(name)
            .ok_or_else(|| Error::TensorMissing(name.to_owned()))?;
        let named = |error: Error| match error {
            Error::PickleDamaged(reason) => Error::PickleDamaged(format!("tensor `{name}`: {reason}")),
            Error::PickleRefused(reason) => Error::PickleRefused(format!("tensor `{name}`: {reason}")),
            Error::PthDamaged(reason) => Error::PthDamaged(format!("tensor `{name}`: {reason}")),
            other => other,
        };
        let span = tensor.span(storage).map_err(named)?;
        let size = storage.element.bytes();
        let start = tensor.offset.saturating_mul(size);
        let bytes = match &self.storages {
            Storages::Archive(archive) => archive.storage(&storage.key, start, span * size),
            Storages::Legacy(legacy) => legacy.storage(&storage.key, start, span * size),
        };
        let bytes = bytes.map_err(named)?;
        if bytes.len() as u64 != span * size {
            return Err(Error::PthDamaged(format!(
                "tensor `{name}`: its storage `{}` in {} is shorter than the pickle says",
                shown(&storage.key),
                self.path
            )));
        }
        let elements = storage.element.widen(&bytes).ok_or_else(|| Error::TensorDtype {
            name: name.to_owned(),
            dtype: storage.element.name().to_owned(),
        })?;
        drop(bytes);
        let values = tensor.gather(elements);
        if values.iter().any(|value| !value.is_finite()) {
            return Err(Error::TensorValue(name.to_owned()));
        }
        Ok(values)
    }
}
