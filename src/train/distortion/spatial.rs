//! Pixels in the wrong place: jitter, displaced patches, coarse pixels, coloured blocks.

use super::canvas::Canvas;
use super::noise::Noise;

/// Each pixel is taken from up to `reach` pixels away, right or left and up or down, as `noise` draws; between pixels by
/// bicubic interpolation.
pub(super) fn jitter(canvas: Canvas, reach: f32, noise: &mut Noise) -> Canvas {
    let (width, height) = (canvas.width, canvas.height);
    let offsets: Vec<[f32; 2]> = (0..width * height)
        .map(|_| [0; 2].map(|_| reach * (2.0 * noise.uniform() - 1.0)))
        .collect();
    canvas.map_planes(|plane| {
        let places = offsets.iter().enumerate();
        places
            .map(|(at, [right, down])| {
                let (x, y) = ((at % width) as f32 + right, (at / width) as f32 + down);
                let (columns, rows) = (taps(x, width), taps(y, height));
                let row = |row: usize| -> f32 { columns.iter().map(|&(x, w)| w * plane[row * width + x]).sum() };
                rows.iter().map(|&(y, weight)| weight * row(y)).sum()
            })
            .collect()
    })
}

/// The four pixels of a side of `length` around `place`, with the weights of Catmull and Rom's spline.
fn taps(place: f32, length: usize) -> [(usize, f32); 4] {
    let start = place.floor();
    let t = place - start;
    let weights = [
        ((2.0 - t) * t - 1.0) * t / 2.0,
        ((3.0 * t - 5.0) * t * t + 2.0) / 2.0,
        ((4.0 - 3.0 * t) * t + 1.0) * t / 2.0,
        (t - 1.0) * t * t / 2.0,
    ];
    std::array::from_fn(|index| {
        let at = start as isize + index as isize - 1;
        (at.clamp(0, length as isize - 1) as usize, weights[index])
    })
}

/// Side of a displaced patch, and the most that it is displaced by, both ways.
const PATCH: usize = 16;

/// Small patches replaced by what lies near them: patches of 16 pixels, so many that they could cover a part `share` of
/// the photo, each taken from up to 16 pixels away.
pub(super) fn displace_patches(canvas: Canvas, share: f32, noise: &mut Noise) -> Canvas {
    let (width, height) = (canvas.width, canvas.height);
    let (columns, rows) = (PATCH.min(width), PATCH.min(height));
    let count = (share * (width * height) as f32 / (columns * rows) as f32).ceil() as usize;
    let places: Vec<[usize; 4]> = (0..count)
        .map(|_| {
            let (x, y) = (noise.up_to(width - columns), noise.up_to(height - rows));
            let mut near = |at: usize, last: usize| (at + noise.up_to(2 * PATCH)).saturating_sub(PATCH).min(last);
            [x, y, near(x, width - columns), near(y, height - rows)]
        })
        .collect();
    canvas.map_planes(|plane| {
        let mut result = plane.to_vec();
        for &[x, y, from_x, from_y] in &places {
            for row in 0..rows {
                let (to, from) = ((y + row) * width + x, (from_y + row) * width + from_x);
                result[to..to + columns].copy_from_slice(&plane[from..from + columns]);
            }
        }
        result
    })
}

/// Scaled down by `factor` and up again, each time with the nearest pixel.
pub(super) fn pixelate(canvas: Canvas, factor: f32) -> Canvas {
    let nearest = |length: usize| -> Vec<usize> {
        let small = ((length as f32 / factor).round() as usize).clamp(1, length);
        let scale = |at: usize, from: usize, to: usize| ((2 * at + 1) * to / (2 * from)).min(to - 1);
        (0..length)
            .map(|at| scale(scale(at, length, small), small, length))
            .collect()
    };
    let (columns, rows) = (nearest(canvas.width), nearest(canvas.height));
    let width = canvas.width;
    canvas.map_planes(|plane| {
        let row = |y: usize| columns.iter().map(move |x| plane[y * width + x]);
        rows.iter().flat_map(|y| row(*y)).collect()
    })
}

/// Side of a coloured block, as a part of the photo's short side.
const BLOCK: f32 = 1.0 / 24.0;

/// `count` squares of one random colour each at random places; a side is a twenty-fourth of the photo's short side.
pub(super) fn color_blocks(mut canvas: Canvas, count: usize, noise: &mut Noise) -> Canvas {
    let (width, height) = (canvas.width, canvas.height);
    let side = ((BLOCK * width.min(height) as f32).round() as usize).max(1);
    for _ in 0..count {
        let (x, y) = (noise.up_to(width - side), noise.up_to(height - side));
        for plane in &mut canvas.planes {
            let color = noise.up_to(255) as f32;
            for row in y..y + side {
                plane[row * width + x..][..side].fill(color);
            }
        }
    }
    canvas
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coarse_pixel_is_one_of_the_fine_ones() {
        let row = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let canvas = Canvas {
            width: 6,
            height: 1,
            planes: std::array::from_fn(|_| row.to_vec()),
        };
        assert_eq!(pixelate(canvas, 3.0).planes[0], [2.0, 2.0, 2.0, 5.0, 5.0, 5.0]);
    }

    #[test]
    fn the_spline_goes_through_the_pixels_and_its_weights_sum_to_1() {
        for place in [-3.0, 0.0, 2.0, 9.0] {
            let at = (place as isize).clamp(0, 4) as usize;
            assert_eq!(taps(place, 5)[1], (at, 1.0));
        }
        for place in [0.1, 0.5, 3.9] {
            let sum: f32 = taps(place, 5).iter().map(|tap| tap.1).sum();
            assert!((sum - 1.0).abs() < 1e-6, "{sum}");
        }
    }
}
