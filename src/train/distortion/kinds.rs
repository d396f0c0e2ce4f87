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
    /// Few colours, each pixel the nearest of them.
    ColorQuantization,
    /// Too little saturation in HSV.
    SaturationHsv,
    /// Too much chroma in Lab.
    SaturationLab,
    /// Quantised wavelet coefficients: the lossy half of JPEG 2000.
    Jpeg2000,
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
    /// Middle tones raised, black and white kept.
    Brighten,
    /// Middle tones lowered, black and white kept.
    Darken,
    /// A constant added or taken away.
    MeanShift,
    /// Each pixel from a random place near it, five times over.
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
    /// A tone curve that is steeper or flatter in the middle.
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
        Self::Jpeg2000,
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
            Self::GaussianBlur => Kind("gaussian-blur", Blur, "deviation in pixels", 0.0, [0.1, 0.5, 1.0, 2.0, 5.0]),
            Self::LensBlur => Kind("lens-blur", Blur, "radius in pixels", 0.0, [1.0, 2.0, 4.0, 6.0, 8.0]),
            Self::MotionBlur => Kind("motion-blur", Blur, "length in pixels", 0.0, [1.0, 2.0, 4.0, 6.0, 10.0]),
            Self::ColorDiffusion => Kind("color-diffusion", Color, "amount", 0.0, [1.0, 3.0, 6.0, 8.0, 12.0]),
            Self::ColorShift => Kind("color-shift", Color, "distance in pixels", 0.0, [1.0, 3.0, 6.0, 8.0, 12.0]),
            Self::ColorQuantization => Kind("color-quantization", Color, "colours", 256.0, [64.0, 48.0, 32.0, 16.0, 8.0]),
            Self::SaturationHsv => Kind("saturation-hsv", Color, "factor", 1.0, [0.4, 0.2, 0.1, 0.0, -0.4]),
            Self::SaturationLab => Kind("saturation-lab", Color, "factor", 1.0, [1.5, 2.0, 3.0, 6.0, 9.0]),
            Self::Jpeg2000 => Kind("jpeg2000", Compression, "compression ratio", 1.0, [16.0, 32.0, 45.0, 120.0, 400.0]),
            Self::Jpeg => Kind("jpeg", Compression, "quality", 100.0, [43.0, 36.0, 24.0, 7.0, 4.0]),
            Self::WhiteNoise => Kind("white-noise", Noise, "variance", 0.0, [0.001, 0.002, 0.003, 0.005, 0.01]),
            Self::WhiteNoiseYcbcr => Kind("white-noise-ycbcr", Noise, "variance", 0.0, [0.0001, 0.0005, 0.001, 0.002, 0.003]),
            Self::ImpulseNoise => Kind("impulse-noise", Noise, "part of the values", 0.0, [0.001, 0.005, 0.01, 0.02, 0.03]),
            Self::MultiplicativeNoise => Kind("multiplicative-noise", Noise, "variance", 0.0, [0.001, 0.005, 0.01, 0.02, 0.05]),
            Self::Denoise => Kind("denoise", Noise, "variance", 0.0, [0.01, 0.03, 0.05, 0.1, 0.15]),
            Self::Brighten => Kind("brighten", Brightness, "amount", 0.0, [0.1, 0.2, 0.4, 0.7, 1.1]),
            Self::Darken => Kind("darken", Brightness, "amount", 0.0, [0.05, 0.1, 0.2, 0.4, 0.8]),
            Self::MeanShift => Kind("mean-shift", Brightness, "amount", 0.0, [0.03, 0.06, 0.09, 0.12, 0.15]),
            Self::Jitter => Kind("jitter", Spatial, "deviation in pixels", 0.0, [0.05, 0.1, 0.2, 0.5, 1.0]),
            Self::Patches => Kind("patches", Spatial, "patches", 0.0, [20.0, 40.0, 60.0, 80.0, 100.0]),
            Self::Pixelate => Kind("pixelate", Spatial, "amount", 0.0, [0.01, 0.05, 0.1, 0.2, 0.5]),
            Self::Quantization => Kind("quantization", Spatial, "levels", 256.0, [20.0, 16.0, 13.0, 10.0, 7.0]),
            Self::ColorBlocks => Kind("color-blocks", Spatial, "blocks", 0.0, [2.0, 4.0, 6.0, 8.0, 10.0]),
            Self::Sharpen => Kind("sharpen", Sharpness, "amount", 0.0, [1.0, 2.0, 3.0, 6.0, 12.0]),
            Self::Contrast => Kind("contrast", Sharpness, "amount", 0.0, [0.1, 0.2, 0.3, 0.4, 0.5]),
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
