//! What turns the pixels of a crop into the tokens of the vision transformer.

mod efficientnet_lite;
#[cfg(feature = "train")]
mod norm;
mod patch;
mod plan;

use burn::{module::Module, tensor::Tensor};

pub use efficientnet_lite::{EfficientNetLite, InvertedResidual, PixelConvolution};
#[cfg(feature = "train")]
pub use norm::BatchNorm;
pub use patch::PatchStem;
pub use plan::{Convolution, FIRST, LiteStem, Stage, Variant};

use super::Config;
use crate::{Result, weights::Scope};

/// The first layers of the vision tower.
#[derive(Module, Debug)]
pub enum Stem {
    /// CLIP's: a linear map of each patch of pixels.
    Patch(PatchStem),
    /// Gamma-Lite's: a convolutional network, several of whose levels give tokens.
    EfficientNetLite(EfficientNetLite),
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

    /// Normalised crops `[crops, 3, image, image]` → tokens without the class token and without positions, `[crops, tokens, width]`.
    pub fn forward(&self, crops: Tensor<4>) -> Tensor<3> {
        match self {
            Self::Patch(stem) => stem.forward(crops),
            Self::EfficientNetLite(stem) => stem.forward(crops),
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
