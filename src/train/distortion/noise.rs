//! Noise: what a sensor, a transmission or a weak denoiser leaves.
//!
//! One seed draws one field of noise; strength scales it, so that a stronger version is the same noise, only more of it.

use super::canvas::Canvas;
use super::filter::box_sum;
use super::spaces::{from_ycbcr, to_ycbcr};
use crate::image::random::SplitMix64;

/// Random numbers of one distortion.
pub(super) struct Noise(SplitMix64);

impl Noise {
    /// The numbers that `seed` stands for.
    pub(super) fn new(seed: u64) -> Self {
        Self(SplitMix64::new(seed))
    }

    /// Uniform in `0.0..1.0`, a multiple of 2^-24.
    pub(super) fn uniform(&mut self) -> f32 {
        (self.0.next_u64() >> 40) as f32 / (1 << 24) as f32
    }

    /// Uniform in `0..=last`.
    pub(super) fn up_to(&mut self, last: usize) -> usize {
        self.0.up_to(last.min(u32::MAX as usize) as u32) as usize
    }

    /// Yes or no, evenly.
    pub(super) fn coin(&mut self) -> bool {
        self.0.next_u64() >> 63 == 1
    }

    /// From the normal distribution of mean 0 and deviation 1 (Box and Muller 1958, one of the pair).
    pub(super) fn normal(&mut self) -> f32 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f32::consts::TAU * self.uniform()).cos()
    }
}

/// Normal noise of deviation `sigma` (of 255) added to red, green and blue, independently.
pub(super) fn white(canvas: Canvas, sigma: f32, noise: &mut Noise) -> Canvas {
    canvas.map_values(|value| value + sigma * noise.normal())
}

/// The same, added to Y, Cb and Cr.
pub(super) fn white_ycbcr(canvas: Canvas, sigma: f32, noise: &mut Noise) -> Canvas {
    let canvas = canvas.map(to_ycbcr).map_values(|value| value + sigma * noise.normal());
    canvas.map(from_ycbcr)
}

/// Salt and pepper: a part `share` of all values, of each channel by itself, becomes 0 or 255.
pub(super) fn impulse(canvas: Canvas, share: f32, noise: &mut Noise) -> Canvas {
    canvas.map_values(|value| {
        // Both are drawn for every value, so that a larger share hits the same values and more.
        let (hit, salt) = (noise.uniform() < share, noise.coin());
        match (hit, salt) {
            (false, _) => value,
            (true, true) => 255.0,
            (true, false) => 0.0,
        }
    })
}

/// Speckle: each value is multiplied by `1 + sigma * normal`.
pub(super) fn multiplicative(canvas: Canvas, sigma: f32, noise: &mut Noise) -> Canvas {
    canvas.map_values(|value| value * (1.0 + sigma * noise.normal()))
}

/// White noise of deviation `sigma`, then taken away again as well as non-local means can.
pub(super) fn denoise(canvas: Canvas, sigma: f32, noise: &mut Noise) -> Canvas {
    non_local_means(&white(canvas, sigma, noise), sigma)
}

/// How far non-local means looks for patches that look alike, in pixels.
const SEARCH: isize = 4;
/// Half the side of a patch, less the centre.
const PATCH: usize = 2;

/// Non-local means (Buades, Coll and Morel, "A non-local algorithm for image denoising", CVPR 2005) over all channels:
/// each pixel becomes the mean of those whose surroundings look like its own up to noise of deviation `sigma`.
fn non_local_means(canvas: &Canvas, sigma: f32) -> Canvas {
    let (width, height) = (canvas.width, canvas.height);
    let values = (3 * (2 * PATCH + 1).pow(2)) as f32;
    // The difference of two noisy values has twice the variance of one; what exceeds it is the photo's own.
    let (expected, decay) = (2.0 * sigma * sigma, (0.45 * sigma).powi(2).max(1e-6));
    let mut sums = canvas.planes.clone();
    let mut weights = vec![1.0_f32; width * height];
    // A pair of pixels has one weight for both, so half of the offsets are enough.
    for (right, down) in (0..=SEARCH).flat_map(|down| (-SEARCH..=SEARCH).map(move |right| (right, down))) {
        if down == 0 && right <= 0 || down as usize >= height || right.unsigned_abs() >= width {
            continue;
        }
        let columns = right.min(0).unsigned_abs()..width - right.max(0).unsigned_abs();
        // Not negative: `right` is negative only in rows below, and shorter than a row.
        let shift = (down * width as isize + right) as usize;
        let pairs = || {
            let columns = columns.clone();
            (0..height - down as usize).flat_map(move |y| {
                columns.clone().map(move |x| {
                    let here = y * width + x;
                    (here, here + shift)
                })
            })
        };
        let mut differences = vec![0.0; width * height];
        for plane in &canvas.planes {
            for (here, there) in pairs() {
                differences[here] += (plane[here] - plane[there]).powi(2);
            }
        }
        let distances = box_sum(&differences, width, PATCH);
        for (here, there) in pairs() {
            let weight = (-(distances[here] / values - expected).max(0.0) / decay).exp();
            weights[here] += weight;
            weights[there] += weight;
            for (sum, plane) in sums.iter_mut().zip(&canvas.planes) {
                sum[here] += weight * plane[there];
                sum[there] += weight * plane[here];
            }
        }
    }
    for sum in &mut sums {
        sum.iter_mut().zip(&weights).for_each(|(sum, weight)| *sum /= weight);
    }
    Canvas {
        width,
        height,
        planes: sums,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_numbers_have_mean_0_and_deviation_1() {
        let mut noise = Noise::new(5);
        let drawn: Vec<f64> = (0..100_000).map(|_| f64::from(noise.normal())).collect();
        let mean = drawn.iter().sum::<f64>() / 1e5;
        let variance = drawn.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 1e5;
        // Five standard errors of either figure.
        assert!(
            mean.abs() < 0.016 && (variance - 1.0).abs() < 0.023,
            "{mean} {variance}"
        );
        assert!(drawn.iter().all(|value| value.is_finite()));
    }

    #[test]
    fn denoising_takes_most_of_the_noise_away() {
        let gray = |planes| Canvas {
            width: 40,
            height: 40,
            planes,
        };
        let power = |canvas: &Canvas| canvas.planes[0].iter().map(|v| (v - 128.0).powi(2)).sum::<f32>();
        let flat = || gray(std::array::from_fn(|_| vec![128.0; 1600]));
        let noisy = power(&white(flat(), 20.0, &mut Noise::new(1)));
        let denoised = power(&denoise(flat(), 20.0, &mut Noise::new(1)));
        assert!(denoised < noisy / 10.0, "{denoised} of {noisy}");
    }
}
