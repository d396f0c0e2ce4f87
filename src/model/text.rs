//! The text tower: prompts to features.

use burn::{
    module::{Module, Param},
    tensor::{Device, Tensor, module::embedding},
};

use super::{Block, Codes, Config, LayerNorm, Weight, layers::parameter};
use crate::{Error, Result, ops, weights::Tensors};

/// The name of the text tower's embedding: a table of rows to look up, never a factor of a product.
pub const TOKEN_EMBEDDING: &str = "clip_model.token_embedding.weight";

/// CLIP's text transformer with experts in its upper blocks.
#[derive(Module, Debug)]
pub struct TextTower {
    /// `[vocabulary, width]`.
    pub token_embedding: Weight,
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
    /// Takes the tower's tensors out of `tensors`.
    ///
    /// # Errors
    /// [`Error::Config`] if the model has no text tower; else if a tensor is missing or of another shape.
    pub fn load(config: &Config, tensors: &mut Tensors) -> Result<Self> {
        let text = config.text.as_ref();
        let text = text.ok_or_else(|| Error::Config("it has no text tower".into()))?;
        let width = text.tower.width;
        let scope = &mut tensors.scope("clip_model");
        Ok(Self {
            token_embedding: scope
                .take_matrix("token_embedding.weight", [text.vocabulary, width])?
                .into(),
            positional_embedding: parameter(scope.take("positional_embedding", [text.tower.context_length, width])?),
            blocks: Block::load_all(&text.tower, config.experts, scope)?,
            ln_final: LayerNorm::load(&mut scope.scope("ln_final"), width)?,
            text_projection: parameter(scope.take("text_projection", [width, config.embed_dim])?),
        })
    }

    /// Prompts of the same number of token ids → embeddings with their positions, `[prompts, tokens, width]`.
    pub fn embed(&self, prompts: &[Vec<u32>]) -> Tensor<3> {
        let tokens = prompts.first().map_or(0, Vec::len);
        let positions = self.positional_embedding.val().narrow(0, 0, tokens);
        let [_, width] = positions.dims();
        let ids = prompts.iter().flatten();
        let rows = match &self.token_embedding {
            Weight::Float(table) => {
                let ids: Vec<i32> = ids.map(|&id| id as i32).collect();
                let ids = ops::upload_whole(ids, [prompts.len(), tokens], &positions.device());
                embedding(table.val(), ids)
            }
            // A prompt needs a few rows of a table that is the largest tensor of all: the others are never widened.
            Weight::Quantized(Codes { matrix }) => {
                let ids: Vec<usize> = ids.map(|&id| id as usize).collect();
                let rows = matrix.gather(&ids, &positions.device());
                rows.reshape([prompts.len(), tokens, width])
            }
        };
        rows + positions.unsqueeze()
    }

    /// The residual stream after the last block, `[prompts, tokens, width]`, of prompts of the same number of token ids.
    pub fn transform(&self, prompts: &[Vec<u32>]) -> Tensor<3> {
        let x = self.embed(prompts);
        let [_, tokens, _] = x.dims();
        let mask = causal_mask(tokens, &x.device());
        self.blocks
            .iter()
            .fold(x, |x, block| block.forward(x, tokens, Some(mask.clone())))
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
        let length = prompts.iter().map(Vec::len).max().unwrap_or(0);
        let padded: Vec<Vec<u32>> = prompts
            .iter()
            .map(|ids| {
                let mut ids = ids.clone();
                ids.resize(length, 0);
                ids
            })
            .collect();
        let x = self.transform(&padded);
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
        let pooled = self.ln_final.forward(Tensor::cat(pooled, 0));
        ops::matmul(pooled, self.text_projection.val())
    }
}

/// Minus infinity where a token would see a later one, `[tokens, tokens]`. A large finite number stands for infinity:
/// after the softmax both give zero, and no backend has to compute with infinities.
pub fn causal_mask(tokens: usize, device: &Device) -> Tensor<2> {
    let values: Vec<f32> = (0..tokens)
        .flat_map(|query| (0..tokens).map(move |key| if key > query { -1e9 } else { 0.0 }))
        .collect();
    ops::upload(values, [tokens, tokens], device)
}
