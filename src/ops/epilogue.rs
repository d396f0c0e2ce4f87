//! What a linear layer does with its products before they are stored.

use burn::tensor::Tensor;

#[cfg(not(all(feature = "cpu", not(feature = "gpu"), target_arch = "wasm32")))]
use super::{bias_relu6, quick_gelu};

/// The function that a layer ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Activation {
    /// `v`
    #[default]
    None,
    /// `min(max(v, 0), 6)`
    Relu6,
    /// `v * sigmoid(1.702 v)`
    QuickGelu,
}

/// `activation(products + onto + bias)`: all that follows the products of a linear layer. In the browser's CPU modules it happens
/// while the products are still in registers.
#[derive(Debug, Clone, Default)]
pub struct Epilogue {
    /// `[rows, out]`.
    pub onto: Option<Tensor<2>>,
    /// `[out]`.
    pub bias: Option<Tensor<1>>,
    /// Last of all.
    pub activation: Activation,
}

impl Epilogue {
    /// The same in plain burn: `[rows, out]` → `[rows, out]`.
    #[cfg(not(all(feature = "cpu", not(feature = "gpu"), target_arch = "wasm32")))]
    pub(super) fn apply(self, products: Tensor<2>) -> Tensor<2> {
        let sums = match self.onto {
            Some(onto) => onto + products,
            None => products,
        };
        match (self.activation, self.bias) {
            (Activation::Relu6, Some(bias)) => bias_relu6(sums, bias),
            (Activation::Relu6, None) => sums.clamp(0.0, 6.0),
            (Activation::None, Some(bias)) => sums + bias.unsqueeze(),
            (Activation::None, None) => sums,
            (Activation::QuickGelu, Some(bias)) => quick_gelu(sums + bias.unsqueeze()),
            (Activation::QuickGelu, None) => quick_gelu(sums),
        }
    }
}
