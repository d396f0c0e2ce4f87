//! The two layers that everything else is made of.

use burn::{
    module::{Module, Param, ParamId},
    tensor::Tensor,
};

use crate::{
    Result,
    ops::{self, Activation, Epilogue, QuantizedMatrix},
    weights::{Matrix, Scope},
};

/// A parameter of the value given, which may be the outcome of a computation: a trainer follows gradients through the
/// loading of a model, back to the tensors of the checkpoint.
pub(super) fn parameter<const D: usize>(value: Tensor<D>) -> Param<Tensor<D>> {
    Param::initialized(ParamId::from(0), value)
}

/// CLIP's LayerNorm epsilon.
const EPSILON: f64 = 1e-5;

/// The matrix of a [`Linear`] or the rows of a [`TextTower`](super::TextTower)'s embedding.
#[derive(Module, Debug)]
pub enum Weight {
    /// Numbers on the device; what training changes.
    Float(Param<Tensor<2>>),
    /// Codes, as a file stores them.
    Quantized(Codes),
}

/// A matrix in codes; no parameter that could be trained.
#[derive(Module, Debug)]
pub struct Codes {
    /// The matrix.
    #[module(skip)]
    pub matrix: QuantizedMatrix,
}

impl From<Matrix> for Weight {
    fn from(matrix: Matrix) -> Self {
        match matrix {
            Matrix::Float(weight) => Self::Float(parameter(weight)),
            Matrix::Quantized(matrix) => Self::Quantized(Codes { matrix }),
        }
    }
}

/// `y = x W^T + b`.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[out, in]`, as in the checkpoint.
    pub weight: Weight,
    /// `[out]`.
    pub bias: Option<Param<Tensor<1>>>,
}

impl Linear {
    /// Takes `weight` and `bias`.
    pub fn load(scope: &mut Scope<'_>, input: usize, output: usize) -> Result<Self> {
        Ok(Self::from_matrix(
            scope.take_matrix("weight", [output, input])?,
            Some(scope.take("bias", [output])?),
        ))
    }

    /// Takes `weight` alone.
    pub fn load_without_bias(scope: &mut Scope<'_>, input: usize, output: usize) -> Result<Self> {
        Ok(Self::from_matrix(scope.take_matrix("weight", [output, input])?, None))
    }

    /// A layer of tensors that are there already: `weight` `[out, in]`, `bias` `[out]`.
    pub fn from_tensors(weight: Tensor<2>, bias: Option<Tensor<1>>) -> Self {
        Self::from_matrix(Matrix::Float(weight), bias)
    }

    /// As [`from_tensors`](Self::from_tensors), the weight in codes perhaps.
    pub fn from_matrix(weight: Matrix, bias: Option<Tensor<1>>) -> Self {
        Self {
            weight: weight.into(),
            bias: bias.map(parameter),
        }
    }

    /// The layer whose matrix is the difference of this one's from that of `base`, if it is stored as such.
    pub fn difference_from(&self, base: &Self) -> Option<Self> {
        match (&self.weight, &base.weight) {
            (Weight::Quantized(own), Weight::Quantized(base)) => Some(Self {
                weight: Weight::Quantized(Codes {
                    matrix: own.matrix.difference_from(&base.matrix)?,
                }),
                bias: self.bias.clone(),
            }),
            _ => None,
        }
    }

    /// The product alone.
    pub fn without_bias(&self) -> Self {
        Self {
            weight: self.weight.clone(),
            bias: None,
        }
    }

    /// `[batch, tokens, in]` → `[batch, tokens, out]`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        self.forward_activated(x, Activation::None)
    }

    /// `activation(x W^T + b)`: `[batch, tokens, in]` → `[batch, tokens, out]`.
    pub fn forward_activated(&self, x: Tensor<3>, activation: Activation) -> Tensor<3> {
        self.forward_with(x, Epilogue::activated(activation))
    }

    /// `onto + x W^T + b`: `[batch, tokens, out]`, `[batch, tokens, in]` → `[batch, tokens, out]`.
    pub fn forward_onto(&self, onto: Tensor<3>, x: Tensor<3>) -> Tensor<3> {
        self.forward_with(x, Epilogue::onto(onto.flatten(0, 1)))
    }

    fn forward_with(&self, x: Tensor<3>, epilogue: Epilogue) -> Tensor<3> {
        let [batch, tokens, input] = x.dims();
        let y = self.forward_rows_with(x.reshape([batch * tokens, input]), epilogue);
        let [_, output] = y.dims();
        y.reshape([batch, tokens, output])
    }

    /// `[rows, in]` → `[rows, out]`.
    pub fn forward_rows(&self, x: Tensor<2>) -> Tensor<2> {
        self.forward_rows_with(x, Epilogue::default())
    }

    /// `[rows, in]` → `[rows, out]`, and what follows; the bias, where `epilogue` has none, is the layer's own.
    pub fn forward_rows_with(&self, x: Tensor<2>, mut epilogue: Epilogue) -> Tensor<2> {
        if epilogue.bias.is_none() {
            epilogue.bias = self.bias.as_ref().map(|bias| bias.val());
        }
        match &self.weight {
            Weight::Float(weight) => ops::linear(x, weight.val(), epilogue),
            Weight::Quantized(Codes { matrix }) => ops::linear_quantized(x, matrix, epilogue),
        }
    }
}

/// LayerNorm over the last axis.
#[derive(Module, Debug)]
pub struct LayerNorm {
    /// Gain, `[width]`.
    pub weight: Param<Tensor<1>>,
    /// Offset, `[width]`.
    pub bias: Param<Tensor<1>>,
}

impl LayerNorm {
    /// Takes `weight` and `bias`.
    pub fn load(scope: &mut Scope<'_>, width: usize) -> Result<Self> {
        Ok(Self {
            weight: parameter(scope.take("weight", [width])?),
            bias: parameter(scope.take("bias", [width])?),
        })
    }

    /// `[..., width]` → `[..., width]`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        ops::layer_norm(x, self.weight.val(), self.bias.val(), EPSILON)
    }
}
