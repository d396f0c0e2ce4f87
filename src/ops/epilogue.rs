//! What a linear layer does with its products before they are stored.

use burn::tensor::Tensor;
use gamma_kernels::Activation;

#[cfg(not(feature = "gpu"))]
use super::{bias_relu6, quick_gelu};

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

    /// Takes away what a gate asks for, which is then left to [`Gated::apply`].
    #[cfg(not(feature = "gpu"))]
    pub(super) fn split(self) -> (Self, Gated) {
        match self.gate {
            None => (self, Gated(None)),
            Some(gate) => {
                let gated = Gated(Some((gate, self.onto)));
                let rest = Self {
                    onto: None,
                    gate: None,
                    ..self
                };
                (rest, gated)
            }
        }
    }

    /// The same in plain burn, without the gate: `[rows, out]` → `[rows, out]`.
    #[cfg(not(feature = "gpu"))]
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

/// A gate and what its products are added to.
#[cfg(not(feature = "gpu"))]
pub(super) struct Gated(Option<(Gate, Option<Tensor<2>>)>);

#[cfg(not(feature = "gpu"))]
impl Gated {
    /// `onto + gate * y`: `[rows, out]` → `[rows, out]`.
    pub(super) fn apply(self, y: Tensor<2>) -> Tensor<2> {
        let Some((Gate { weights, expert }, onto)) = self.0 else {
            return y;
        };
        let y = y * weights.narrow(1, expert, 1);
        match onto {
            Some(onto) => onto + y,
            None => y,
        }
    }
}
