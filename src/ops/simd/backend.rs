//! The kernels as operations of burn's Flex backend.

use burn::{
    backend::{Backend, Dispatch, Flex, backend_extension, tensor::FloatTensor},
    tensor::{Tensor, TensorData},
};

#[cfg(feature = "relaxed-simd")]
use gamma_kernels::multiply_in_7_bits as multiply_codes;
#[cfg(not(feature = "relaxed-simd"))]
use gamma_kernels::multiply_in_15_bits as multiply_codes;
use gamma_kernels::{Dense, Epilogue, Rows, Sizes};

use crate::ops::{
    self, Precision, QuantizedMatrix,
    cpu::{numbers, slice},
};

/// Sides of a matrix that products in whole numbers are for. Smaller ones, as Gamma-Lite's, save little time.
const CODES_FROM: usize = 512;

/// Operations of which the browser's CPU has its own.
#[backend_extension(Flex)]
pub trait CpuBackend: Backend {
    /// `activation(onto + x W^T + bias)`, of `f32`: `[rows, in]`, `[out, in]` → `[rows, out]`.
    fn matmul_transposed(x: FloatTensor<Self>, weight: FloatTensor<Self>, epilogue: Epilogue) -> FloatTensor<Self>;

    /// The same with a quantised matrix.
    fn matmul_quantized(x: FloatTensor<Self>, weight: QuantizedMatrix, epilogue: Epilogue) -> FloatTensor<Self>;

    /// As [`reference::attention`](crate::ops::reference::attention), of `f32`.
    fn attention(
        q: FloatTensor<Self>,
        key_value: FloatTensor<Self>,
        mask: Option<Vec<f32>>,
        heads: usize,
    ) -> FloatTensor<Self>;

    /// LayerNorm over the last axis, of `f32`: `[..., width]`, `[width]`, `[width]` → `[..., width]`.
    fn layer_norm(
        x: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        offset: FloatTensor<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self>;

    /// `v * sigmoid(1.702 v)`, of `f32`.
    fn quick_gelu(v: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl CpuBackend for Flex {
    fn matmul_transposed(x: FloatTensor<Self>, weight: FloatTensor<Self>, epilogue: Epilogue) -> FloatTensor<Self> {
        let weight = weight.to_contiguous();
        product(x, &dense(&weight), epilogue)
    }

    fn matmul_quantized(x: FloatTensor<Self>, weight: QuantizedMatrix, mut epilogue: Epilogue) -> FloatTensor<Self> {
        let x = x.to_contiguous();
        let [outputs, inputs] = weight.shape();
        let fast = weight.precision() == Precision::Fast && inputs.min(outputs) >= CODES_FROM;
        if let Some(codes) = weight.without_base().filter(|_| fast) {
            let rows = dense(&x);
            match multiply_codes(&rows, codes, epilogue) {
                Ok(y) => return FloatTensor::<Self>::from_data(TensorData::new(y, [rows.shape[0], outputs])),
                Err(unused) => epilogue = unused,
            }
        }
        product(x, &weight, epilogue)
    }

    fn attention(
        q: FloatTensor<Self>,
        key_value: FloatTensor<Self>,
        mask: Option<Vec<f32>>,
        heads: usize,
    ) -> FloatTensor<Self> {
        let (shape, tokens) = (q.layout().shape().clone(), key_value.layout().shape()[1]);
        let sizes = Sizes {
            queries: shape[1],
            tokens,
            heads,
            head: shape[2] / heads,
        };
        let gathered = gamma_kernels::attention(&numbers(q), &numbers(key_value), mask.as_deref(), sizes);
        FloatTensor::<Self>::from_data(TensorData::new(gathered, shape))
    }

    fn layer_norm(
        x: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        offset: FloatTensor<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self> {
        let shape = x.layout().shape().clone();
        let (gain, offset) = (gain.to_contiguous(), offset.to_contiguous());
        let values = gamma_kernels::layer_norm(numbers(x), slice(&gain), slice(&offset), epsilon);
        FloatTensor::<Self>::from_data(TensorData::new(values, shape))
    }

    fn quick_gelu(v: FloatTensor<Self>) -> FloatTensor<Self> {
        let shape = v.layout().shape().clone();
        let mut values = numbers(v);
        gamma_kernels::quick_gelu(&mut values);
        FloatTensor::<Self>::from_data(TensorData::new(values, shape))
    }
}

fn product(x: FloatTensor<Flex>, weight: &dyn Rows, epilogue: Epilogue) -> FloatTensor<Flex> {
    let x = x.to_contiguous();
    let x = dense(&x);
    let shape = [x.shape[0], weight.shape()[0]];
    FloatTensor::<Flex>::from_data(TensorData::new(
        gamma_kernels::matmul_transposed(&x, weight, epilogue),
        shape,
    ))
}

/// A tensor of rank 2 that lies row-major.
fn dense(tensor: &FloatTensor<Flex>) -> Dense<'_> {
    let shape = tensor.layout().shape();
    Dense {
        values: slice(tensor),
        shape: [shape[0], shape[1]],
    }
}

/// `x W^T` and what follows: `[rows, in]`, `[out, in]` → `[rows, out]`.
pub fn matmul_transposed(x: Tensor<2>, weight: Tensor<2>, epilogue: ops::Epilogue) -> Tensor<2> {
    Tensor::from_dispatch(<Dispatch as CpuBackend>::matmul_transposed(
        x.into_dispatch(),
        weight.into_dispatch(),
        plain(epilogue),
    ))
}

/// `x W^T` with a quantised matrix and what follows: `[rows, in]`, `[out, in]` → `[rows, out]`.
pub fn matmul_quantized(x: Tensor<2>, weight: QuantizedMatrix, epilogue: ops::Epilogue) -> Tensor<2> {
    Tensor::from_dispatch(<Dispatch as CpuBackend>::matmul_quantized(
        x.into_dispatch(),
        weight,
        plain(epilogue),
    ))
}

/// The dispatch takes tensors, but none that may be absent.
fn plain(epilogue: ops::Epilogue) -> Epilogue {
    let values = |data: TensorData| data.try_into_vec().unwrap_or_default();
    Epilogue {
        onto: epilogue.onto.map(|onto| values(onto.into_data())),
        bias: epilogue.bias.map(|bias| values(bias.into_data())),
        activation: epilogue.activation,
    }
}

/// Attention as the tiles do it; shapes as [`reference::attention`](crate::ops::reference::attention).
pub fn attention(q: Tensor<3>, key_value: Tensor<3>, heads: usize, mask: Option<Tensor<2>>) -> Tensor<3> {
    Tensor::from_dispatch(<Dispatch as CpuBackend>::attention(
        q.into_dispatch(),
        key_value.into_dispatch(),
        mask.map(|mask| mask.into_data().try_into_vec().unwrap_or_default()),
        heads,
    ))
}

/// LayerNorm; shapes as [`CpuBackend::layer_norm`].
pub fn layer_norm<const D: usize>(x: Tensor<D>, gain: Tensor<1>, offset: Tensor<1>, epsilon: f32) -> Tensor<D> {
    Tensor::from_dispatch(<Dispatch as CpuBackend>::layer_norm(
        x.into_dispatch(),
        gain.into_dispatch(),
        offset.into_dispatch(),
        epsilon,
    ))
}

/// `v * sigmoid(1.702 v)`.
pub fn quick_gelu<const D: usize>(v: Tensor<D>) -> Tensor<D> {
    Tensor::from_dispatch(<Dispatch as CpuBackend>::quick_gelu(v.into_dispatch()))
}
