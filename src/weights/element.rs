//! Element types that can be read, widened to `f32`.

use half::{bf16, f16};
use safetensors::Dtype;

use super::TensorInfo;
use crate::{Error, Result};

/// Refuses a tensor of an element type that [`widen`] does not know, before its data arrives.
pub(super) fn check(info: &TensorInfo) -> Result<()> {
    match info.dtype {
        Dtype::F32 | Dtype::F16 | Dtype::BF16 => Ok(()),
        other => Err(Error::TensorDtype {
            name: info.name.clone(),
            dtype: other.to_string(),
        }),
    }
}

/// The little-endian `bytes` of a tensor as `f32`; F16 and BF16 lose nothing.
///
/// # Errors
/// [`Error::TensorDtype`] for another element type, [`Error::TensorValue`] for NaN or an infinity.
pub(super) fn widen(info: &TensorInfo, bytes: &[u8]) -> Result<Vec<f32>> {
    let values: Vec<f32> = match info.dtype {
        Dtype::F32 => bytes
            .as_chunks::<4>()
            .0
            .iter()
            .map(|&b| f32::from_le_bytes(b))
            .collect(),
        Dtype::F16 => bytes
            .as_chunks::<2>()
            .0
            .iter()
            .map(|&b| f16::from_le_bytes(b).to_f32())
            .collect(),
        Dtype::BF16 => bytes
            .as_chunks::<2>()
            .0
            .iter()
            .map(|&b| bf16::from_le_bytes(b).to_f32())
            .collect(),
        other => {
            return Err(Error::TensorDtype {
                name: info.name.clone(),
                dtype: other.to_string(),
            });
        }
    };
    if values.iter().any(|value| !value.is_finite()) {
        return Err(Error::TensorValue(info.name.clone()));
    }
    Ok(values)
}
