//! The kinds, their names, and how much of each a strength is.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// A kind of distortion; in files and configurations it is called as [`as_str`](Self::as_str) says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Distortion {
    /// Gaussian kernel.
    GaussianBlur,
    /// Circular kernel: out of focus.
    LensBlur,
    /// Straight line in a random direction: the camera moved.
    MotionBlur,
    /// The colours of Lab blurred, luminance sharp.
    ColorDiffusion,
    /// Green displaced at edges.
    ColorShift,
    /// Few colours, with error diffusion.
    ColorQuantization,
    /// Too little saturation in HSV.
    SaturationHsv,
    /// Too much chroma in Lab.
    SaturationLab,
    /// Quantised wavelet coefficients: the lossy half of JPEG 2000.
    Wavelet,
    /// JPEG, 4:2:0.
    Jpeg,
    /// Normal noise in RGB.
    WhiteNoise,
    /// Normal noise in YCbCr.
    WhiteNoiseYcbcr,
    /// Salt and pepper in each channel.
    ImpulseNoise,
    /// Noise in proportion to the value.
    MultiplicativeNoise,
    /// White noise, then non-local means.
    Denoise,
    /// Luminance raised, black and white kept.
    Brighten,
    /// Luminance lowered, black and white kept.
    Darken,
    /// A constant added or taken away.
    MeanShift,
    /// Each pixel from a random place near it.
    Jitter,
    /// Patches replaced by others near them ("non-eccentricity patch").
    Patches,
    /// Coarse pixels.
    Pixelate,
    /// Few values, with Otsu's thresholds.
    Quantization,
    /// Blocks of a random colour.
    ColorBlocks,
    /// Unsharp masking beyond measure.
    Sharpen,
    /// A sigmoid tone curve, or its inverse.
    Contrast,
}

/// The seven groups of the paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// Blurs.
    Blur,
    /// Colour distortions.
    Color,
    /// Compression.
    Compression,
    /// Noise.
    Noise,
    /// Brightness change.
    Brightness,
    /// Spatial distortions.
    Spatial,
    /// Sharpness and contrast.
    Sharpness,
}

/// The five named strengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Strength 0.2: seen by those who look for it.
    Slight,
    /// Strength 0.4: seen, not disturbing.
    Mild,
    /// Strength 0.6: disturbing.
    Moderate,
    /// Strength 0.8: the photo is poor.
    Strong,
    /// Strength 1: the photo is bad.
    Severe,
}

impl Level {
    /// All, the weakest first.
    pub const ALL: [Self; 5] = [Self::Slight, Self::Mild, Self::Moderate, Self::Strong, Self::Severe];

    /// The level's name in small letters.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Slight => "slight",
            Self::Mild => "mild",
            Self::Moderate => "moderate",
            Self::Strong => "strong",
            Self::Severe => "severe",
        }
    }

    /// What [`Distortion::apply`] takes: 0.2, 0.4, 0.6, 0.8 or 1.
    pub fn strength(self) -> f32 {
        (self as u8 + 1) as f32 / 5.0
    }
}

/// What a kind is called, and its parameter: name, value where nothing changes, and values at the five levels.
struct Kind(&'static str, Family, &'static str, f32, [f32; 5]);

impl Distortion {
    /// Every kind, in the paper's order.
    pub const ALL: [Self; 25] = [
        Self::GaussianBlur,
        Self::LensBlur,
        Self::MotionBlur,
        Self::ColorDiffusion,
        Self::ColorShift,
        Self::ColorQuantization,
        Self::SaturationHsv,
        Self::SaturationLab,
        Self::Wavelet,
        Self::Jpeg,
        Self::WhiteNoise,
        Self::WhiteNoiseYcbcr,
        Self::ImpulseNoise,
        Self::MultiplicativeNoise,
        Self::Denoise,
        Self::Brighten,
        Self::Darken,
        Self::MeanShift,
        Self::Jitter,
        Self::Patches,
        Self::Pixelate,
        Self::Quantization,
        Self::ColorBlocks,
        Self::Sharpen,
        Self::Contrast,
    ];

    #[rustfmt::skip]
    fn kind(self) -> Kind {
        use Family::{Blur, Brightness, Color, Compression, Noise, Sharpness, Spatial};
        match self {
            Self::GaussianBlur => Kind("gaussian-blur", Blur, "deviation in pixels", 0.0, [0.6, 1.0, 1.6, 2.6, 4.5]),
            Self::LensBlur => Kind("lens-blur", Blur, "radius in pixels", 0.0, [0.9, 1.5, 2.4, 3.8, 6.5]),
            Self::MotionBlur => Kind("motion-blur", Blur, "length in pixels", 0.0, [2.0, 4.0, 7.0, 12.0, 20.0]),
            Self::ColorDiffusion => Kind("color-diffusion", Color, "deviation in pixels", 0.0, [4.0, 8.0, 16.0, 30.0, 50.0]),
            Self::ColorShift => Kind("color-shift", Color, "distance in pixels", 0.0, [0.3, 0.7, 1.5, 3.5, 8.0]),
            Self::ColorQuantization => Kind("color-quantization", Color, "colours", 256.0, [128.0, 64.0, 32.0, 16.0, 8.0]),
            Self::SaturationHsv => Kind("saturation-hsv", Color, "factor", 1.0, [0.8, 0.6, 0.4, 0.2, 0.0]),
            Self::SaturationLab => Kind("saturation-lab", Color, "factor", 1.0, [1.3, 1.7, 2.3, 3.2, 4.5]),
            Self::Wavelet => Kind("wavelet", Compression, "step of 255", 0.0, [10.0, 22.0, 42.0, 75.0, 130.0]),
            Self::Jpeg => Kind("jpeg", Compression, "quality", 100.0, [60.0, 36.0, 22.0, 12.0, 6.0]),
            Self::WhiteNoise => Kind("white-noise", Noise, "deviation of 255", 0.0, [3.0, 7.0, 14.0, 25.0, 42.0]),
            Self::WhiteNoiseYcbcr => Kind("white-noise-ycbcr", Noise, "deviation of 255", 0.0, [2.5, 5.5, 11.0, 20.0, 34.0]),
            Self::ImpulseNoise => Kind("impulse-noise", Noise, "part of the values", 0.0, [0.0004, 0.002, 0.008, 0.03, 0.1]),
            Self::MultiplicativeNoise => Kind("multiplicative-noise", Noise, "deviation, relative", 0.0, [0.03, 0.07, 0.14, 0.25, 0.42]),
            Self::Denoise => Kind("denoise", Noise, "deviation of 255", 0.0, [5.0, 10.0, 18.0, 30.0, 48.0]),
            Self::Brighten => Kind("brighten", Brightness, "power of L", 1.0, [0.88, 0.75, 0.62, 0.48, 0.35]),
            Self::Darken => Kind("darken", Brightness, "power of L", 1.0, [1.15, 1.35, 1.7, 2.3, 3.2]),
            Self::MeanShift => Kind("mean-shift", Brightness, "amount of 255", 0.0, [8.0, 18.0, 32.0, 52.0, 80.0]),
            Self::Jitter => Kind("jitter", Spatial, "reach in pixels", 0.0, [0.4, 0.8, 1.4, 2.4, 4.2]),
            Self::Patches => Kind("patches", Spatial, "part of the photo", 0.0, [0.002, 0.008, 0.025, 0.07, 0.18]),
            Self::Pixelate => Kind("pixelate", Spatial, "factor", 1.0, [1.04, 1.15, 1.5, 2.4, 5.0]),
            Self::Quantization => Kind("quantization", Spatial, "thresholds", 255.0, [20.0, 11.0, 7.0, 4.0, 2.0]),
            Self::ColorBlocks => Kind("color-blocks", Spatial, "blocks", 0.0, [1.0, 2.0, 4.0, 8.0, 16.0]),
            Self::Sharpen => Kind("sharpen", Sharpness, "amount", 0.0, [0.3, 0.7, 1.4, 2.6, 5.0]),
            Self::Contrast => Kind("contrast", Sharpness, "steepness", 0.0, [2.0, 3.5, 5.5, 8.5, 14.0]),
        }
    }

    /// The kind's name, such as `gaussian-blur`; [`FromStr`](std::str::FromStr) takes it.
    pub fn as_str(self) -> &'static str {
        self.kind().0
    }

    /// The group that the paper counts it to.
    pub fn family(self) -> Family {
        self.kind().1
    }

    /// What its parameter is, with the unit.
    pub fn parameter_name(self) -> &'static str {
        self.kind().2
    }

    /// The value of its parameter at `strength`: that of a level at the level's strength, in between on the straight
    /// line, at 0 the one that changes nothing. Strictly monotone in `strength`.
    ///
    /// # Errors
    /// [`Error::Option`] if `strength` is not in `0.0..=1.0`.
    pub fn parameter(self, strength: f32) -> Result<f32> {
        if !(0.0..=1.0).contains(&strength) {
            return Err(Error::Option {
                name: "strength",
                reason: format!("{strength} is not in 0..=1"),
            });
        }
        let Kind(_, _, _, neutral, [a, b, c, d, e]) = self.kind();
        let ladder = [neutral, a, b, c, d, e];
        let step = strength * 5.0;
        let below = (step as usize).min(4);
        let part = step - below as f32;
        Ok(ladder[below] * (1.0 - part) + ladder[below + 1] * part)
    }
}

impl std::str::FromStr for Distortion {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let named = Self::ALL.into_iter().find(|kind| kind.as_str() == name);
        named.ok_or_else(|| Error::Option {
            name: "kind",
            reason: format!("`{name}` is none of {}", Self::ALL.map(Self::as_str).join(", ")),
        })
    }
}

impl std::fmt::Display for Distortion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
