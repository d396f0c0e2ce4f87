//! Tensors on their device, handed out once each by their checkpoint name and expected shape.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};

use crate::{Error, Result};

/// A flat tensor and the shape that the file gave it.
struct Stored {
    values: Tensor<1>,
    shape: Vec<usize>,
}

/// All tensors of a checkpoint that no part of a model has taken yet.
pub struct Tensors {
    device: Device,
    stored: BTreeMap<String, Stored>,
}

impl Tensors {
    /// No tensors yet; those that come are put on `device`.
    pub fn new(device: Device) -> Self {
        Self {
            device,
            stored: BTreeMap::new(),
        }
    }

    /// The device that holds the tensors.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Puts a tensor of `shape` on the device and flushes it there, so that its host copy can go.
    pub fn insert(&mut self, name: String, shape: Vec<usize>, values: Vec<f32>) -> Result<()> {
        let length = values.len();
        let values = Tensor::from_data(TensorData::new(values, [length]), &self.device);
        self.device
            .flush()
            .map_err(|error| Error::Device(format!("while uploading tensor `{name}`: {error}")))?;
        self.stored.insert(name, Stored { values, shape });
        Ok(())
    }

    /// The tensors whose names begin with `prefix.`.
    pub fn scope(&mut self, prefix: &str) -> Scope<'_> {
        Scope {
            tensors: self,
            prefix: prefix.to_owned(),
        }
    }

    /// Takes a tensor out if it is there.
    pub(crate) fn take_optional<const D: usize>(
        &mut self,
        name: &str,
        expected: [usize; D],
    ) -> Result<Option<Tensor<D>>> {
        let Some(stored) = self.stored.remove(name) else {
            return Ok(None);
        };
        // A scalar of the checkpoint is a tensor of one element here: burn has no rank 0.
        let scalar = stored.shape.is_empty() && expected.as_slice() == [1];
        if stored.shape != expected && !scalar {
            return Err(Error::TensorShape {
                name: name.to_owned(),
                found: stored.shape,
                expected: expected.to_vec(),
            });
        }
        Ok(Some(stored.values.reshape(expected)))
    }

    /// Refuses what nobody took.
    ///
    /// # Errors
    /// [`Error::TensorExtra`] naming the first tensor left.
    pub fn finish(self) -> Result<()> {
        match self.stored.into_keys().next() {
            Some(name) => Err(Error::TensorExtra(name)),
            None => Ok(()),
        }
    }
}

/// A view of [`Tensors`] under a prefix, so that a module can name its own parts only.
pub struct Scope<'a> {
    tensors: &'a mut Tensors,
    prefix: String,
}

impl Scope<'_> {
    /// The scope `name` inside this one.
    pub fn scope(&mut self, name: impl std::fmt::Display) -> Scope<'_> {
        Scope {
            prefix: self.join(name),
            tensors: self.tensors,
        }
    }

    /// Takes the tensor `name` of this scope.
    ///
    /// # Errors
    /// [`Error::TensorMissing`], or [`Error::TensorShape`] if it has not the `expected` shape.
    pub fn take<const D: usize>(&mut self, name: &str, expected: [usize; D]) -> Result<Tensor<D>> {
        let name = self.join(name);
        self.tensors
            .take_optional(&name, expected)?
            .ok_or(Error::TensorMissing(name))
    }

    /// The device that holds the tensors.
    pub fn device(&self) -> &Device {
        self.tensors.device()
    }

    fn join(&self, name: impl std::fmt::Display) -> String {
        if self.prefix.is_empty() {
            name.to_string()
        } else {
            format!("{}.{name}", self.prefix)
        }
    }
}
