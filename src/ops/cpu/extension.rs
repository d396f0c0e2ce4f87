//! The tiles as an operation of burn's Flex backend.

use burn::{
    backend::{Backend, Dispatch, Flex, backend_extension, ops::FloatTensorOps, tensor::FloatTensor},
    tensor::{Tensor, TensorData},
};

use super::linear;

/// `x W^T` on tensors of a backend.
#[backend_extension(Flex)]
pub trait LinearBackend: Backend {
    /// `[rows, in]`, `[out, in]` → `[rows, out]`.
    fn matmul_transposed(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::float_matmul(x, Self::float_transpose(weight))
    }
}

impl LinearBackend for Flex {
    fn matmul_transposed(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        let (x, weight) = (x.to_contiguous(), weight.to_contiguous());
        let (rows, inputs) = (x.layout().shape()[0], x.layout().shape()[1]);
        let outputs = weight.layout().shape()[0];
        match (x.as_slice::<f32>(), weight.as_slice::<f32>()) {
            (Some(x), Some(weight)) => {
                let y = linear::matmul_transposed(x, weight, rows, outputs, inputs);
                FloatTensor::<Self>::from_data(TensorData::new(y, [rows, outputs]))
            }
            // Another element type than f32 is burn's own business.
            _ => Self::float_matmul(x, Self::float_transpose(weight)),
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
