//! The Mixture of Assessment Experts (paper, section 3.3): one shared MLP and softly routed adaptive ones.

use burn::{
    module::{Module, Param},
    tensor::{Tensor, activation},
};

use super::{Linear, TowerConfig, layers::parameter};
use crate::{
    Result,
    ops::{self, Activation},
    weights::Scope,
};

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

    /// The MLP whose matrices are the differences of this one's from those of `base`, if they are stored as such.
    fn difference_from(&self, base: &Self) -> Option<Self> {
        Some(Self {
            c_fc: self.c_fc.difference_from(&base.c_fc)?,
            c_proj: self.c_proj.difference_from(&base.c_proj)?,
        })
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
        let differences = self.experts.iter().map(|expert| expert.difference_from(&self.shared));
        if let Some(differences) = differences.collect::<Option<Vec<_>>>() {
            return self.forward_differences(x, gate, &differences);
        }
        self.experts
            .iter()
            .enumerate()
            .fold(self.shared.forward(x.clone()), |sum, (k, expert)| {
                sum + expert.forward(x.clone()) * gate.clone().narrow(2, k, 1)
            })
    }

    /// The same with experts that are stored as their differences `D_e` from the shared one: no matrix has to be added to its base,
    /// since `(W + D_e) x = W x + D_e x` and `W h + sum_e g_e (W + D_e) h_e = W (h + sum_e g_e h_e) + sum_e D_e g_e h_e`.
    fn forward_differences(&self, x: Tensor<3>, gate: Tensor<3>, differences: &[Mlp]) -> Tensor<3> {
        let [batch, tokens, width] = x.dims();
        let (x, gate) = (x.reshape([batch * tokens, width]), gate.flatten::<2>(0, 1));
        let common = self.shared.c_fc.without_bias().forward_rows(x.clone());
        let mut hidden = match &self.shared.c_fc.bias {
            Some(bias) => ops::quick_gelu(common.clone() + bias.val().unsqueeze()),
            None => ops::quick_gelu(common.clone()),
        };
        let mut sum: Option<Tensor<2>> = None;
        for (k, expert) in differences.iter().enumerate() {
            let gate = gate.clone().narrow(1, k, 1);
            let onto = Some(common.clone());
            let own = expert.c_fc.forward_rows_onto(onto, x.clone(), Activation::QuickGelu) * gate.clone();
            hidden = hidden + own.clone();
            // The bias counts as often as the expert.
            let onto = match (&expert.c_proj.bias, sum) {
                (Some(bias), Some(sum)) => Some(sum + gate * bias.val().unsqueeze()),
                (Some(bias), None) => Some(gate * bias.val().unsqueeze()),
                (None, sum) => sum,
            };
            let product = expert.c_proj.without_bias();
            sum = Some(product.forward_rows_onto(onto, own, Activation::None));
        }
        let y = self.shared.c_proj.forward_rows_onto(sum, hidden, Activation::None);
        y.reshape([batch, tokens, width])
    }
}
