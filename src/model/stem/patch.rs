//! CLIP's stem: a convolution whose stride is its size, so a product over flattened patches.

use burn::{module::Module, tensor::Tensor};

use crate::{
    Result,
    model::{Config, Linear},
    weights::Scope,
};

/// `conv1` of CLIP's vision transformer.
#[derive(Module, Debug)]
pub struct PatchStem {
    /// `[3 patch patch] -> [width]`, no bias.
    pub embedding: Linear,
    /// Side of a patch in pixels.
    pub patch: usize,
}

impl PatchStem {
    pub(super) fn load(config: &Config, scope: &mut Scope<'_>) -> Result<Self> {
        let (width, patch) = (config.vision.width, config.patch);
        let conv1 = scope.take("conv1.weight", [width, 3, patch, patch])?;
        Ok(Self {
            embedding: Linear::from_tensors(conv1.reshape([width, 3 * patch * patch]), None),
            patch,
        })
    }

    /// Crops `[crops, 3, image, image]` → patches `[crops, patches, width]`, row by row.
    pub fn forward(&self, crops: Tensor<4>) -> Tensor<3> {
        let [n, channels, height, width] = crops.dims();
        let (rows, columns, patch) = (height / self.patch, width / self.patch, self.patch);
        let patches = crops
            .reshape([n, channels, rows, patch, columns, patch])
            .permute([0, 2, 4, 1, 3, 5])
            .reshape([n, rows * columns, channels * patch * patch]);
        self.embedding.forward(patches)
    }
}
