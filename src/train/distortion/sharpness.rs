//! Sharpened too much.

use super::canvas::Canvas;
use super::filter::gaussian;
use super::spaces::{from_lab, to_lab};

/// Deviation of the Gaussian whose difference from the photo is enlarged, in pixels.
const SIGMA: f32 = 3.0;

/// Unsharp masking: `amount` times what a Gaussian blur takes from L of Lab is added to it.
pub(super) fn sharpen(canvas: Canvas, amount: f32) -> Canvas {
    let mut canvas = canvas.map(to_lab);
    let blurred = gaussian(&canvas.planes[0], canvas.width, SIGMA);
    for (value, blurred) in canvas.planes[0].iter_mut().zip(blurred) {
        *value = (*value + amount * (*value - blurred)).clamp(0.0, 100.0);
    }
    canvas.map(from_lab)
}
