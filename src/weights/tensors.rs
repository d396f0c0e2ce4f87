//! Tensors on their device, handed out once each by their checkpoint name and expected shape.

use std::{collections::BTreeMap, ops::Range};

use burn::tensor::{Device, Tensor};

use crate::{
    Error, Result,
    ops::{QuantizedMatrix, upload},
};

/// A weight matrix `[out, in]`, widened or as it is stored.
#[derive(Debug, Clone)]
#[allow(
    clippy::large_enum_variant,
    reason = "a few hundred of them beside millions of numbers"
)]
pub enum Matrix {
    /// On the device.
    Float(Tensor<2>),
    /// In codes, in host memory or on the device.
    Quantized(QuantizedMatrix),
}

impl Matrix {
    /// Some of its rows.
    pub fn rows(&self, rows: Range<usize>) -> Self {
        match self {
            Self::Float(matrix) => Self::Float(matrix.clone().slice([rows])),
            Self::Quantized(matrix) => Self::Quantized(matrix.slice_rows(rows)),
        }
    }
}

#[allow(
    clippy::large_enum_variant,
    reason = "a few hundred of them beside millions of numbers"
)]
enum Stored {
    /// A flat tensor and the shape that the file gave it.
    Float {
        values: Tensor<1>,
        shape: Vec<usize>,
    },
    Quantized(QuantizedMatrix),
}

impl Stored {
    fn shape(&self) -> Vec<usize> {
        match self {
            Self::Float { shape, .. } => shape.clone(),
            Self::Quantized(matrix) => matrix.shape().to_vec(),
        }
    }
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

    /// Whether the tensor `name` is there.
    pub fn contains(&self, name: &str) -> bool {
        self.stored.contains_key(name)
    }

    /// The shape of the tensor `name`; that of a scalar if it is not there.
    pub(crate) fn shape(&self, name: &str) -> Vec<usize> {
        self.stored.get(name).map(Stored::shape).unwrap_or_default()
    }

    /// Puts a tensor of `shape` on the device.
    pub fn insert(&mut self, name: String, shape: Vec<usize>, values: Vec<f32>) {
        let length = values.len();
        let values = upload(values, [length], &self.device);
        self.stored.insert(name, Stored::Float { values, shape });
    }

    /// Takes in a flat tensor that is on a device already, as one of `shape`.
    #[cfg(feature = "train")]
    pub(crate) fn insert_flat(&mut self, name: String, shape: Vec<usize>, values: Tensor<1>) {
        self.stored.insert(name, Stored::Float { values, shape });
    }

    /// Takes in a matrix that stays in codes and is nothing but a factor of products: on a GPU its codes go there.
    pub fn insert_factor(&mut self, name: String, matrix: QuantizedMatrix) {
        #[cfg(feature = "gpu")]
        let matrix = matrix.on_device();
        self.insert_quantized(name, matrix);
    }

    /// Takes in a matrix that stays in codes in host memory.
    pub fn insert_quantized(&mut self, name: String, matrix: QuantizedMatrix) {
        self.stored.insert(name, Stored::Quantized(matrix));
    }

    /// The tensors whose names begin with `prefix.`.
    pub fn scope(&mut self, prefix: &str) -> Scope<'_> {
        Scope {
            tensors: self,
            prefix: prefix.to_owned(),
        }
    }

    /// Takes a tensor out if it is there; one in codes is widened.
    pub(crate) fn take_optional<const D: usize>(
        &mut self,
        name: &str,
        expected: [usize; D],
    ) -> Result<Option<Tensor<D>>> {
        let Some(stored) = self.remove(name, &expected)? else {
            return Ok(None);
        };
        let values = match stored {
            Stored::Float { values, .. } => values,
            Stored::Quantized(matrix) => {
                let [rows, columns] = matrix.shape();
                matrix.to_tensor(&self.device).reshape([rows * columns])
            }
        };
        Ok(Some(values.reshape(expected)))
    }

    fn remove(&mut self, name: &str, expected: &[usize]) -> Result<Option<Stored>> {
        let Some(stored) = self.stored.remove(name) else {
            return Ok(None);
        };
        let shape = stored.shape();
        // A scalar of the checkpoint is a tensor of one element here: burn has no rank 0.
        let scalar = shape.is_empty() && expected == [1];
        if shape != expected && !scalar {
            return Err(Error::TensorShape {
                name: name.to_owned(),
                found: shape,
                expected: expected.to_vec(),
            });
        }
        Ok(Some(stored))
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

    /// Takes the tensor `name` of this scope if it is there.
    #[cfg(feature = "train")]
    pub(crate) fn take_optional<const D: usize>(
        &mut self,
        name: &str,
        expected: [usize; D],
    ) -> Result<Option<Tensor<D>>> {
        let name = self.join(name);
        self.tensors.take_optional(&name, expected)
    }

    /// Takes the matrix `name` of this scope as it is stored.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub fn take_matrix(&mut self, name: &str, expected: [usize; 2]) -> Result<Matrix> {
        let name = self.join(name);
        match self.tensors.remove(&name, &expected)? {
            None => Err(Error::TensorMissing(name)),
            Some(Stored::Float { values, .. }) => Ok(Matrix::Float(values.reshape(expected))),
            Some(Stored::Quantized(matrix)) => Ok(Matrix::Quantized(matrix)),
        }
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
