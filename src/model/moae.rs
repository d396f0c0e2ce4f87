//! The Mixture of Assessment Experts (paper, section 3.3): one shared MLP and softly routed adaptive ones.

use burn::{
    module::{Module, Param},
    tensor::Tensor,
};

use super::{Linear, TowerConfig, layers::parameter};
use crate::{
    Result,
    ops::{self, Activation, Epilogue, Gate},
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

    /// `onto + mlp(x)`: `[batch, tokens, width]`, both and the output.
    pub fn forward_onto(&self, onto: Tensor<3>, x: Tensor<3>) -> Tensor<3> {
        let hidden = self.c_fc.forward_activated(x, Activation::QuickGelu);
        self.c_proj.forward_onto(onto, hidden)
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
        ops::softmax(self.router.forward(x))
    }

    /// `onto + y`: `[batch, tokens, width]`, both and the output.
    pub fn forward_onto(&self, onto: Tensor<3>, x: Tensor<3>) -> Tensor<3> {
        let shape = x.dims();
        let gate = self.gate(x.clone()) * self.scale.val().unsqueeze();
        let differences = self.experts.iter().map(|expert| expert.difference_from(&self.shared));
        let [onto, x, gate] = [onto, x, gate].map(|tensor| tensor.flatten::<2>(0, 1));
        let y = match differences.collect::<Option<Vec<_>>>() {
            Some(differences) => self.forward_differences(onto, x, gate, &differences),
            None => self.forward_experts(onto, x, gate),
        };
        y.reshape(shape)
    }

    /// Expert by expert: `[rows, width]`, gate `[rows, experts]`.
    fn forward_experts(&self, onto: Tensor<2>, x: Tensor<2>, gate: Tensor<2>) -> Tensor<2> {
        let shared = self.shared.c_fc.forward_rows_with(x.clone(), quick_gelu());
        let y = self.shared.c_proj.forward_rows_with(shared, Epilogue::onto(onto));
        self.experts.iter().enumerate().fold(y, |y, (expert, mlp)| {
            let own = mlp.c_fc.forward_rows_with(x.clone(), quick_gelu());
            mlp.c_proj.forward_rows_with(own, gated(y, gate.clone(), expert))
        })
    }

    /// The same with experts that are stored as their differences `D_e` from the shared one: no matrix has to be added to its base,
    /// since `(W + D_e) x = W x + D_e x` and `W h + sum_e g_e (W + D_e) h_e = W (h + sum_e g_e h_e) + sum_e g_e D_e h_e`.
    fn forward_differences(&self, onto: Tensor<2>, x: Tensor<2>, gate: Tensor<2>, differences: &[Mlp]) -> Tensor<2> {
        let common = self.shared.c_fc.without_bias().forward_rows(x.clone());
        let shared = Epilogue {
            bias: self.shared.c_fc.bias.as_ref().map(|bias| bias.val()),
            ..quick_gelu()
        };
        let hidden = ops::pointwise(common.clone(), shared);
        let (hidden, sum) = differences
            .iter()
            .enumerate()
            .fold((hidden, onto), |(hidden, sum), (expert, mlp)| {
                let onto = Epilogue {
                    onto: Some(common.clone()),
                    ..quick_gelu()
                };
                let own = mlp.c_fc.forward_rows_with(x.clone(), onto);
                let hidden = ops::pointwise(own.clone(), gated(hidden, gate.clone(), expert));
                (
                    hidden,
                    mlp.c_proj.forward_rows_with(own, gated(sum, gate.clone(), expert)),
                )
            });
        self.shared.c_proj.forward_rows_with(hidden, Epilogue::onto(sum))
    }
}

fn quick_gelu() -> Epilogue {
    Epilogue::activated(Activation::QuickGelu)
}

/// The products of an expert, as often as the gate says, added to `onto`.
fn gated(onto: Tensor<2>, weights: Tensor<2>, expert: usize) -> Epilogue {
    Epilogue {
        gate: Some(Gate { weights, expert }),
        ..Epilogue::onto(onto)
    }
}
