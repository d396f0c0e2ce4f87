//! The few operations worth code of our own. [`reference`] composes plain burn operations: it runs everywhere,
//! training differentiates it, and every faster kernel is tested against it.

#[cfg(any(test, all(feature = "cpu", not(feature = "gpu"), target_arch = "wasm32")))]
mod cpu;
pub mod reference;
mod self_test;

use burn::tensor::Tensor;

pub use reference::{attention, quick_gelu};
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
