//! From features to the five levels and the score.

use burn::{
    module::{Module, Param},
    tensor::{Tensor, activation},
};

use super::{Config, Linear, layers::parameter};
use crate::{
    Result,
    ops::{self, Epilogue},
    prompt::LEVELS,
    weights::Scope,
};

/// The adapter of image features: `relu(fc2(relu(fc0(f))))`, no biases, a ReLU also after the second.
#[derive(Module, Debug)]
pub struct Adapter {
    /// `fc.0`: `[embed_dim] -> [adapter]`.
    pub fc0: Linear,
    /// `fc.2`: `[adapter] -> [embed_dim]`.
    pub fc2: Linear,
}

impl Adapter {
    /// `[crops, embed_dim]` → `[crops, embed_dim]`.
    pub fn forward(&self, features: Tensor<2>) -> Tensor<2> {
        activation::relu(self.fc2.forward_rows(activation::relu(self.fc0.forward_rows(features))))
    }
}

/// Compares image features with the text features of the five levels.
#[derive(Module, Debug)]
pub struct Head {
    /// Added to the image features; text features do not pass it.
    pub adapter: Adapter,
    /// Logarithm of the factor on the cosines, `[1]`.
    pub logit_scale: Param<Tensor<1>>,
    /// What each level is worth, bad to perfect, `[5]`; learned, 0.2 to 1.0 at the start.
    pub score_level: Param<Tensor<1>>,
}

impl Head {
    pub(super) fn load(config: &Config, scope: &mut Scope<'_>) -> Result<Self> {
        let Config { embed_dim, adapter, .. } = *config;
        Ok(Self {
            adapter: Adapter {
                fc0: Linear::load_without_bias(&mut scope.scope("adapter.fc.0"), embed_dim, adapter)?,
                fc2: Linear::load_without_bias(&mut scope.scope("adapter.fc.2"), adapter, embed_dim)?,
            },
            logit_scale: parameter(scope.take("clip_model.logit_scale", [1])?),
            score_level: parameter(scope.take("score_level", [LEVELS.len()])?),
        })
    }

    /// Image features as the levels see them: `f + adapter(f)`, of L2 norm 1. `[crops, embed_dim]` → the same.
    pub fn adapt(&self, features: Tensor<2>) -> Tensor<2> {
        normalize(features.clone() + self.adapter.forward(features))
    }

    /// `exp(logit_scale)` times the cosines.
    ///
    /// # Shapes
    /// - `features`: `[crops, embed_dim]` from [`adapt`](Self::adapt), `text_features`: `[scenes, 5, embed_dim]`
    /// - output: `[crops, scenes, 5]`
    pub fn logits(&self, features: Tensor<2>, text_features: Tensor<3>) -> Tensor<3> {
        let ([crops, embed_dim], [scenes, levels, _]) = (features.dims(), text_features.dims());
        let text = text_features.reshape([scenes * levels, embed_dim]);
        let logits = ops::linear(features, text, Epilogue::default()) * self.logit_scale.val().exp().unsqueeze();
        logits.reshape([crops, scenes, levels])
    }

    /// The probability of each level.
    ///
    /// # Shapes
    /// - `features`: `[crops, embed_dim]` from the vision tower, `text_features`: `[scenes, 5, embed_dim]`
    /// - output: `[crops, scenes, 5]`, each row sums to 1
    pub fn levels(&self, features: Tensor<2>, text_features: Tensor<3>) -> Tensor<3> {
        ops::softmax(self.logits(self.adapt(features), text_features))
    }

    /// The score `sum(p * score_level)`: probabilities `[crops, scenes, 5]` → `[crops, scenes]`.
    pub fn score(&self, levels: Tensor<3>) -> Tensor<2> {
        (levels * self.score_level.val().unsqueeze()).sum_dim(2).squeeze_dim(2)
    }
}

/// Rows of L2 norm 1.
pub(super) fn normalize(x: Tensor<2>) -> Tensor<2> {
    let norm = (x.clone() * x.clone()).sum_dim(1).sqrt();
    x / norm
}
