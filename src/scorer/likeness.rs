//! What a photo shows, by the stem's features.

use super::Scorer;
#[cfg(feature = "cli")]
use crate::group::Likeness;
use crate::{
    Result,
    image::{self, CROP, Crop, Pixels},
    ops,
};

impl Scorer {
    /// What a photo shows, to be compared with others. It takes about as long as a crop.
    ///
    /// # Errors
    /// [`Error::Device`](crate::Error::Device) if the device fails, or if there is no memory.
    #[cfg(feature = "cli")]
    pub async fn likeness(&self, pixels: &Pixels) -> Result<Likeness> {
        Ok(Likeness::new(&self.shown(pixels).await?, self.grid()))
    }

    /// Tokens along a side of a crop.
    pub fn grid(&self) -> usize {
        self.info.config.grid()
    }

    /// What a [`Likeness`] is made of: tokens `[grid * grid, width]`, row by row.
    ///
    /// # Errors
    /// As [`likeness`](Self::likeness).
    pub async fn shown(&self, pixels: &Pixels) -> Result<Vec<f32>> {
        let config = &self.info.config;
        let size = pixels.width.min(pixels.height);
        let square = Crop {
            x: (pixels.width - size) / 2,
            y: (pixels.height - size) / 2,
            size,
        };
        let side = CROP as usize;
        let mut input = vec![0.0; 3 * side * side];
        image::input(pixels, square, &config.normalization(), &mut input)?;
        let tokens = self
            .gamma
            .visual
            .stem
            .forward(ops::upload(input, [1, 3, side, side], &self.device))
            .cells;
        // The middle one of the stem's levels: edges below it depend on sharpness, and what is above it on quality.
        let grid = config.grid();
        let [_, count, width] = tokens.dims();
        let levels = count / (grid * grid).max(1);
        let middle = ops::read(tokens.narrow(1, levels / 2 * grid * grid, grid * grid)).await?;
        debug_assert_eq!(middle.len(), grid * grid * width);
        Ok(middle)
    }
}
