//! What follows a linear layer, in plain burn.

use burn::tensor::Tensor;
use gamma_kernels::Activation;

use crate::ops::{Epilogue, Gate, device};

impl Epilogue {
    /// Takes away what a gate asks for, which is then left to [`Gated::apply`].
    pub(in crate::ops) fn split(self) -> (Self, Gated) {
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
    pub(in crate::ops) fn apply(self, products: Tensor<2>) -> Tensor<2> {
        let sums = match self.onto {
            Some(onto) => onto + products,
            None => products,
        };
        match (self.activation, self.bias) {
            (Activation::Relu6, Some(bias)) => device::bias_relu6(sums, bias),
            (Activation::Relu6, None) => sums.clamp(0.0, 6.0),
            (Activation::None, Some(bias)) => sums + bias.unsqueeze(),
            (Activation::None, None) => sums,
            (Activation::QuickGelu, Some(bias)) => device::quick_gelu(sums + bias.unsqueeze()),
            (Activation::QuickGelu, None) => device::quick_gelu(sums),
        }
    }
}

/// A gate and what its products are added to.
pub(in crate::ops) struct Gated(Option<(Gate, Option<Tensor<2>>)>);

impl Gated {
    /// `onto + gate * y`: `[rows, out]` → `[rows, out]`.
    pub(in crate::ops) fn apply(self, y: Tensor<2>) -> Tensor<2> {
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
