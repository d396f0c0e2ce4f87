//! The Mixture of Assessment Experts (paper, section 3.3): one shared MLP and softly routed adaptive ones.

use burn::{
    module::{Module, Param},
    tensor::{Tensor, activation},
};

use super::{Linear, TowerConfig, layers::parameter};
use crate::{Result, ops::Activation, weights::Scope};

/// CLIP's MLP: `c_proj(quick_gelu(c_fc(x)))`; in CLIP, the hidden width is four times the block's.
#[derive(Module, Debug)]
pub struct Mlp {
    /// `[width] -> [ratio width]`.
    pub c_fc: Linear,
    /// `[ratio width] -> [width]`.
    pub c_proj: Linear,
}

impl Mlp {
    /// Takes `c_fc` and `c_proj`.
    pub fn load(config: &TowerConfig, scope: &mut Scope<'_>) -> Result<Self> {
        let (width, hidden) = (config.width, config.ratio * config.width);
        Ok(Self {
            c_fc: Linear::load(&mut scope.scope("c_fc"), width, hidden)?,
            c_proj: Linear::load(&mut scope.scope("c_proj"), hidden, width)?,
        })
    }

    /// `[batch, tokens, width]` → `[batch, tokens, width]`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        self.c_proj
            .forward(self.c_fc.forward_activated(x, Activation::QuickGelu))
    }
}

/// `y = shared(x) + scale * sum_e softmax(router(x))_e * expert_e(x)`. Dense: every expert runs for every token.
#[derive(Module, Debug)]
pub struct MixtureOfAssessmentExperts {
    /// `useful_experts`: the shared expert, the MLP that CLIP had.
    pub shared: Mlp,
    /// `experts.expert_{k}`: the adaptive experts.
    pub experts: Vec<Mlp>,
    /// `gating.layer1`: the router, `[width] -> [experts]`.
    pub router: Linear,
    /// sigma, `[1]`.
    pub scale: Param<Tensor<1>>,
}

impl MixtureOfAssessmentExperts {
    /// Takes `useful_experts`, `experts`, `gating` and `scale`.
    pub fn load(config: &TowerConfig, experts: usize, scope: &mut Scope<'_>) -> Result<Self> {
        Ok(Self {
            shared: Mlp::load(config, &mut scope.scope("useful_experts"))?,
            experts: (0..experts)
                .map(|k| Mlp::load(config, &mut scope.scope(format_args!("experts.expert_{k}"))))
                .collect::<Result<_>>()?,
            router: Linear::load(&mut scope.scope("gating.layer1"), config.width, experts)?,
            scale: parameter(scope.take("scale", [1])?),
        })
    }

    /// The weight of each expert for each token: `[batch, tokens, width]` → `[batch, tokens, experts]`, rows sum to 1.
    pub fn gate(&self, x: Tensor<3>) -> Tensor<3> {
        activation::softmax(self.router.forward(x), 2)
    }

    /// `[batch, tokens, width]` → `[batch, tokens, width]`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let gate = self.gate(x.clone()) * self.scale.val().unsqueeze();
        self.experts
            .iter()
            .enumerate()
            .fold(self.shared.forward(x.clone()), |sum, (k, expert)| {
                sum + expert.forward(x.clone()) * gate.clone().narrow(2, k, 1)
            })
    }
}
