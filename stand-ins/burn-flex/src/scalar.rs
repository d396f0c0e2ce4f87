//! Scalars as burn hands them over.

use burn_backend::Scalar;

/// A scalar that burn hands over, as a number.
pub(crate) fn number(scalar: Scalar) -> f32 {
    match scalar {
        Scalar::Float(value) => value as f32,
        Scalar::Int(value) => value as f32,
        Scalar::UInt(value) => value as f32,
        Scalar::Bool(value) => f32::from(u8::from(value)),
    }
}
