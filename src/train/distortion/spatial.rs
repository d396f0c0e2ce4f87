//! Pixels in the wrong place: jitter, displaced patches, coarse pixels, coloured blocks.

use super::canvas::Canvas;
use super::noise::Noise;

/// Each pixel is taken from a place near it, normally distributed with deviation `sigma` pixels right and left and up and
/// down, as `noise` draws; between pixels by bilinear interpolation; all of that five times, one after the other.
pub(super) fn jitter(mut canvas: Canvas, sigma: f32, noise: &mut Noise) -> Canvas {
    const TIMES: usize = 5;
    let (width, height) = (canvas.width, canvas.height);
    for _ in 0..TIMES {
        let offsets: Vec<[f32; 2]> = (0..width * height)
            .map(|_| [0; 2].map(|_| sigma * noise.normal()))
            .collect();
        canvas = canvas.map_planes(|plane| {
            let places = offsets.iter().enumerate();
            places
                .map(|(at, [right, down])| {
                    let columns = taps((at % width) as f32 + right, width);
                    let rows = taps((at / width) as f32 + down, height);
                    let row = |row: usize| -> f32 { columns.iter().map(|&(x, w)| w * plane[row * width + x]).sum() };
                    rows.iter().map(|&(y, weight)| weight * row(y)).sum()
                })
                .collect()
        });
    }
    canvas
}

/// The two pixels of a side of `length` around `place`, each with its share.
fn taps(place: f32, length: usize) -> [(usize, f32); 2] {
    let place = place.clamp(0.0, (length - 1) as f32);
    let (left, part) = (place as usize, place.fract());
    [(left, 1.0 - part), ((left + 1).min(length - 1), part)]
}

/// Pixels of the photos that numbers of patches are meant for.
const AREA: f32 = 512.0 * 384.0;
/// Side of a displaced patch.
const PATCH: usize = 16;
/// The most that it is displaced by, both ways.
const NEAR: usize = 8;

/// Small patches replaced by what lies near them: `count` patches of 16 pixels in a photo of 512 x 384, as many for its size
/// in another, each taken from up to 8 pixels away.
pub(super) fn displace_patches(canvas: Canvas, count: f32, noise: &mut Noise) -> Canvas {
    let (width, height) = (canvas.width, canvas.height);
    let (columns, rows) = (PATCH.min(width), PATCH.min(height));
    let count = (count * (width * height) as f32 / AREA).ceil() as usize;
    let places: Vec<[usize; 4]> = (0..count)
        .map(|_| {
            let (x, y) = (noise.up_to(width - columns), noise.up_to(height - rows));
            let mut near = |at: usize, last: usize| (at + noise.up_to(2 * NEAR)).saturating_sub(NEAR).min(last);
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
const BLOCK: f32 = 1.0 / 12.0;

/// `count` squares of one random colour each at random places; a side is a twelfth of the photo's short side.
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
    fn a_place_between_two_pixels_has_its_share_of_both() {
        for place in [-3.0, 0.0, 2.0, 9.0] {
            let at = (place as isize).clamp(0, 4) as usize;
            assert_eq!(taps(place, 5)[0], (at, 1.0));
        }
        assert_eq!(taps(1.25, 5), [(1, 0.75), (2, 0.25)]);
    }
}
