//! Native builds: burn's own operations on whatever device the tensors lie; the stem of Gamma-Lite by our kernels on Flex.

use burn::tensor::{Tensor, activation, module};

use super::{Epilogue, QuantizedMatrix, convolution_by_patches, cpu, open::is_cpu, reference};

pub const KEEPS_QUANTIZED: bool = false;

pub fn linear(x: Tensor<2>, weight: Tensor<2>, epilogue: Epilogue) -> Tensor<2> {
    pointwise(reference::linear(x, weight, None), epilogue)
}

pub fn linear_quantized(x: Tensor<2>, weight: &QuantizedMatrix, epilogue: Epilogue) -> Tensor<2> {
    let weight = weight.to_tensor(&x.device());
    linear(x, weight, epilogue)
}

pub fn pointwise(x: Tensor<2>, epilogue: Epilogue) -> Tensor<2> {
    let (epilogue, gated) = epilogue.split();
    gated.apply(epilogue.apply(x))
}

pub use reference::{attention, quick_gelu};

pub fn layer_norm<const D: usize>(x: Tensor<D>, gain: Tensor<1>, offset: Tensor<1>, epsilon: f64) -> Tensor<D> {
    module::layer_norm(x, gain, Some(offset), epsilon)
}

pub fn softmax<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    activation::softmax(x, D - 1)
}

pub fn matmul(x: Tensor<2>, y: Tensor<2>) -> Tensor<2> {
    x.matmul(y)
}

pub fn convolution_relu6(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, stride: usize) -> Tensor<4> {
    match is_cpu(&x.device()) {
        true => convolution_by_patches(cpu::patches, x, weight, bias, stride),
        false => reference::convolution_relu6(x, weight, bias, stride),
    }
}

pub fn depthwise_relu6(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, stride: usize) -> Tensor<4> {
    match is_cpu(&x.device()) {
        true => cpu::depthwise_relu6(x, weight, bias, stride),
        false => reference::depthwise_relu6(x, weight, bias, stride),
    }
}

/// As [`reference::bias_relu6`].
pub fn bias_relu6(x: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    match is_cpu(&x.device()) {
        true => cpu::bias_relu6(x, bias),
        false => reference::bias_relu6(x, bias),
    }
}
