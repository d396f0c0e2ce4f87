//! The tiles as an operation of burn's Flex backend.

use burn::{
    backend::{Backend, Dispatch, Flex, backend_extension, ops::FloatTensorOps, tensor::FloatTensor},
    tensor::{Tensor, TensorData},
};

use super::linear::{self, Dense};
use crate::ops::QuantizedMatrix;

/// `x W^T` on tensors of a backend.
#[backend_extension(Flex)]
pub trait LinearBackend: Backend {
    /// `[rows, in]`, `[out, in]` → `[rows, out]`.
    fn matmul_transposed(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::float_matmul(x, Self::float_transpose(weight))
    }

    /// `[rows, in]`, quantised `[out, in]` → `[rows, out]`.
    fn matmul_quantized(x: FloatTensor<Self>, weight: QuantizedMatrix) -> FloatTensor<Self>;
}

impl LinearBackend for Flex {
    fn matmul_transposed(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        let (x, weight) = (x.to_contiguous(), weight.to_contiguous());
        let (rows, inputs) = (x.layout().shape()[0], x.layout().shape()[1]);
        let outputs = weight.layout().shape()[0];
        match (x.as_slice::<f32>(), weight.as_slice::<f32>()) {
            (Some(x), Some(weight)) => {
                let dense = |values, shape| Dense { values, shape };
                let y = linear::matmul_transposed(&dense(x, [rows, inputs]), &dense(weight, [outputs, inputs]));
                FloatTensor::<Self>::from_data(TensorData::new(y, [rows, outputs]))
            }
            // Another element type than f32 is burn's own business.
            _ => Self::float_matmul(x, Self::float_transpose(weight)),
        }
    }

    fn matmul_quantized(x: FloatTensor<Self>, weight: QuantizedMatrix) -> FloatTensor<Self> {
        let x = x.to_contiguous();
        let (rows, inputs) = (x.layout().shape()[0], x.layout().shape()[1]);
        let [outputs, _] = weight.shape();
        match x.as_slice::<f32>() {
            Some(values) => {
                let shape = [rows, inputs];
                let y = linear::matmul_transposed(&Dense { values, shape }, &weight);
                FloatTensor::<Self>::from_data(TensorData::new(y, [rows, outputs]))
            }
            None => {
                let weight = TensorData::new(weight.dequantize(), weight.shape());
                Self::float_matmul(x, Self::float_transpose(FloatTensor::<Self>::from_data(weight)))
            }
        }
    }
}

/// `x W^T`: `[rows, in]`, `[out, in]` → `[rows, out]`.
pub fn matmul_transposed(x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
    Tensor::from_dispatch(<Dispatch as LinearBackend>::matmul_transposed(
        x.into_dispatch(),
        weight.into_dispatch(),
    ))
}

/// `x W^T` with a quantised matrix: `[rows, in]`, `[out, in]` → `[rows, out]`.
pub fn matmul_quantized(x: Tensor<2>, weight: QuantizedMatrix) -> Tensor<2> {
    Tensor::from_dispatch(<Dispatch as LinearBackend>::matmul_quantized(x.into_dispatch(), weight))
}
