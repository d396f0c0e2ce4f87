//! What people said of distorted photos: the mean scores of KADID-10k's 25 kinds at five levels over its 81 photos.
//!
//! The mean over the other photos predicts a photo's own scores with SRCC 0.938, so a clean photo distorted with the same
//! settings has a human label without having been shown to anybody.

use super::kinds::Distortion;
use super::noise::Noise;
use crate::error::Result;

/// The score of an untouched photo, on KADID-10k's scale of 1 to 5: that of its levels that change nothing.
const CLEAN: f32 = 4.61;

impl Distortion {
    /// What people say of a good photo that is distorted so: 0 (bad) to 1 (excellent; an untouched photo has 0.9).
    ///
    /// KADID-10k's mean scores of this kind, scaled, and on straight lines between its levels: never rising with `strength`.
    /// The seed matters for [`MeanShift`](Self::MeanShift) and [`Contrast`](Self::Contrast) alone, which go both ways.
    ///
    /// # Errors
    /// [`Error::Option`](crate::Error::Option) if `strength` is not in `0.0..=1.0`.
    pub fn label(self, strength: f32, seed: u64) -> Result<f32> {
        let neutral = self.parameter(0.0)?;
        let distance = |value: f32| (value - neutral).abs();
        let at = distance(self.parameter(strength)?);
        let (mut near, mut score) = ((0.0, CLEAN), CLEAN);
        for &(value, label) in self.scores(Noise::new(seed).coin()) {
            let far = (distance(value), label);
            let part = ((at - near.0) / (far.0 - near.0)).clamp(0.0, 1.0);
            score += part * (far.1 - near.1);
            near = far;
        }
        Ok((score - 1.0) / 4.0)
    }

    /// Parameters and scores of 1 to 5, from the weakest on; `up` is the direction of kinds that have two.
    #[rustfmt::skip]
    fn scores(self, up: bool) -> &'static [(f32, f32)] {
        match self {
            Self::GaussianBlur => &[(0.1, 4.6), (0.5, 4.3817), (1.0, 2.9111), (2.0, 1.873), (5.0, 1.3027)],
            Self::LensBlur => &[(1.0, 3.8625), (2.0, 2.6536), (4.0, 1.7558), (6.0, 1.4419), (8.0, 1.2991)],
            Self::MotionBlur => &[(1.0, 4.6041), (2.0, 4.0952), (4.0, 2.8479), (6.0, 2.1751), (10.0, 1.6679)],
            Self::ColorDiffusion => &[(1.0, 4.4951), (3.0, 2.602), (6.0, 1.7559), (8.0, 1.6052), (12.0, 1.3938)],
            // The last is 1.8638 in the table: no more than the spread of a mean.
            Self::ColorShift => &[(1.0, 4.2267), (3.0, 2.5454), (6.0, 1.9163), (8.0, 1.8537), (12.0, 1.8537)],
            Self::ColorQuantization => &[(64.0, 4.1081), (48.0, 3.9733), (32.0, 3.7186), (16.0, 3.2028), (8.0, 2.4249)],
            Self::SaturationHsv => &[(0.4, 2.7463), (0.2, 2.3346), (0.1, 2.262), (0.0, 2.2435), (-0.4, 2.0274)],
            Self::SaturationLab => &[(2.0, 3.3305), (3.0, 2.6484), (6.0, 1.8156), (9.0, 1.5249)],
            Self::Jpeg2000 => &[(16.0, 4.5531), (32.0, 4.2047), (45.0, 3.8733), (120.0, 2.4448), (400.0, 1.3938)],
            Self::Jpeg => &[(43.0, 4.338), (36.0, 4.2456), (24.0, 3.8658), (7.0, 1.9454), (4.0, 1.3502)],
            Self::WhiteNoise => &[(0.001, 3.8932), (0.002, 3.3904), (0.003, 3.0451), (0.005, 2.7096), (0.01, 2.3007)],
            Self::WhiteNoiseYcbcr => &[(0.0001, 4.4684), (0.0005, 3.6825), (0.001, 3.17), (0.002, 2.6872), (0.003, 2.3799)],
            Self::ImpulseNoise => &[(0.001, 3.5838), (0.005, 2.9304), (0.01, 2.6126), (0.02, 2.3123), (0.03, 2.1319)],
            Self::MultiplicativeNoise => &[(0.001, 4.4044), (0.005, 3.5815), (0.01, 3.0842), (0.02, 2.6394), (0.05, 2.1173)],
            Self::Denoise => &[(0.01, 3.6677), (0.03, 2.7272), (0.05, 2.2027), (0.1, 1.6549), (0.15, 1.4665)],
            Self::Brighten => &[(0.1, 4.5057), (0.2, 4.2875), (0.4, 3.6323), (0.7, 2.7009), (1.1, 1.8093)],
            Self::Darken => &[(0.05, 4.6004), (0.1, 4.5275), (0.2, 4.2309), (0.4, 3.5349), (0.8, 2.221)],
            Self::MeanShift if up => &[(0.08, 4.5188), (0.15, 4.218)],
            Self::MeanShift => &[(0.08, 4.3695), (0.15, 3.9033)],
            Self::Jitter => &[(0.05, 4.4194), (0.1, 4.0864), (0.2, 3.2352), (0.5, 1.8485), (1.0, 1.3386)],
            Self::Patches => &[(20.0, 4.3333), (40.0, 3.9379), (60.0, 3.7726), (80.0, 3.4644), (100.0, 3.2612)],
            Self::Pixelate => &[(0.01, 3.8891), (0.05, 3.0983), (0.1, 2.8998), (0.2, 2.7943), (0.5, 1.4957)],
            Self::Quantization => &[(20.0, 4.1685), (16.0, 3.9335), (13.0, 3.6859), (10.0, 3.3728), (7.0, 2.799)],
            Self::ColorBlocks => &[(2.0, 2.687), (4.0, 2.359), (6.0, 2.2995), (8.0, 2.1262), (10.0, 2.0352)],
            Self::Sharpen => &[(1.0, 3.579), (2.0, 2.6359), (3.0, 2.1364), (6.0, 1.6133), (12.0, 1.3359)],
            // Its parameter counts from a curve that changes nothing: the table's -0.2, of which 0 is already more contrast.
            Self::Contrast if up => &[(0.2, 4.2901), (0.35, 3.8584), (0.5, 3.4194)],
            Self::Contrast => &[(0.25, 4.1415), (0.5, 3.3238)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::distortion::Level;

    #[test]
    fn a_label_is_the_tables_at_its_settings_and_never_rises() {
        for kind in Distortion::ALL {
            for seed in 0..6 {
                let labels: Vec<f32> = (0..=100_u8)
                    .map(|at| kind.label(f32::from(at) / 100.0, seed).unwrap())
                    .collect();
                assert_eq!(labels[0], (CLEAN - 1.0) / 4.0, "{kind}");
                assert!(labels.windows(2).all(|pair| pair[0] >= pair[1]), "{kind}: {labels:?}");
                assert!(labels[100] < labels[0] - 0.05, "{kind}");
                let (_, last) = kind.scores(Noise::new(seed).coin()).last().unwrap();
                assert!((labels[100] - (last - 1.0) / 4.0).abs() < 1e-6, "{kind}");
            }
        }
        let moderate = Distortion::Jpeg.label(Level::Moderate.strength(), 0).unwrap();
        assert!((moderate - (3.8658 - 1.0) / 4.0).abs() < 1e-6, "{moderate}");
        let between = Distortion::Jpeg.label(0.5, 0).unwrap();
        assert!(
            (between - (4.2456 / 2.0 + 3.8658 / 2.0 - 1.0) / 4.0).abs() < 1e-6,
            "{between}"
        );
        assert!(Distortion::Jpeg.label(1.1, 0).is_err());
    }

    #[test]
    fn kinds_that_go_both_ways_have_a_label_for_each() {
        for kind in [Distortion::MeanShift, Distortion::Contrast] {
            let labels: Vec<f32> = (0..20).map(|seed| kind.label(1.0, seed).unwrap()).collect();
            assert!(labels.iter().any(|label| *label != labels[0]), "{kind}");
        }
    }
}
