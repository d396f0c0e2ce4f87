//! The text tower: prompts to features.

use burn::{
    module::{Module, Param},
    tensor::{Int, Tensor, TensorData, module::embedding},
};

use super::{Block, Config, LayerNorm, TextConfig};
use crate::{Result, weights::Scope};

/// CLIP's text transformer with experts in its upper blocks.
#[derive(Module, Debug)]
pub struct TextTower {
    /// `[vocabulary, width]`.
    pub token_embedding: Param<Tensor<2>>,
    /// `[context_length, width]`.
    pub positional_embedding: Param<Tensor<2>>,
    /// `transformer.resblocks`.
    pub blocks: Vec<Block>,
    /// After the last block.
    pub ln_final: LayerNorm,
    /// `[width, embed_dim]`.
    pub text_projection: Param<Tensor<2>>,
}

impl TextTower {
    pub(crate) fn load(config: &Config, text: &TextConfig, scope: &mut Scope<'_>) -> Result<Self> {
        let width = text.tower.width;
        Ok(Self {
            token_embedding: Param::from_tensor(scope.take("token_embedding.weight", [text.vocabulary, width])?),
            positional_embedding: Param::from_tensor(
                scope.take("positional_embedding", [text.tower.context_length, width])?,
            ),
            blocks: Block::load_all(&text.tower, config.experts, scope)?,
            ln_final: LayerNorm::load(&mut scope.scope("ln_final"), width)?,
            text_projection: Param::from_tensor(scope.take("text_projection", [width, config.embed_dim])?),
        })
    }

    /// Token ids `[prompts, tokens]` → embeddings with their positions, `[prompts, tokens, width]`.
    pub fn embed(&self, ids: Tensor<2, Int>) -> Tensor<3> {
        let [_, tokens] = ids.dims();
        let positions = self.positional_embedding.val().narrow(0, 0, tokens);
        embedding(self.token_embedding.val(), ids) + positions.unsqueeze()
    }

    /// The residual stream after the last block, `[prompts, tokens, width]`.
    pub fn transform(&self, ids: Tensor<2, Int>) -> Tensor<3> {
        let [_, tokens] = ids.dims();
        let mask = causal_mask(tokens, &ids);
        self.blocks
            .iter()
            .fold(self.embed(ids), |x, block| block.forward(x, tokens, Some(mask.clone())))
    }

    /// Prompts, each from its start to its end token, → features `[prompts, embed_dim]` of L2 norm 1.
    pub fn forward(&self, prompts: &[Vec<u32>]) -> Tensor<2> {
        super::head::normalize(self.features(prompts))
    }

    /// Prompts, each from its start to its end token, → features `[prompts, embed_dim]` of any length.
    ///
    /// The tower is causal and pooled at the end token, so tokens after it change nothing and the prompts run at the
    /// length of the longest, not at 77.
    pub fn features(&self, prompts: &[Vec<u32>]) -> Tensor<2> {
        let device = self.positional_embedding.val().device();
        let length = prompts.iter().map(Vec::len).max().unwrap_or(0);
        let ids: Vec<i32> = prompts
            .iter()
            .flat_map(|ids| (0..length).map(|at| ids.get(at).map_or(0, |&id| id as i32)))
            .collect();
        let ids = Tensor::<2, Int>::from_data(TensorData::new(ids, [prompts.len(), length]), &device);
        let x = self.transform(ids);
        let pooled = prompts
            .iter()
            .enumerate()
            .map(|(row, ids)| {
                x.clone()
                    .narrow(0, row, 1)
                    .narrow(1, ids.len() - 1, 1)
                    .squeeze_dim::<2>(1)
            })
            .collect();
        self.ln_final
            .forward(Tensor::cat(pooled, 0))
            .matmul(self.text_projection.val())
    }
}

/// Minus infinity where a token would see a later one, `[tokens, tokens]`. A large finite number stands for infinity:
/// after the softmax both give zero, and no backend has to compute with infinities.
pub fn causal_mask(tokens: usize, like: &Tensor<2, Int>) -> Tensor<2> {
    let values: Vec<f32> = (0..tokens)
        .flat_map(|query| (0..tokens).map(move |key| if key > query { -1e9 } else { 0.0 }))
        .collect();
    Tensor::from_data(TensorData::new(values, [tokens, tokens]), &like.device())
}
