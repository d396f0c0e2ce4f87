//! Clean photos made worse on purpose: the 25 kinds of distortion of KADID-10k (Lin, Hosu and Saupe, "KADID-10k: a
//! large-scale artificially distorted IQA database", QoMEX 2019), each at any strength.
//!
//! They are written from what the paper says each kind does. Each kind has one parameter, whose values at the five
//! [`Level`]s are KADID-10k's (`kinds.rs`); between levels it is interpolated, so that more strength is always more of the
//! same. `labels.rs` has what people said of them. `docs/distortions.md` shows them all.

mod blur;
mod brightness;
mod canvas;
mod color;
mod faults;
mod filter;
mod font;
mod jpeg;
mod kinds;
mod labels;
mod noise;
mod palette;
mod png;
mod sharpness;
mod sheet;
mod spaces;
mod spatial;
mod wavelet;

pub use faults::Fault;
pub use jpeg::encode as encode_jpeg;
pub use kinds::{Distortion, Family, Level};
pub use png::encode as encode_png;
pub use sheet::contact_sheet;

use crate::error::{Error, Result};
use crate::image::Pixels;
use canvas::Canvas;
use noise::Noise;

impl Distortion {
    /// `pixels` distorted: of the same size, and the same for the same `strength` and `seed` on one platform.
    ///
    /// `strength` is 0 (unchanged) to 1 (the strongest level). The seed decides what is left to chance: noise, places,
    /// directions, and whether [`MeanShift`](Self::MeanShift) and [`Contrast`](Self::Contrast) raise or lower. With the
    /// same seed more strength is more of the same noise and the same places.
    ///
    /// # Errors
    /// [`Error::Option`] if `strength` is not in `0.0..=1.0`; [`Error::ImageDecode`] if `pixels` is empty or its length
    /// is not `width * height * 3`; of [`Jpeg`](Self::Jpeg) also what [`decode`](crate::image::decode) says.
    pub fn apply(self, pixels: &Pixels, strength: f32, seed: u64) -> Result<Pixels> {
        let (width, height) = (pixels.width as usize, pixels.height as usize);
        if pixels.rgb.is_empty() || width.checked_mul(height).and_then(|n| n.checked_mul(3)) != Some(pixels.rgb.len()) {
            return Err(Error::ImageDecode("its pixels do not fill its size".into()));
        }
        let value = self.parameter(strength)?;
        if strength == 0.0 {
            return Ok(pixels.clone());
        }
        let whole = value.ceil() as usize;
        // A variance of values in 0..=1, as a deviation of values in 0..=255.
        let deviation = 255.0 * value.max(0.0).sqrt();
        let canvas = || Canvas::of(pixels);
        let noise = &mut Noise::new(seed);
        let distorted = match self {
            Self::GaussianBlur => blur::gaussian_blur(canvas(), value),
            Self::LensBlur => blur::lens_blur(canvas(), value),
            Self::MotionBlur => blur::motion_blur(canvas(), value, noise),
            Self::ColorDiffusion => color::diffusion(canvas(), value),
            Self::ColorShift => color::shift(canvas(), value, noise),
            Self::ColorQuantization => palette::few_colors(pixels, whole),
            Self::SaturationHsv => color::saturation_hsv(canvas(), value),
            Self::SaturationLab => color::saturation_lab(canvas(), value),
            Self::Jpeg2000 => wavelet::compress(canvas(), value),
            Self::Jpeg => return jpeg::compress(pixels, value),
            Self::WhiteNoise => noise::white(canvas(), deviation, noise),
            Self::WhiteNoiseYcbcr => noise::white_ycbcr(canvas(), deviation, noise),
            Self::ImpulseNoise => noise::impulse(canvas(), value, noise),
            Self::MultiplicativeNoise => noise::multiplicative(canvas(), deviation / 255.0, noise),
            Self::Denoise => noise::denoise(canvas(), deviation, noise),
            Self::Brighten => brightness::brighten(canvas(), value),
            Self::Darken => brightness::darken(canvas(), value),
            Self::MeanShift => brightness::mean_shift(canvas(), 255.0 * value, noise),
            Self::Jitter => spatial::jitter(canvas(), value, noise),
            Self::Patches => spatial::displace_patches(canvas(), value, noise),
            Self::Pixelate => spatial::pixelate(canvas(), 1.0 / (0.95 - value.powf(0.6))),
            Self::Quantization => brightness::quantize(canvas(), whole),
            Self::ColorBlocks => spatial::color_blocks(canvas(), whole, noise),
            Self::Sharpen => sharpness::sharpen(canvas(), value),
            Self::Contrast => brightness::contrast(canvas(), value, noise),
        };
        Ok(distorted.into_pixels())
    }
}
