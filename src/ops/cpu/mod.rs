//! What both CPU devices share: the kernels ([`gamma_kernels`]) of Gamma-Lite's stem as operations of burn, with their gradients for
//! training, and what follows a linear layer.

#[cfg(feature = "train")]
mod batch_norm;
mod epilogue;
mod stem;
#[cfg(test)]
mod tests;

use burn::backend::{Flex, tensor::FloatTensor};

#[cfg(feature = "train")]
pub use batch_norm::{batch_norm, depthwise, moments};

#[cfg(not(target_arch = "wasm32"))]
pub(super) use stem::bias_relu6;
pub(super) use stem::{depthwise_relu6, patches};

/// The numbers of a tensor, row-major; none if it is not of `f32`, which no tensor of the forward pass is.
pub(super) fn numbers(tensor: FloatTensor<Flex>) -> Vec<f32> {
    tensor.into_data().try_into_vec().unwrap_or_default()
}

/// The numbers of a tensor that lies row-major; none if it is not of `f32`.
pub(super) fn slice(tensor: &FloatTensor<Flex>) -> &[f32] {
    tensor.as_slice::<f32>().unwrap_or_default()
}
