//! The CPU's kernels ([`gamma_kernels`]) as operations of burn: in the browser's modules linear layers, attention and QuickGELU, which
//! native builds leave to burn; the stem of Gamma-Lite everywhere.

#[cfg(target_arch = "wasm32")]
mod extension;
mod stem;
#[cfg(test)]
mod tests;

use burn::backend::{Flex, tensor::FloatTensor};

#[cfg(target_arch = "wasm32")]
pub(super) use extension::{attention, layer_norm, matmul_quantized, matmul_transposed, quick_gelu};
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
