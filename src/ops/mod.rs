//! The few operations worth code of our own. [`reference`] composes plain burn operations: it runs everywhere,
//! training differentiates it, and every faster kernel is tested against it.

#[cfg(any(test, all(feature = "cpu", not(feature = "gpu"), target_arch = "wasm32")))]
mod cpu;
mod quantized;
pub mod reference;
mod self_test;

use burn::tensor::Tensor;

pub use quantized::{QuantizedMatrix, Scales};
pub(crate) use self_test::read;
pub use self_test::self_test;

/// `x W^T + b`, by the fastest way that this build has.
///
/// # Shapes
/// - `x`: `[rows, in]`, `weight`: `[out, in]` as checkpoints store it, `bias`: `[out]`
/// - output: `[rows, out]`
pub fn linear(x: Tensor<2>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<2> {
    #[cfg(all(feature = "cpu", not(feature = "gpu"), target_arch = "wasm32"))]
    {
        let y = cpu::matmul_transposed(x, weight);
        match bias {
            Some(bias) => y + bias.unsqueeze(),
            None => y,
        }
    }
    #[cfg(not(all(feature = "cpu", not(feature = "gpu"), target_arch = "wasm32")))]
    reference::linear(x, weight, bias)
}

/// `x W^T + b` with a quantised matrix: unpacked piece by piece where this build has its own linear layer, else widened
/// for this one product.
///
/// # Shapes
/// - `x`: `[rows, in]`, `weight`: `[out, in]`, `bias`: `[out]`
/// - output: `[rows, out]`
pub fn linear_quantized(x: Tensor<2>, weight: &QuantizedMatrix, bias: Option<Tensor<1>>) -> Tensor<2> {
    #[cfg(all(feature = "cpu", not(feature = "gpu"), target_arch = "wasm32"))]
    {
        let y = cpu::matmul_quantized(x, weight.clone());
        match bias {
            Some(bias) => y + bias.unsqueeze(),
            None => y,
        }
    }
    #[cfg(not(all(feature = "cpu", not(feature = "gpu"), target_arch = "wasm32")))]
    {
        let weight = weight.to_tensor(&x.device());
        reference::linear(x, weight, bias)
    }
}

/// Scaled dot-product attention of each head, as [`reference::attention`], whose shapes are its own.
pub fn attention(q: Tensor<3>, key_value: Tensor<3>, heads: usize, mask: Option<Tensor<2>>) -> Tensor<3> {
    #[cfg(all(feature = "cpu", not(feature = "gpu"), target_arch = "wasm32"))]
    {
        cpu::attention(q, key_value, heads, mask)
    }
    #[cfg(not(all(feature = "cpu", not(feature = "gpu"), target_arch = "wasm32")))]
    reference::attention(q, key_value, heads, mask)
}

/// `v * sigmoid(1.702 v)`, CLIP's activation.
pub fn quick_gelu<const D: usize>(v: Tensor<D>) -> Tensor<D> {
    #[cfg(all(feature = "cpu", not(feature = "gpu"), target_arch = "wasm32"))]
    {
        cpu::quick_gelu(v)
    }
    #[cfg(not(all(feature = "cpu", not(feature = "gpu"), target_arch = "wasm32")))]
    reference::quick_gelu(v)
}

/// Whether quantised weights are best left in codes in memory. In the browser's CPU modules they are: memory is short there,
/// and [`linear_quantized`] costs next to nothing more than [`linear`]. Elsewhere they are widened once, when they are loaded.
pub const fn keeps_quantized() -> bool {
    cfg!(all(feature = "cpu", not(feature = "gpu"), target_arch = "wasm32"))
}
