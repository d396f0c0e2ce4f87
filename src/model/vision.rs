//! The vision tower: crops to features.

use burn::{
    module::{Module, Param},
    tensor::Tensor,
};

use super::{Block, Config, LayerNorm, Stem, Tokens, layers::parameter};
use crate::{Result, ops, weights::Scope};

/// A vision transformer with experts in its upper blocks, on CLIP's stem or a convolutional one.
#[derive(Module, Debug)]
pub struct VisionTower {
    /// Pixels to tokens.
    pub stem: Stem,
    /// `[width]`.
    pub class_embedding: Param<Tensor<1>>,
    /// `[tokens, width]`, class token first.
    pub positional_embedding: Param<Tensor<2>>,
    /// Before the first block.
    pub ln_pre: LayerNorm,
    /// `transformer.resblocks`.
    pub blocks: Vec<Block>,
    /// On the class token, after the last block.
    pub ln_post: LayerNorm,
    /// `[width, embed_dim]`.
    pub proj: Param<Tensor<2>>,
}

impl VisionTower {
    pub(super) fn load(config: &Config, scope: &mut Scope<'_>) -> Result<Self> {
        let Config {
            embed_dim,
            vision,
            experts,
            ..
        } = config;
        let width = vision.width;
        Ok(Self {
            stem: Stem::load(config, scope)?,
            class_embedding: parameter(scope.take("class_embedding", [width])?),
            positional_embedding: parameter(scope.take("positional_embedding", [vision.context_length, width])?),
            ln_pre: LayerNorm::load(&mut scope.scope("ln_pre"), width)?,
            blocks: Block::load_all(vision, *experts, scope)?,
            ln_post: LayerNorm::load(&mut scope.scope("ln_post"), width)?,
            proj: parameter(scope.take("proj", [width, *embed_dim])?),
        })
    }

    /// Crops `[crops, 3, image, image]` → class token and those of the stem without positions, `[crops, tokens, width]`.
    pub fn tokens(&self, crops: Tensor<4>) -> Tensor<3> {
        self.tokens_of(self.stem.forward(crops)).0
    }

    /// The same of what the stem makes of crops, and the pooled statistics.
    fn tokens_of(&self, tokens: Tokens) -> (Tensor<3>, Option<Tensor<2>>) {
        let Tokens {
            cells,
            class: added,
            pooled,
        } = tokens;
        let [n, _, width] = cells.dims();
        let class = self.class_embedding.val().reshape([1, 1, width]);
        let class = match added {
            Some(added) => class + added.reshape([n, 1, width]),
            None => class.expand([n, 1, width]),
        };
        (Tensor::cat(vec![class, cells], 1), pooled)
    }

    /// Crops `[crops, 3, image, image]` → tokens with their positions, `[crops, tokens, width]`, before `ln_pre`.
    pub fn embed(&self, crops: Tensor<4>) -> Tensor<3> {
        self.place(self.tokens(crops))
    }

    fn place(&self, tokens: Tensor<3>) -> Tensor<3> {
        let [_, count, _] = tokens.dims();
        tokens + self.positions(count).unsqueeze()
    }

    /// The positional table for `count` tokens, `[count, width]`: the learned one, or, for an input of another size, that
    /// one resampled along its rows as the published implementation does it, class token included.
    pub fn positions(&self, count: usize) -> Tensor<2> {
        let table = self.positional_embedding.val();
        let [rows, _] = table.dims();
        if count == rows {
            return table;
        }
        let weights = ops::upload(cubic_resampling(rows, count), [count, rows], &table.device());
        ops::matmul(weights, table)
    }

    /// Normalised crops `[crops, 3, image, image]` → features `[crops, embed_dim]`.
    pub fn forward(&self, crops: Tensor<4>) -> Tensor<2> {
        self.encode(self.embed(crops))
    }

    /// All that scenes may be compared with, of normalised crops `[crops, 3, image, image]`.
    pub fn features(&self, crops: Tensor<4>) -> Features {
        let (tokens, pooled) = self.tokens_of(self.stem.forward(crops));
        let image = self.encode(self.place(tokens));
        Features { image, pooled }
    }

    /// Embedded tokens `[crops, tokens, width]` → features `[crops, embed_dim]`.
    pub fn encode(&self, embedded: Tensor<3>) -> Tensor<2> {
        let x = self.ln_pre.forward(embedded);
        let [_, tokens, _] = x.dims();
        let last = self.blocks.len() - 1;
        // Only the class token leaves the last block, so only it is computed there.
        let x = self.blocks.iter().enumerate().fold(x, |x, (index, block)| {
            block.forward(x, if index == last { 1 } else { tokens }, None)
        });
        let class: Tensor<2> = x.narrow(1, 0, 1).squeeze_dim(1);
        ops::matmul(self.ln_post.forward(class), self.proj.val())
    }
}

/// What scenes are compared with.
pub struct Features {
    /// Of the vision tower, `[crops, embed_dim]`.
    pub image: Tensor<2>,
    /// Pooled statistics of the stem, each as its distance from what is usual, `[crops, statistics]`, if it has them.
    pub pooled: Option<Tensor<2>>,
}

impl From<Tensor<2>> for Features {
    fn from(image: Tensor<2>) -> Self {
        Self { image, pooled: None }
    }
}

/// Weights `[to, from]` of bicubic resampling along one axis: a = -0.75, half-pixel centres, border repeated.
fn cubic_resampling(from: usize, to: usize) -> Vec<f32> {
    const A: f64 = -0.75;
    let kernel = |distance: f64| match distance.abs() {
        x if x <= 1.0 => ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0,
        x if x < 2.0 => ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A,
        _ => 0.0,
    };
    let mut weights = vec![0.0; to * from];
    for (row, weights) in weights.chunks_exact_mut(from).enumerate() {
        let centre = (row as f64 + 0.5) * from as f64 / to as f64 - 0.5;
        for tap in -1..=2 {
            let at = centre.floor() + f64::from(tap);
            weights[at.clamp(0.0, (from - 1) as f64) as usize] += kernel(centre - at) as f32;
        }
    }
    weights
}
