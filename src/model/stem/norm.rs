//! Batch normalisation of a convolution's output, as the stem has it while it learns. A model has none: it is folded into the convolution.

use std::sync::{Arc, Mutex, PoisonError};

use burn::{
    module::{Module, Param},
    tensor::Tensor,
};

use crate::{Result, model::layers::parameter, ops, weights::Scope};

/// Normalises each channel over a batch, then gain and the convolution's bias as offset.
#[derive(Module, Debug)]
pub struct BatchNorm {
    /// `[channels]`.
    pub gain: Param<Tensor<1>>,
    /// The moments of the last forward pass.
    #[module(skip)]
    seen: Seen,
}

/// Means and variances `[2, channels]`, shared by the clones of a layer.
#[derive(Debug, Clone, Default)]
struct Seen(Arc<Mutex<Option<Tensor<2>>>>);

impl BatchNorm {
    /// The name of its gain, below that of the convolution.
    pub const GAIN: &'static str = "norm.gain";

    /// Takes its gain, if there is one.
    pub(super) fn load(scope: &mut Scope<'_>, channels: usize) -> Result<Option<Self>> {
        let gain = scope.take_optional(Self::GAIN, [channels])?;
        Ok(gain.map(|gain| Self {
            gain: parameter(gain),
            seen: Seen::default(),
        }))
    }

    /// `[n, height, width, channels]` → the same; the convolution's bias is `offset`.
    pub(super) fn forward(&self, x: Tensor<4>, offset: Tensor<1>, relu6: bool) -> Tensor<4> {
        let shape = x.dims();
        let rows = x.reshape([shape[0] * shape[1] * shape[2], shape[3]]);
        let moments = ops::moments(rows.clone());
        *self.seen.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(moments.clone());
        ops::batch_norm(rows, moments, self.gain.val(), offset, relu6).reshape(shape)
    }

    /// The moments `[2, channels]` of the last forward pass.
    pub fn seen(&self) -> Option<Tensor<2>> {
        self.seen.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
