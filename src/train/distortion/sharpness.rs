//! Sharpened too much.

use super::canvas::Canvas;
use super::filter::gaussian;

/// Deviation of the Gaussian whose difference from the photo is enlarged, in pixels.
const SIGMA: f32 = 1.5;

/// Unsharp masking: `amount` times what a Gaussian blur takes from the luma is added to it; colours keep their differences.
pub(super) fn sharpen(mut canvas: Canvas, amount: f32) -> Canvas {
    let luma = canvas.luma();
    let blurred = gaussian(&luma, canvas.width, SIGMA);
    for plane in &mut canvas.planes {
        for ((value, luma), blurred) in plane.iter_mut().zip(&luma).zip(&blurred) {
            *value += amount * (luma - blurred);
        }
    }
    canvas
}
