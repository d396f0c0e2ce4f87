//! What the class token knows of the stem.

use burn::{
    module::{Module, Param},
    tensor::Tensor,
};

use super::LiteStem;
use crate::{
    Result,
    model::{Linear, layers::parameter},
    weights::Scope,
};

/// Mean and standard deviation of each channel over each whole stage, each as its distance from what is usual, mapped to the class token.
///
/// The statistics are stored apart from the map: their scales differ by hundreds, and in one matrix a code of 8 bits would lose the
/// smaller numbers.
#[derive(Module, Debug)]
pub struct Pooled {
    /// The blocks after which a stage ends.
    pub stages: Vec<usize>,
    /// The usual value of each statistic, `[statistics]`: stage by stage, means before deviations.
    pub mean: Param<Tensor<1>>,
    /// How far crops lie from it, `[statistics]`.
    pub deviation: Param<Tensor<1>>,
    /// `[statistics] -> [width]`.
    pub linear: Linear,
    /// Factors of the normalised statistics in a step of training, `[crops, statistics]`.
    #[cfg(feature = "train")]
    #[module(skip)]
    pub dropout: Option<Tensor<2>>,
}

impl Pooled {
    pub(super) fn load(plan: &LiteStem, width: usize, scope: &mut Scope<'_>) -> Result<Self> {
        let statistics = plan.pooled_statistics();
        Ok(Self {
            stages: plan.pooled_stages().iter().map(|stage| stage.last).collect(),
            mean: parameter(scope.take("mean", [statistics])?),
            deviation: parameter(scope.take("deviation", [statistics])?),
            linear: Linear::load(&mut scope.scope("linear"), statistics, width)?,
            #[cfg(feature = "train")]
            dropout: None,
        })
    }

    /// Statistics of crops `[crops, statistics]` → what is added to the class token, `[crops, width]`, and the statistics as their distance from what
    /// is usual.
    pub(super) fn forward(&self, statistics: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
        let distance = statistics - self.mean.val().unsqueeze();
        let normalized = distance / self.deviation.val().unsqueeze();
        #[cfg(feature = "train")]
        let normalized = match &self.dropout {
            Some(factors) => normalized * factors.clone(),
            None => normalized,
        };
        (self.linear.forward_rows(normalized.clone()), normalized)
    }
}
