//! The safetensors header: a JSON table of names, element types, shapes and byte ranges.
//! Format: <https://github.com/huggingface/safetensors#format>.

use std::collections::BTreeMap;

use safetensors::{Dtype, tensor::Metadata};

use crate::{Error, Result, error::HeaderFault};

/// Bytes before the JSON: its length as a little-endian `u64`.
pub(super) const LENGTH_BYTES: usize = 8;
/// The longest header that the format allows, in bytes.
const MAX_HEADER_BYTES: u64 = 100_000_000;

/// One row of the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// Name as in the checkpoint.
    pub name: String,
    /// Element type.
    pub dtype: Dtype,
    /// Dimensions, outermost first; empty for a scalar.
    pub shape: Vec<usize>,
    /// Length of the tensor's data in bytes.
    pub bytes: usize,
}

/// A checked header: its tensors follow each other in the file without hole or overlap.
#[derive(Debug, Clone, Default)]
pub struct Header {
    /// Tensors in the order of their data.
    pub tensors: Vec<TensorInfo>,
    /// The `__metadata__` table.
    pub metadata: BTreeMap<String, String>,
}

impl Header {
    /// The length of the JSON, from the first eight bytes of a file.
    ///
    /// # Errors
    /// [`Error::Header`] if no header can have that length.
    pub(super) fn length(bytes: [u8; LENGTH_BYTES]) -> Result<usize> {
        let length = u64::from_le_bytes(bytes);
        let fault = match length {
            0 | 1 => HeaderFault::Empty,
            2..=MAX_HEADER_BYTES => return Ok(length as usize),
            _ => HeaderFault::TooLarge,
        };
        Err(Error::Header {
            fault,
            reason: format!("it claims {length} bytes; 2 to {MAX_HEADER_BYTES} are possible"),
        })
    }

    /// Reads the JSON of a header.
    ///
    /// # Errors
    /// [`Error::Header`] if it is not the JSON of a header, or if its ranges overlap, leave holes or disagree
    /// with shapes and element types.
    pub fn parse(json: &[u8]) -> Result<Self> {
        let parsed: Metadata = serde_json::from_slice(json).map_err(|error| Error::Header {
            fault: HeaderFault::Json,
            reason: error.to_string(),
        })?;
        let tensors = parsed
            .offset_keys()
            .into_iter()
            .filter_map(|name| {
                let info = parsed.info(&name)?;
                Some(TensorInfo {
                    dtype: info.dtype,
                    shape: info.shape.clone(),
                    bytes: info.data_offsets.1.saturating_sub(info.data_offsets.0),
                    name,
                })
            })
            .collect();
        let metadata = parsed.metadata().iter().flatten();
        Ok(Self {
            tensors,
            metadata: metadata.map(|(key, value)| (key.clone(), value.clone())).collect(),
        })
    }

    /// Bytes of tensor data after the header.
    pub fn data_bytes(&self) -> u64 {
        self.tensors.iter().map(|tensor| tensor.bytes as u64).sum()
    }

    /// The shape of a tensor, if the file has it.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors
            .iter()
            .find(|tensor| tensor.name == name)
            .map(|tensor| tensor.shape.as_slice())
    }
}
