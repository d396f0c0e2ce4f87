//! Gamma itself on burn tensors (arXiv 2503.06678). It names no backend and no browser; the names of its parts mirror
//! the checkpoint's keys.

mod attention;
mod block;
mod config;
mod cost;
mod head;
mod inventory;
mod layers;
mod moae;
mod stem;
mod text;
mod vision;

pub use attention::Attention;
pub use block::{Block, FeedForward};
pub use config::{Config, TextConfig, TowerConfig};
pub use head::{Adapter, Head, LevelFeatures, POOLED_LENGTH};
pub use inventory::{Entry, Part, may_be_quantized};
pub use layers::{Codes, LayerNorm, Linear, Weight};
pub use moae::{MixtureOfAssessmentExperts, Mlp};
#[cfg(feature = "train")]
pub use stem::BatchNorm;
pub use stem::{
    Convolution, EfficientNetLite, FIRST, InvertedResidual, LiteStem, PatchStem, PixelConvolution, Pooled, Stage, Stem,
    Tokens, Variant,
};
pub use text::{TOKEN_EMBEDDING, TextTower, causal_mask};
pub use vision::{Features, VisionTower};

use burn::{module::Module, tensor::Tensor};

use crate::{Result, weights::Tensors};

/// Gamma: two CLIP towers whose upper blocks carry a mixture of assessment experts, and a head of five levels.
#[derive(Module, Debug)]
pub struct Gamma {
    /// Photo crops to features.
    pub visual: VisionTower,
    /// Prompts to features; absent from a checkpoint that carries the features of its scenes instead.
    pub text: Option<TextTower>,
    /// Features to levels and score.
    pub head: Head,
}

impl Gamma {
    /// Takes the model's tensors out of `tensors`; the text tower only if they hold one.
    ///
    /// # Errors
    /// If a tensor is missing or of another shape than `config` asks for.
    pub fn load(config: &Config, tensors: &mut Tensors) -> Result<Self> {
        Ok(Self {
            visual: VisionTower::load(config, &mut tensors.scope("clip_model.visual"))?,
            text: match &config.text {
                Some(_) if tensors.contains(TOKEN_EMBEDDING) => Some(TextTower::load(config, tensors)?),
                _ => None,
            },
            head: Head::load(config, &mut tensors.scope(""))?,
        })
    }

    /// The logits of the levels of all scenes.
    ///
    /// # Shapes
    /// - `crops`: `[crops, 3, image, image]`, normalised
    /// - output: `[crops, rows]`, in the order of [`LevelFeatures::of_scenes`]
    pub fn forward(&self, crops: Tensor<4>, scenes: &LevelFeatures) -> Tensor<2> {
        self.head.all_logits(self.visual.features(crops), scenes)
    }
}
