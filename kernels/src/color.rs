//! From what a decoder gives to 8-bit RGB. `docs/images.md` has the table.

use image::ColorType;

/// How values that are not 8-bit RGB become so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// Alpha is composited over white; 16 bits are rounded to 8.
    Defined,
    /// What Pillow's `convert("RGB")` gives: alpha is dropped; of 16 bits the high byte is kept, except that those of a
    /// gray image saturate at 255.
    Pillow {
        /// The file's 16-bit samples are gray without an alpha channel of their own.
        saturates: bool,
    },
}

impl Treatment {
    pub(crate) fn sample16(self, value: u16) -> u8 {
        match self {
            // Rounds value / 257, which takes 65,535 to 255; the sum is at most 256 * 257 - 1 before the division.
            Self::Defined => ((u32::from(value) + 128) / 257) as u8,
            Self::Pillow { saturates: true } => value.min(255) as u8,
            Self::Pillow { saturates: false } => (value >> 8) as u8,
        }
    }

    pub(crate) fn blend(self, value: u8, alpha: u8) -> u8 {
        match self {
            Self::Defined => {
                let (value, alpha) = (u32::from(value), u32::from(alpha));
                ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
            }
            Self::Pillow { .. } => value,
        }
    }

    /// As [`blend`](Self::blend), of a value that is multiplied by its alpha already.
    #[cfg(feature = "formats")]
    pub(crate) fn blend_multiplied(self, value: u8, alpha: u8) -> u8 {
        match self {
            Self::Defined => value.saturating_add(255 - alpha),
            Self::Pillow { .. } if alpha == 0 => 0,
            Self::Pillow { .. } => (u32::from(value) * 255 / u32::from(alpha)).min(255) as u8,
        }
    }
}

/// Writes `samples`, as the decoder gave them for `color` in native byte order, as `[height, width, 3]` bytes to `rgb`; tells whether
/// it can, which fails for colour types that no decoder gives today.
#[inline(never)]
pub fn to_rgb(color: ColorType, samples: &[u8], treatment: Treatment, rgb: &mut [u8]) -> bool {
    let byte = |[value]: [u8; 1]| value;
    let word = |sample: [u8; 2]| treatment.sample16(u16::from_ne_bytes(sample));
    let float = |sample: [u8; 4]| float_sample(f32::from_ne_bytes(sample));
    match color {
        ColorType::L8 => convert(samples, rgb, byte, |[v]| [v; 3]),
        ColorType::La8 => convert(samples, rgb, byte, |[v, a]| [treatment.blend(v, a); 3]),
        ColorType::Rgb8 => convert(samples, rgb, byte, |rgb| rgb),
        ColorType::Rgba8 => convert(samples, rgb, byte, |[r, g, b, a]| {
            [r, g, b].map(|v| treatment.blend(v, a))
        }),
        ColorType::L16 => convert(samples, rgb, word, |[v]| [v; 3]),
        ColorType::La16 => convert(samples, rgb, word, |[v, a]| [treatment.blend(v, a); 3]),
        ColorType::Rgb16 => convert(samples, rgb, word, |rgb| rgb),
        ColorType::Rgba16 => convert(samples, rgb, word, |[r, g, b, a]| {
            [r, g, b].map(|v| treatment.blend(v, a))
        }),
        ColorType::Rgb32F => convert(samples, rgb, float, |rgb| rgb),
        ColorType::Rgba32F => convert(samples, rgb, float, |[r, g, b, a]| {
            [r, g, b].map(|v| treatment.blend(v, a))
        }),
        _ => return false,
    }
    true
}

/// Reads `CHANNELS` samples of `BYTES` bytes a pixel and makes a colour of them.
fn convert<const CHANNELS: usize, const BYTES: usize>(
    samples: &[u8],
    rgb: &mut [u8],
    read: impl Fn([u8; BYTES]) -> u8,
    color: impl Fn([u8; CHANNELS]) -> [u8; 3],
) {
    let (samples, _) = samples.as_chunks::<BYTES>();
    let (pixels, _) = samples.as_chunks::<CHANNELS>();
    for (out, pixel) in rgb.as_chunks_mut::<3>().0.iter_mut().zip(pixels) {
        *out = color(pixel.map(&read));
    }
}

/// 0 to 1 becomes 0 to 255; the cast takes NaN to 0.
pub(crate) fn float_sample(value: f32) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_bits_are_rounded_to_the_nearest_of_256() {
        for value in 0..=u16::MAX {
            let exact = (f64::from(value) / 257.0).round() as u8;
            assert_eq!(Treatment::Defined.sample16(value), exact, "{value}");
        }
    }

    #[test]
    fn alpha_is_composited_over_white_to_the_nearest_value() {
        for value in 0..=255_u8 {
            for alpha in 0..=255_u8 {
                let (v, a) = (f64::from(value), f64::from(alpha) / 255.0);
                let exact = (v * a + 255.0 * (1.0 - a)).round() as u8;
                assert_eq!(Treatment::Defined.blend(value, alpha), exact, "{value} {alpha}");
                assert_eq!(Treatment::Pillow { saturates: false }.blend(value, alpha), value);
            }
        }
    }

    #[test]
    fn floats_are_clamped_and_nan_is_black() {
        let bytes: Vec<u8> = [-1.0_f32, 0.5, 2.0, f32::NAN, 1.0, 0.0]
            .iter()
            .flat_map(|v| v.to_ne_bytes())
            .collect();
        let mut rgb = [0; 6];
        assert!(to_rgb(ColorType::Rgb32F, &bytes, Treatment::Defined, &mut rgb));
        assert_eq!(rgb, [0, 128, 255, 0, 255, 0]);
    }
}
