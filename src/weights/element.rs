//! Element types that can be read, widened to `f32`.

use half::{bf16, f16};
use safetensors::Dtype;

use super::TensorInfo;
use crate::{Error, Result, ops::Scales};

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

/// The scales of a quantised tensor, in the precision that they are stored in.
///
/// # Errors
/// [`Error::TensorScale`] for a scale that is NaN, infinite or zero, or so large that a weight would not be finite;
/// [`Error::TensorDtype`] for another element type than F16 and F32.
pub(super) fn scales(info: &TensorInfo, bytes: &[u8]) -> Result<Scales> {
    // A code is at most 128, and a base may be added.
    let largest = f32::MAX / 512.0;
    let good = |scale: f32| scale != 0.0 && scale.abs() <= largest;
    let (scales, good) = match info.dtype {
        Dtype::F16 => {
            let scales: Vec<f16> = bytes
                .as_chunks::<2>()
                .0
                .iter()
                .map(|&b| f16::from_le_bytes(b))
                .collect();
            let good = scales.iter().all(|scale| good(scale.to_f32()));
            (Scales::F16(scales), good)
        }
        Dtype::F32 => {
            let scales: Vec<f32> = bytes
                .as_chunks::<4>()
                .0
                .iter()
                .map(|&b| f32::from_le_bytes(b))
                .collect();
            let good = scales.iter().copied().all(good);
            (Scales::F32(scales), good)
        }
        other => {
            return Err(Error::TensorDtype {
                name: info.name.clone(),
                dtype: other.to_string(),
            });
        }
    };
    if good {
        Ok(scales)
    } else {
        Err(Error::TensorScale(info.name.clone()))
    }
}
