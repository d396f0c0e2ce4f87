//! From 8-bit pixels to the network's input.

use super::{Crop, Pixels};

/// Mean and standard deviation per channel (red, green, blue), in units of the full range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalization {
    /// Subtracted after the division by 255.
    pub mean: [f32; 3],
    /// Divided by last.
    pub std: [f32; 3],
}

impl Normalization {
    /// The values that CLIP, and so Gamma, was trained with (Radford et al. 2021).
    pub const CLIP: Self = Self {
        mean: [0.481_454_66, 0.457_827_5, 0.408_210_73],
        std: [0.268_629_54, 0.261_302_6, 0.275_777_1],
    };

    /// The values that networks pretrained on ImageNet, and so the stem of Gamma-Lite, were trained with.
    pub const IMAGENET: Self = Self {
        mean: [0.485, 0.456, 0.406],
        std: [0.229, 0.224, 0.225],
    };

    /// The value of `byte` in `channel`, computed in the order `(byte / 255 - mean) / std` of the published loader.
    fn value(&self, channel: usize, byte: u8) -> f32 {
        (f32::from(byte) / 255.0 - self.mean[channel]) / self.std[channel]
    }
}

/// Writes one crop as `[3, size, size]` to `out`.
///
/// # Panics
/// If the crop is not inside the photo, or `out` does not hold `3 * size * size` values. Crops of
/// [`plan`](super::plan) for the same photo are inside.
pub fn normalize(pixels: &Pixels, crop: Crop, n: &Normalization, out: &mut [f32]) {
    let (x, y, size, width) = (
        crop.x as usize,
        crop.y as usize,
        crop.size as usize,
        pixels.width as usize,
    );
    let (right, bottom) = (
        u64::from(crop.x) + u64::from(crop.size),
        u64::from(crop.y) + u64::from(crop.size),
    );
    assert!(
        right <= pixels.width.into() && bottom <= pixels.height.into(),
        "{crop:?} is not inside {pixels:?}"
    );
    assert_eq!(
        out.len(),
        3 * size * size,
        "a crop of side {size} has [3, {size}, {size}] values"
    );
    if size == 0 {
        return;
    }
    let tables = std::array::from_fn(|channel| std::array::from_fn(|byte| n.value(channel, byte as u8)));
    gamma_kernels::normalize(&pixels.rgb[(y * width + x) * 3..], width * 3, size, &tables, out);
}
