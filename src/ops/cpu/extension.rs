//! The kernels as operations of burn's Flex backend.

use burn::{
    backend::{Backend, Dispatch, Flex, backend_extension, ops::FloatTensorOps, tensor::FloatTensor},
    tensor::{Tensor, TensorData},
};

use super::{
    activation,
    attention::{self, Sizes},
    linear::{self, Dense},
    numbers,
};
use crate::ops::QuantizedMatrix;

/// Operations of which the browser's CPU has its own.
#[backend_extension(Flex)]
pub trait CpuBackend: Backend {
    /// `[rows, in]`, `[out, in]` → `[rows, out]`.
    fn matmul_transposed(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::float_matmul(x, Self::float_transpose(weight))
    }

    /// `[rows, in]`, quantised `[out, in]` → `[rows, out]`.
    fn matmul_quantized(x: FloatTensor<Self>, weight: QuantizedMatrix) -> FloatTensor<Self>;

    /// As [`reference::attention`](crate::ops::reference::attention), of `f32`.
    fn attention(
        q: FloatTensor<Self>,
        key_value: FloatTensor<Self>,
        mask: Option<Vec<f32>>,
        heads: usize,
    ) -> FloatTensor<Self>;

    /// `v * sigmoid(1.702 v)`, of `f32`.
    fn quick_gelu(v: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl CpuBackend for Flex {
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

    fn attention(
        q: FloatTensor<Self>,
        key_value: FloatTensor<Self>,
        mask: Option<Vec<f32>>,
        heads: usize,
    ) -> FloatTensor<Self> {
        let (shape, tokens) = (q.layout().shape().clone(), key_value.layout().shape()[1]);
        let sizes = Sizes {
            batch: shape[0],
            queries: shape[1],
            tokens,
            heads,
            head: shape[2] / heads,
        };
        let gathered = attention::attention(&numbers(q), &numbers(key_value), mask.as_deref(), sizes);
        FloatTensor::<Self>::from_data(TensorData::new(gathered, shape))
    }

    fn quick_gelu(v: FloatTensor<Self>) -> FloatTensor<Self> {
        let shape = v.layout().shape().clone();
        let mut values = numbers(v);
        activation::quick_gelu(&mut values);
        FloatTensor::<Self>::from_data(TensorData::new(values, shape))
    }
}

/// `x W^T`: `[rows, in]`, `[out, in]` → `[rows, out]`.
pub fn matmul_transposed(x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
    Tensor::from_dispatch(<Dispatch as CpuBackend>::matmul_transposed(
        x.into_dispatch(),
        weight.into_dispatch(),
    ))
}

/// `x W^T` with a quantised matrix: `[rows, in]`, `[out, in]` → `[rows, out]`.
pub fn matmul_quantized(x: Tensor<2>, weight: QuantizedMatrix) -> Tensor<2> {
    Tensor::from_dispatch(<Dispatch as CpuBackend>::matmul_quantized(x.into_dispatch(), weight))
}

/// Attention as the tiles do it; shapes as [`reference::attention`](crate::ops::reference::attention).
pub fn attention(q: Tensor<3>, key_value: Tensor<3>, heads: usize, mask: Option<Tensor<2>>) -> Tensor<3> {
    Tensor::from_dispatch(<Dispatch as CpuBackend>::attention(
        q.into_dispatch(),
        key_value.into_dispatch(),
        // The dispatch takes tensors, but none that may be absent.
        mask.map(|mask| mask.into_data().try_into_vec().unwrap_or_default()),
        heads,
    ))
}

/// `v * sigmoid(1.702 v)`.
pub fn quick_gelu<const D: usize>(v: Tensor<D>) -> Tensor<D> {
    Tensor::from_dispatch(<Dispatch as CpuBackend>::quick_gelu(v.into_dispatch()))
}
