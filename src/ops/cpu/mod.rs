//! Kernels of our own on the CPU. In the browser's modules linear layers and attention are packed tiles of 4 rows by 8 outputs in
//! SIMD registers, where a general matrix product reaches two thirds of their speed; native builds use burn's own there, which
//! know AVX and NEON, and compile ours for the tests that compare it with the oracle. The stem of Gamma-Lite is ours everywhere.

mod activation;
mod attention;
mod depthwise;
mod exp;
mod integer;
mod integer_lanes;
mod lanes;
mod linear;
#[cfg(test)]
mod oracle;
mod patches;
mod rows;
mod stem;
mod sums;

#[cfg(target_arch = "wasm32")]
mod extension;

use burn::backend::{Flex, tensor::FloatTensor};

#[cfg(target_arch = "wasm32")]
pub(super) use extension::{attention, matmul_quantized, matmul_transposed, quick_gelu};
#[cfg(not(target_arch = "wasm32"))]
pub(super) use stem::bias_relu6;
pub(super) use stem::{depthwise_relu6, patches};

/// The numbers of a tensor, row-major; none if it is not of `f32`, which no tensor of the forward pass is.
fn numbers(tensor: FloatTensor<Flex>) -> Vec<f32> {
    tensor.into_data().try_into_vec().unwrap_or_default()
}

/// The numbers of a tensor that lies row-major; none if it is not of `f32`.
fn slice(tensor: &FloatTensor<Flex>) -> &[f32] {
    tensor.as_slice::<f32>().unwrap_or_default()
}
