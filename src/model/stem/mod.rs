//! What turns the pixels of a crop into the tokens of the vision transformer.

mod efficientnet_lite;
#[cfg(feature = "train")]
mod norm;
mod patch;
mod plan;
mod pooled;
mod statistics;

use burn::{module::Module, tensor::Tensor};

pub use efficientnet_lite::{EfficientNetLite, InvertedResidual, PixelConvolution};
#[cfg(feature = "train")]
pub use norm::BatchNorm;
pub use patch::PatchStem;
pub use plan::{Convolution, FIRST, LiteStem, Stage, Variant};
pub use pooled::Pooled;

use super::Config;
use crate::{Result, weights::Scope};

/// The first layers of the vision tower.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant, reason = "a model has one stem")]
pub enum Stem {
    /// CLIP's: a linear map of each patch of pixels.
    Patch(PatchStem),
    /// Gamma-Lite's: a convolutional network, several of whose levels give tokens.
    EfficientNetLite(EfficientNetLite),
}

/// What a stem makes of crops, without positions.
pub struct Tokens {
    /// `[crops, tokens, width]`, the class token not among them.
    pub cells: Tensor<3>,
    /// What is added to the class token, `[crops, width]`, if anything.
    pub class: Option<Tensor<2>>,
    /// The pooled statistics that this is made of, each as its distance from what is usual, `[crops, statistics]`.
    pub pooled: Option<Tensor<2>>,
}

impl Stem {
    pub(super) fn load(config: &Config, scope: &mut Scope<'_>) -> Result<Self> {
        Ok(match &config.stem {
            None => Self::Patch(PatchStem::load(config, scope)?),
            Some(lite) => Self::EfficientNetLite(EfficientNetLite::load(
                lite,
                config.grid(),
                config.vision.width,
                &mut scope.scope("stem"),
            )?),
        })
    }

    /// Normalised crops `[crops, 3, image, image]` → their tokens.
    pub fn forward(&self, crops: Tensor<4>) -> Tokens {
        match self {
            Self::Patch(stem) => Tokens {
                cells: stem.forward(crops),
                class: None,
                pooled: None,
            },
            Self::EfficientNetLite(stem) => stem.forward(crops),
        }
    }

    /// What the class token knows of the stem, if anything.
    #[cfg(feature = "train")]
    pub fn pooled_mut(&mut self) -> Option<&mut Pooled> {
        match self {
            Self::Patch(_) => None,
            Self::EfficientNetLite(stem) => stem.pooled.as_mut(),
        }
    }

    /// What the class token is made of, `[crops, statistics]`, for normalised crops `[crops, 3, image, image]`.
    #[cfg(feature = "train")]
    pub fn statistics(&self, crops: Tensor<4>) -> Option<Tensor<2>> {
        match self {
            Self::Patch(_) => None,
            Self::EfficientNetLite(stem) => stem.statistics(crops),
        }
    }

    /// The moments `[2, channels]` that batch normalisation saw in the last forward pass, by the name of the convolution below the stem.
    #[cfg(feature = "train")]
    pub fn moments(&self) -> Vec<(String, Tensor<2>)> {
        match self {
            Self::Patch(_) => Vec::new(),
            Self::EfficientNetLite(stem) => stem.moments(),
        }
    }
}
