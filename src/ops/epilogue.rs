//! What a linear layer does with its products before they are stored.

use burn::tensor::Tensor;
use gamma_kernels::Activation;

/// A column of the weights of experts: a number for each row.
#[derive(Debug, Clone)]
pub struct Gate {
    /// `[rows, experts]`.
    pub weights: Tensor<2>,
    /// Which expert.
    pub expert: usize,
}

/// `activation(products + onto + bias)`, or `onto + gate * activation(products + bias)`: all that follows the products of a linear
/// layer. In the browser's modules it happens while the products are still in registers; of a gate, on the GPU only.
#[derive(Debug, Clone, Default)]
pub struct Epilogue {
    /// `[rows, out]`.
    pub onto: Option<Tensor<2>>,
    /// `[out]`.
    pub bias: Option<Tensor<1>>,
    /// Of each sum.
    pub activation: Activation,
    /// A factor on each row.
    pub gate: Option<Gate>,
}

impl Epilogue {
    /// An activation, and nothing else.
    pub fn activated(activation: Activation) -> Self {
        Self {
            activation,
            ..Self::default()
        }
    }

    /// A sum, `[rows, out]`, to add to.
    pub fn onto(sum: Tensor<2>) -> Self {
        Self {
            onto: Some(sum),
            ..Self::default()
        }
    }
}
