//! Which fault of a photo a kind of distortion is.

use super::kinds::Distortion;
use super::noise::Noise;
use crate::{Result, metrics::Rung};

/// A fault that photos have, whatever made it; [`id`](Self::id) is the scene that judges photos by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Blurred, or sharpened beyond measure.
    Sharpness,
    /// Noise of any kind.
    Noise,
    /// Too dark, too bright, too much or too little contrast.
    Exposure,
    /// Traces of lossy compression, or too few levels.
    Compression,
    /// Too much or too little colour, or colour beside its place.
    Colour,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Sharpness,
        Self::Noise,
        Self::Exposure,
        Self::Compression,
        Self::Colour,
    ];

    /// The id of its scene.
    pub fn id(self) -> &'static str {
        match self {
            Self::Sharpness => "sharpness",
            Self::Noise => "noise",
            Self::Exposure => "exposure",
            Self::Compression => "compression",
            Self::Colour => "colour",
        }
    }

    /// The fault whose scene has this id.
    pub fn of_scene(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.id() == id)
    }

    /// The fault of a photo on a ladder, and the place of its form among [`forms`](Self::forms); nothing of a clean photo. `None` where people might
    /// call it by several names, or the kind is no known one.
    pub fn of_rung(rung: &Rung) -> Option<Option<(Self, Option<usize>)>> {
        if rung.strength == 0.0 {
            return Some(None);
        }
        let (kind, seed) = kind(rung)?;
        kind.fault(seed).map(Some)
    }

    /// As [`Distortion::fault_quality`], of a photo on a ladder.
    pub fn quality(rung: &Rung) -> Option<f32> {
        let (kind, seed) = kind(rung)?;
        kind.fault_quality(rung.strength as f32, seed).ok()
    }

    /// The forms that can be told apart; none where it has but one.
    pub fn forms(self) -> &'static [&'static str] {
        match self {
            Self::Sharpness => &["focus", "motion", "oversharpened"],
            Self::Noise => &[],
            Self::Exposure => &["under", "over", "contrast"],
            Self::Compression => &["artefacts", "banding"],
            Self::Colour => &["pale", "oversaturated", "fringes"],
        }
    }
}

fn kind(rung: &Rung) -> Option<(Distortion, u64)> {
    let [_, kind, seed] = &rung.ladder;
    kind.parse().ok().zip(seed.parse().ok())
}

impl Distortion {
    /// How good a photo distorted so is as to its fault, 1 (without it) to 0: half what people say of such photos as a part of what they say of clean
    /// ones, half how weak it is of its kind. People hardly mind a slight change of brightness, but it is there.
    ///
    /// # Errors
    /// As [`label`](Self::label).
    pub fn fault_quality(self, strength: f32, seed: u64) -> Result<f32> {
        let quality = self.label(strength, seed)? / self.label(0.0, seed)?;
        Ok((quality + 1.0 - strength) / 2.0)
    }

    /// The fault that a photo distorted so has, and the place of its form among [`Fault::forms`]; `None` for kinds that people might call by
    /// several names. The seed matters for [`MeanShift`](Self::MeanShift) alone, which goes both ways.
    pub fn fault(self, seed: u64) -> Option<(Fault, Option<usize>)> {
        let (fault, form) = match self {
            Self::GaussianBlur | Self::LensBlur => (Fault::Sharpness, "focus"),
            Self::MotionBlur => (Fault::Sharpness, "motion"),
            Self::Sharpen => (Fault::Sharpness, "oversharpened"),
            Self::WhiteNoise | Self::WhiteNoiseYcbcr | Self::ImpulseNoise | Self::MultiplicativeNoise => {
                (Fault::Noise, "")
            }
            Self::Brighten => (Fault::Exposure, "over"),
            Self::Darken => (Fault::Exposure, "under"),
            Self::MeanShift if Noise::new(seed).coin() => (Fault::Exposure, "over"),
            Self::MeanShift => (Fault::Exposure, "under"),
            Self::Contrast => (Fault::Exposure, "contrast"),
            Self::Jpeg | Self::Jpeg2000 => (Fault::Compression, "artefacts"),
            Self::Quantization | Self::ColorQuantization => (Fault::Compression, "banding"),
            Self::SaturationHsv => (Fault::Colour, "pale"),
            Self::SaturationLab => (Fault::Colour, "oversaturated"),
            Self::ColorShift | Self::ColorDiffusion => (Fault::Colour, "fringes"),
            Self::Denoise | Self::Jitter | Self::Patches | Self::Pixelate | Self::ColorBlocks => return None,
        };
        Some((fault, fault.forms().iter().position(|known| *known == form)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_made_by_some_kind_and_each_fault_has_a_scene_of_its_own() {
        for fault in Fault::ALL {
            assert_eq!(Fault::of_scene(fault.id()), Some(fault));
            let made = |form: Option<usize>| {
                Distortion::ALL
                    .into_iter()
                    .any(|kind| (0..8).any(|seed| kind.fault(seed) == Some((fault, form))))
            };
            match fault.forms() {
                [] => assert!(made(None)),
                forms => assert!((0..forms.len()).all(|form| made(Some(form)))),
            }
        }
        assert_eq!(Fault::of_scene("natural-quality"), None);
    }

    #[test]
    fn the_form_of_a_shift_of_brightness_is_its_direction() {
        let gray = crate::image::Pixels {
            width: 8,
            height: 8,
            rgb: vec![128; 192],
        };
        for seed in 0..20 {
            let shifted = Distortion::MeanShift.apply(&gray, 1.0, seed).unwrap();
            let form = if shifted.rgb[0] > 128 { "over" } else { "under" };
            let (fault, found) = Distortion::MeanShift.fault(seed).unwrap();
            assert_eq!(fault.forms()[found.unwrap()], form);
        }
    }
}
