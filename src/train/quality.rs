//! How good a distorted photo still is, measured against the clean one.

use fast_ssim2::{PixelDescriptor, PixelSlice, Ssimulacra2Reference};
use serde::Serialize;
use zensim::{PrecomputedReference, RgbSlice, Zensim, ZensimProfile};

use crate::error::{Error, Result};
use crate::image::Pixels;

/// A clean photo, prepared for comparisons with its distorted versions.
pub struct Reference {
    width: u32,
    height: u32,
    ssimulacra2: Ssimulacra2Reference,
    zensim: (Zensim, PrecomputedReference),
    /// What rounding leaves of zensim's distance between the clean photo and itself, about 0.003.
    rounding: f64,
}

/// What the metrics say of a distorted photo.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Quality {
    /// The label: 1 for the clean photo, towards 0 for one that is beyond recognition; the mean of both metrics' parts.
    pub label: f32,
    /// SSIMULACRA 2: 100 for the clean photo, 70 for high and 30 for low quality, without a lower bound.
    pub ssimulacra2: f64,
    /// zensim's distance: 0 for the clean photo, without an upper bound.
    pub zensim: f64,
}

impl Reference {
    /// Prepares the clean photo.
    ///
    /// # Errors
    /// [`Error::ImageTooSmall`] if a side has fewer than 8 pixels, [`Error::ImageDecode`] if the metrics refuse it.
    pub fn new(clean: &Pixels) -> Result<Self> {
        if clean.width < 8 || clean.height < 8 {
            return Err(Error::ImageTooSmall(format!(
                "{}x{} pixels; the metrics need 8 both ways",
                clean.width, clean.height
            )));
        }
        // Photos are compared on many threads at once, so one comparison keeps to its own.
        let zensim = Zensim::new(ZensimProfile::PreviewV0_2).with_parallel(false);
        let prepared = zensim.precompute_reference(&rgb(clean)?).map_err(refused)?;
        let itself = zensim.compute_with_ref(&prepared, &rgb(clean)?).map_err(refused)?;
        Ok(Self {
            rounding: itself.raw_distance(),
            width: clean.width,
            height: clean.height,
            ssimulacra2: Ssimulacra2Reference::new(&slice(clean)?).map_err(refused)?,
            zensim: (zensim, prepared),
        })
    }

    /// Compares a distorted version of the same size.
    ///
    /// # Errors
    /// [`Error::ImageDecode`] if the size is another, or the metrics refuse it.
    pub fn compare(&self, distorted: &Pixels) -> Result<Quality> {
        if (distorted.width, distorted.height) != (self.width, self.height) {
            return Err(Error::ImageDecode(format!(
                "{}x{} pixels, but the clean photo has {}x{}",
                distorted.width, distorted.height, self.width, self.height
            )));
        }
        let ssimulacra2 = self.ssimulacra2.compare(&slice(distorted)?).map_err(refused)?;
        let (zensim, prepared) = &self.zensim;
        let zensim = zensim.compute_with_ref(prepared, &rgb(distorted)?).map_err(refused)?;
        let zensim = (zensim.raw_distance() - self.rounding).max(0.0);
        let parts = SSIMULACRA2.quality((100.0 - ssimulacra2).max(0.0)) + ZENSIM.quality(zensim);
        Ok(Quality {
            label: (parts / 2.0) as f32,
            ssimulacra2,
            zensim,
        })
    }
}

/// From a metric's distance, 0 for no difference, to quality: `1 / (1 + (distance / half)^power)`.
///
/// It is 1 at no difference, falls strictly and never reaches 0, so that the order of any two photos is the metric's.
///
/// The five levels are chosen to look like the five grades from excellent to bad, as those of KADID-10k are, so the
/// constants are the least squares fit of quality 0.9, 0.7, 0.5, 0.3 and 0.1 to the median distances of the 25 kinds at
/// the five levels, over six photos. `docs/distortions.md` has the distances and the residuals.
struct Mapping {
    /// The distance of quality 0.5.
    half: f64,
    /// How steeply quality falls there.
    power: f64,
}

/// For 100 less SSIMULACRA 2.
const SSIMULACRA2: Mapping = Mapping { half: 75.0, power: 1.9 };
/// For zensim's distance.
const ZENSIM: Mapping = Mapping { half: 5.6, power: 1.3 };

impl Mapping {
    fn quality(&self, distance: f64) -> f64 {
        1.0 / (1.0 + (distance / self.half).powf(self.power))
    }
}

fn slice(pixels: &Pixels) -> Result<PixelSlice<'_>> {
    let stride = pixels.width as usize * 3;
    PixelSlice::new(
        &pixels.rgb,
        pixels.width,
        pixels.height,
        stride,
        PixelDescriptor::RGB8_SRGB,
    )
    .map_err(refused)
}

fn rgb(pixels: &Pixels) -> Result<RgbSlice<'_>> {
    let (width, height) = (pixels.width as usize, pixels.height as usize);
    RgbSlice::try_new(pixels.rgb.as_chunks::<3>().0, width, height).map_err(refused)
}

fn refused(error: impl std::fmt::Display) -> Error {
    Error::ImageDecode(format!("it cannot be compared: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quality_is_1_without_a_difference_half_at_its_distance_and_always_falls() {
        for mapping in [SSIMULACRA2, ZENSIM] {
            assert_eq!(mapping.quality(0.0), 1.0);
            assert!((mapping.quality(mapping.half) - 0.5).abs() < 1e-12);
            let falling: Vec<f64> = (0..1000).map(|at| mapping.quality(f64::from(at))).collect();
            assert!(falling.windows(2).all(|pair| pair[0] > pair[1] && pair[1] > 0.0));
        }
    }
}
