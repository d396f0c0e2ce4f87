//! Multi-head self-attention of a block.

use burn::{module::Module, tensor::Tensor};

use super::{Linear, TowerConfig};
use crate::{Result, ops, weights::Scope};

/// Self-attention. The checkpoint packs queries, keys and values in `in_proj`; here the queries stand apart, because
/// the last vision block needs them for the class token only.
#[derive(Module, Debug)]
pub struct Attention {
    /// Rows `0..width` of `in_proj`.
    pub query: Linear,
    /// Rows `width..3 width` of `in_proj`.
    pub key_value: Linear,
    /// `out_proj`.
    pub out_proj: Linear,
    /// Number of heads, each of width 64.
    pub heads: usize,
}

impl Attention {
    /// Takes `in_proj_weight`, `in_proj_bias` and `out_proj`.
    pub fn load(config: &TowerConfig, scope: &mut Scope<'_>) -> Result<Self> {
        let width = config.width;
        let weight = scope.take_matrix("in_proj_weight", [3 * width, width])?;
        let bias = scope.take("in_proj_bias", [3 * width])?;
        let rows = |range: std::ops::Range<usize>| {
            Linear::from_matrix(weight.rows(range.clone()), Some(bias.clone().slice([range])))
        };
        Ok(Self {
            query: rows(0..width),
            key_value: rows(width..3 * width),
            out_proj: Linear::load(&mut scope.scope("out_proj"), width, width)?,
            heads: config.heads(),
        })
    }

    /// `onto`, and what the first `queries` tokens gather from all tokens.
    ///
    /// # Shapes
    /// - `onto`: `[batch, queries, width]`, `x`: `[batch, tokens, width]`, `mask`: `[queries, tokens]`
    /// - output: `[batch, queries, width]`
    pub fn forward_onto(&self, onto: Tensor<3>, x: Tensor<3>, mask: Option<Tensor<2>>) -> Tensor<3> {
        let [_, queries, _] = onto.dims();
        let key_value = self.key_value.forward(x.clone());
        let query = self.query.forward(x.narrow(1, 0, queries));
        let gathered = ops::attention(query, key_value, self.heads, mask);
        self.out_proj.forward_onto(onto, gathered)
    }
}
