//! From a crop to the network's input.

use super::{CROP, Crop, Normalization, Pixels, normalize, scale::resample};
use crate::error::Result;

/// Writes one crop as `[3, CROP, CROP]` to `out`. A crop of another side is scaled to [`CROP`] first: a larger one shows more of the
/// photo, and less of its detail.
///
/// # Errors
/// If there is no memory for the scaled crop.
///
/// # Panics
/// As [`normalize()`].
pub fn input(pixels: &Pixels, crop: Crop, n: &Normalization, out: &mut [f32]) -> Result<()> {
    if crop.size == CROP {
        normalize(pixels, crop, n, out);
        return Ok(());
    }
    let scaled = resample(&cut(pixels, crop), CROP, CROP)?;
    let whole = Crop { x: 0, y: 0, size: CROP };
    normalize(&scaled, whole, n, out);
    Ok(())
}

/// The crop as a photo of its own.
fn cut(pixels: &Pixels, crop: Crop) -> Pixels {
    let (x, y, size, width) = (
        crop.x as usize,
        crop.y as usize,
        crop.size as usize,
        pixels.width as usize,
    );
    let rows = (y..y + size).map(|row| (row * width + x) * 3);
    Pixels {
        width: crop.size,
        height: crop.size,
        rgb: rows
            .flat_map(|start| &pixels.rgb[start..start + size * 3])
            .copied()
            .collect(),
    }
}
