//! Blurs: a lens out of focus, a camera that moves.

use std::collections::BTreeMap;

use super::canvas::Canvas;
use super::filter::{Tap, between, convolve, gaussian};
use super::noise::Noise;

/// Gaussian kernel of deviation `sigma` pixels.
pub(super) fn gaussian_blur(canvas: Canvas, sigma: f32) -> Canvas {
    let width = canvas.width;
    canvas.map_planes(|plane| gaussian(plane, width, sigma))
}

/// Circular kernel of `radius` pixels: what a point becomes behind an open lens that is out of focus.
pub(super) fn lens_blur(canvas: Canvas, radius: f32) -> Canvas {
    /// Points per pixel and axis by which the part of a pixel under the circle is measured.
    const FINE: isize = 5;
    let reach = radius.ceil() as isize;
    let covered = |x: isize, y: isize| {
        let at = |pixel: isize, part: isize| pixel as f32 + (part - FINE / 2) as f32 / FINE as f32;
        let inside = |(i, j)| at(x, i).hypot(at(y, j)) <= radius;
        (0..FINE * FINE)
            .filter(|part| inside((part % FINE, part / FINE)))
            .count() as f32
    };
    let square = (-reach..=reach).flat_map(|y| (-reach..=reach).map(move |x| (x, y)));
    let taps = square.map(|(x, y)| (x, y, covered(x, y))).filter(|tap| tap.2 > 0.0);
    blur(canvas, taps.collect())
}

/// Straight movement over `length` pixels, in a direction that `noise` draws.
pub(super) fn motion_blur(canvas: Canvas, length: f32, noise: &mut Noise) -> Canvas {
    let (sin, cos) = (noise.uniform() * std::f32::consts::PI).sin_cos();
    let steps = 1 + (4.0 * length).ceil() as usize;
    let mut taps = BTreeMap::<(isize, isize), f32>::new();
    for step in 0..steps {
        let along = length * ((step as f32 + 0.5) / steps as f32 - 0.5);
        for (right, down, share) in between(along * cos, along * sin) {
            *taps.entry((right, down)).or_default() += share;
        }
    }
    blur(
        canvas,
        taps.into_iter().map(|((x, y), weight)| (x, y, weight)).collect(),
    )
}

/// Convolution with `taps`, their weights scaled to a sum of 1.
fn blur(canvas: Canvas, mut taps: Vec<Tap>) -> Canvas {
    let sum: f32 = taps.iter().map(|tap| tap.2).sum();
    taps.iter_mut().for_each(|tap| tap.2 /= sum);
    let width = canvas.width;
    canvas.map_planes(|plane| convolve(plane, width, &taps))
}
