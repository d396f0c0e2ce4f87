//! Colours that are smeared, displaced, too few, too pale or too strong.

use super::canvas::Canvas;
use super::filter::{between, convolve, gaussian};
use super::noise::Noise;
use super::spaces::{from_lab, scale_hsv_saturation, to_lab};

/// a and b of Lab blurred by a Gaussian of deviation `1.5 * amount + 2` pixels and enlarged `amount` times; L stays sharp. Below
/// 1, where less would be gray, `amount` weakens the blur alone.
pub(super) fn diffusion(canvas: Canvas, amount: f32) -> Canvas {
    let (sigma, factor) = match amount < 1.0 {
        true => (3.5 * amount, 1.0),
        false => (1.5 * amount + 2.0, amount),
    };
    let mut canvas = canvas.map(to_lab);
    let width = canvas.width;
    for plane in &mut canvas.planes[1..] {
        *plane = gaussian(plane, width, sigma);
        plane.iter_mut().for_each(|value| *value *= factor);
    }
    canvas.map(from_lab)
}

/// Part of the pixels whose gradient is as strong as the mask of [`shift`] gets.
const EDGES: f32 = 0.05;

/// Green displaced by `distance` pixels in a direction that `noise` draws, and blended in where the photo has edges: the
/// mask is the gradient's magnitude, 1 for the strongest twentieth of the pixels.
pub(super) fn shift(mut canvas: Canvas, distance: f32, noise: &mut Noise) -> Canvas {
    let (sin, cos) = (noise.uniform() * std::f32::consts::FRAC_PI_2).sin_cos();
    let mask = gradient(&canvas.luma(), canvas.width);
    let mut sorted = mask.clone();
    let rank = ((1.0 - EDGES) * (sorted.len() - 1) as f32) as usize;
    let strong = sorted.select_nth_unstable_by(rank, f32::total_cmp).1.max(1.0);
    let moved = convolve(
        &canvas.planes[1],
        canvas.width,
        &between(distance * cos, distance * sin),
    );
    for ((green, moved), gradient) in canvas.planes[1].iter_mut().zip(moved).zip(mask) {
        *green += (gradient / strong).min(1.0) * (moved - *green);
    }
    canvas
}

/// Magnitude of the Sobel gradient.
fn gradient(plane: &[f32], width: usize) -> Vec<f32> {
    const SOBEL: [(isize, isize, f32); 6] = [
        (-1, -1, -1.0),
        (1, -1, 1.0),
        (-1, 0, -2.0),
        (1, 0, 2.0),
        (-1, 1, -1.0),
        (1, 1, 1.0),
    ];
    let across = convolve(plane, width, &SOBEL);
    let down = convolve(plane, width, &SOBEL.map(|(right, down, weight)| (down, right, weight)));
    across.iter().zip(down).map(|(x, y)| x.hypot(y)).collect()
}

/// Saturation in HSV multiplied by `factor`.
pub(super) fn saturation_hsv(canvas: Canvas, factor: f32) -> Canvas {
    canvas.map(|rgb| scale_hsv_saturation(rgb, factor))
}

/// a and b of Lab multiplied by `factor`.
pub(super) fn saturation_lab(canvas: Canvas, factor: f32) -> Canvas {
    canvas.map(|rgb| {
        let [l, a, b] = to_lab(rgb);
        from_lab([l, factor * a, factor * b])
    })
}
