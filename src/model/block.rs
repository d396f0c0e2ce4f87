//! A residual attention block, plain or with experts.

use burn::{module::Module, tensor::Tensor};

use super::{Attention, LayerNorm, MixtureOfAssessmentExperts, Mlp, TowerConfig};
use crate::{Result, weights::Scope};

/// The second half of a block.
#[derive(Module, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "a dozen of them in a model of millions of numbers"
)]
pub enum FeedForward {
    /// CLIP's own MLP, in the lower blocks.
    Mlp(Mlp),
    /// A mixture of assessment experts, in the upper blocks.
    Moae(MixtureOfAssessmentExperts),
}

impl FeedForward {
    /// `onto + y(x)`: `[batch, tokens, width]`, both and the output.
    pub fn forward_onto(&self, onto: Tensor<3>, x: Tensor<3>) -> Tensor<3> {
        match self {
            Self::Mlp(mlp) => mlp.forward_onto(onto, x),
            Self::Moae(moae) => moae.forward_onto(onto, x),
        }
    }
}

/// `x += attn(ln_1(x)); x += mlp(ln_2(x))`.
#[derive(Module, Debug)]
pub struct Block {
    /// Before the attention.
    pub ln_1: LayerNorm,
    /// Attention over all tokens.
    pub attn: Attention,
    /// Before the MLP.
    pub ln_2: LayerNorm,
    /// The MLP or the experts.
    pub mlp: FeedForward,
}

impl Block {
    /// All blocks of a tower.
    pub(super) fn load_all(config: &TowerConfig, experts: usize, scope: &mut Scope<'_>) -> Result<Vec<Self>> {
        (0..config.layers)
            .map(|index| {
                let moae = (index >= config.moae_from).then_some(experts);
                Self::load(
                    config,
                    moae,
                    &mut scope.scope(format_args!("transformer.resblocks.{index}")),
                )
            })
            .collect()
    }

    fn load(config: &TowerConfig, experts: Option<usize>, scope: &mut Scope<'_>) -> Result<Self> {
        let width = config.width;
        Ok(Self {
            ln_1: LayerNorm::load(&mut scope.scope("ln_1"), width)?,
            attn: Attention::load(config, &mut scope.scope("attn"))?,
            ln_2: LayerNorm::load(&mut scope.scope("ln_2"), width)?,
            mlp: match experts {
                None => FeedForward::Mlp(Mlp::load(config, &mut scope.scope("mlp"))?),
                Some(experts) => FeedForward::Moae(MixtureOfAssessmentExperts::load(
                    config,
                    experts,
                    &mut scope.scope("mlp"),
                )?),
            },
        })
    }

    /// The residual stream of the first `queries` tokens after this block; the other tokens are read, not written.
    ///
    /// # Shapes
    /// - `x`: `[batch, tokens, width]`, `mask`: `[queries, tokens]`
    /// - output: `[batch, queries, width]`
    pub fn forward(&self, x: Tensor<3>, queries: usize, mask: Option<Tensor<2>>) -> Tensor<3> {
        let normed = self.ln_1.forward(x.clone());
        let x = self.attn.forward_onto(x.narrow(1, 0, queries), normed, mask);
        let normed = self.ln_2.forward(x.clone());
        self.mlp.forward_onto(x, normed)
    }
}
