//! The browser's CPU modules: our kernels for linear layers, attention, LayerNorm, QuickGELU and the stem.

mod backend;

use burn::tensor::{Tensor, activation};

use super::{Epilogue, QuantizedMatrix, convolution_by_patches, cpu};

pub const KEEPS_QUANTIZED: bool = true;

pub use backend::{attention, quick_gelu};
pub(super) use cpu::depthwise_relu6;

pub fn linear(x: Tensor<2>, weight: Tensor<2>, epilogue: Epilogue) -> Tensor<2> {
    let (epilogue, gated) = epilogue.split();
    gated.apply(backend::matmul_transposed(x, weight, epilogue))
}

pub fn linear_quantized(x: Tensor<2>, weight: &QuantizedMatrix, epilogue: Epilogue) -> Tensor<2> {
    let (epilogue, gated) = epilogue.split();
    gated.apply(backend::matmul_quantized(x, weight.clone(), epilogue))
}

pub fn pointwise(x: Tensor<2>, epilogue: Epilogue) -> Tensor<2> {
    let (epilogue, gated) = epilogue.split();
    gated.apply(epilogue.apply(x))
}

pub fn layer_norm<const D: usize>(x: Tensor<D>, gain: Tensor<1>, offset: Tensor<1>, epsilon: f64) -> Tensor<D> {
    backend::layer_norm(x, gain, offset, epsilon as f32)
}

pub fn softmax<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    activation::softmax(x, D - 1)
}

pub fn matmul(x: Tensor<2>, y: Tensor<2>) -> Tensor<2> {
    x.matmul(y)
}

pub fn convolution_relu6(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, stride: usize) -> Tensor<4> {
    convolution_by_patches(cpu::patches, x, weight, bias, stride)
}

/// As [`reference::bias_relu6`](super::reference::bias_relu6), which serves here: the linear layer adds its own bias.
pub use super::reference::bias_relu6;
