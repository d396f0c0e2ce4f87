//! Where a tensor of a PyTorch checkpoint lies: a view of a storage, by offset, shape and strides in elements.

use std::rc::Rc;

use half::{bf16, f16};

use super::pickle::{damaged, refused};
use crate::Result;

/// The most numbers of a tensor: 1 GiB of `f32`, ten times the largest one of a published checkpoint.
pub const MAX_NUMBERS: u64 = 1 << 28;
/// The most dimensions of a tensor.
const MAX_RANK: usize = 8;

/// Element type of a storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are PyTorch's")]
pub enum Element {
    F64,
    F32,
    F16,
    BF16,
    /// Whole numbers or truth values of so many bytes: left over in a checkpoint, never a weight.
    Whole(u8),
}

impl Element {
    /// The element type of `torch.FloatStorage` and its like.
    pub fn of_storage(name: &str) -> Option<Self> {
        Some(match name {
            "DoubleStorage" => Self::F64,
            "FloatStorage" => Self::F32,
            "HalfStorage" => Self::F16,
            "BFloat16Storage" => Self::BF16,
            "LongStorage" => Self::Whole(8),
            "IntStorage" => Self::Whole(4),
            "ShortStorage" => Self::Whole(2),
            "CharStorage" | "ByteStorage" | "BoolStorage" => Self::Whole(1),
            _ => return None,
        })
    }

    /// Bytes of an element.
    pub fn bytes(self) -> u64 {
        match self {
            Self::F64 => 8,
            Self::F32 => 4,
            Self::F16 | Self::BF16 => 2,
            Self::Whole(bytes) => u64::from(bytes),
        }
    }

    /// The name that safetensors has for the type.
    pub fn name(self) -> &'static str {
        match self {
            Self::F64 => "F64",
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::BF16 => "BF16",
            Self::Whole(_) => "I64",
        }
    }

    /// Little-endian elements as `f32`; `None` for whole numbers.
    pub fn widen(self, bytes: &[u8]) -> Option<Vec<f32>> {
        Some(match self {
            Self::F64 => (bytes.as_chunks().0.iter())
                .map(|&b| f64::from_le_bytes(b) as f32)
                .collect(),
            Self::F32 => (bytes.as_chunks().0.iter()).map(|&b| f32::from_le_bytes(b)).collect(),
            Self::F16 => (bytes.as_chunks().0.iter())
                .map(|&b| f16::from_le_bytes(b).to_f32())
                .collect(),
            Self::BF16 => (bytes.as_chunks().0.iter())
                .map(|&b| bf16::from_le_bytes(b).to_f32())
                .collect(),
            Self::Whole(_) => return None,
        })
    }
}

/// A storage: a run of elements that tensors lie in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageRef {
    /// Its name in the file.
    pub key: Rc<str>,
    /// Element type.
    pub element: Element,
    /// Elements.
    pub length: u64,
}

/// A view of a storage.
#[derive(Debug, Clone)]
pub struct TensorRef {
    /// The first element.
    pub offset: u64,
    /// Dimensions, outermost first.
    pub shape: Vec<usize>,
    /// Elements from one index of a dimension to the next.
    strides: Vec<u64>,
}

impl TensorRef {
    /// A view as a pickle describes it.
    ///
    /// # Errors
    /// If numbers are negative or beyond what a tensor can have, or if shape and strides differ in length.
    pub fn new(offset: i64, shape: &[i64], strides: &[i64]) -> Result<Self> {
        let impossible = || damaged("a tensor has a negative or impossible offset, shape or stride");
        if shape.len() != strides.len() || shape.len() > MAX_RANK {
            return Err(impossible());
        }
        let number = |&number: &i64| u64::try_from(number).map_err(|_| impossible());
        let dimensions = shape.iter().map(number).collect::<Result<Vec<u64>>>()?;
        let product = dimensions
            .iter()
            .try_fold(1u64, |product, &size| product.checked_mul(size));
        if product.is_none_or(|product| product > MAX_NUMBERS) {
            return Err(refused(format!(
                "a tensor of shape {shape:?} has more than {MAX_NUMBERS} numbers"
            )));
        }
        Ok(Self {
            offset: number(&offset)?,
            shape: dimensions.iter().map(|&size| size as usize).collect(),
            strides: strides.iter().map(number).collect::<Result<_>>()?,
        })
    }

    /// Numbers of the tensor.
    pub fn numbers(&self) -> u64 {
        self.shape.iter().map(|&size| size as u64).product()
    }

    /// Elements of the storage from the first that it needs to behind the last.
    ///
    /// # Errors
    /// If they lie outside `storage`, or are fewer than the tensor's numbers: no weight repeats its elements, and a view
    /// that does could ask for any amount of memory.
    pub fn span(&self, storage: &StorageRef) -> Result<u64> {
        let numbers = self.numbers();
        if numbers == 0 {
            return Ok(0);
        }
        let reach = self.shape.iter().zip(&self.strides);
        let last = reach
            .map(|(&size, &stride)| (size as u64 - 1).checked_mul(stride))
            .try_fold(0u64, |sum, reach| sum.checked_add(reach?));
        let end = last.and_then(|last| last.checked_add(1)?.checked_add(self.offset));
        match (last, end) {
            (Some(last), Some(end)) if end <= storage.length && last < MAX_NUMBERS => {
                if last + 1 < numbers {
                    return Err(refused("a tensor repeats its elements; save it with `.contiguous()`"));
                }
                Ok(last + 1)
            }
            _ => Err(damaged(format!(
                "a tensor of shape {:?} lies outside its storage",
                self.shape
            ))),
        }
    }

    /// Whether its elements follow each other as in a row-major array.
    fn contiguous(&self) -> bool {
        let mut expected = 1;
        self.shape.iter().zip(&self.strides).rev().all(|(&size, &stride)| {
            let fits = size == 1 || stride == expected;
            expected *= size.max(1) as u64;
            fits
        })
    }

    /// The numbers in row-major order, out of the elements of the [`span`](Self::span).
    pub fn gather(&self, elements: Vec<f32>) -> Vec<f32> {
        if self.contiguous() {
            return elements;
        }
        let numbers = self.numbers();
        let mut index = vec![0usize; self.shape.len()];
        let mut values = Vec::with_capacity(numbers as usize);
        for _ in 0..numbers {
            let at: u64 = index
                .iter()
                .zip(&self.strides)
                .map(|(&i, &stride)| i as u64 * stride)
                .sum();
            values.push(elements.get(at as usize).copied().unwrap_or(f32::NAN));
            for (digit, &size) in index.iter_mut().zip(&self.shape).rev() {
                *digit += 1;
                if *digit < size {
                    break;
                }
                *digit = 0;
            }
        }
        values
    }
}
