//! Convolution of a plane. Beyond its edges a photo goes on with the pixels of the edge.

/// The tap of a convolution: how far right and down it looks, and its weight.
pub(super) type Tap = (isize, isize, f32);

/// The value at a place between pixels: the four around it, each with its share.
pub(super) fn between(right: f32, down: f32) -> [Tap; 4] {
    let (x, y) = (right.floor(), down.floor());
    [(x, y), (x + 1.0, y), (x, y + 1.0), (x + 1.0, y + 1.0)].map(|(x, y)| {
        let share = (1.0 - (right - x).abs()) * (1.0 - (down - y).abs());
        (x as isize, y as isize, share)
    })
}

/// `plane`, `[height, width]`, convolved with `taps`.
pub(super) fn convolve(plane: &[f32], width: usize, taps: &[Tap]) -> Vec<f32> {
    let height = plane.len() / width;
    let reach = taps.iter().map(|tap| tap.0.unsigned_abs()).max().unwrap_or_default();
    // Rows are widened once by what the taps reach, so that the inner loop needs no test for the edge.
    let wide = width + 2 * reach;
    let mut padded = Vec::with_capacity(wide * height);
    for row in plane.chunks_exact(width) {
        padded.extend((0..wide).map(|x| row[x.saturating_sub(reach).min(width - 1)]));
    }
    let mut result = vec![0.0; plane.len()];
    for (y, out) in result.chunks_exact_mut(width).enumerate() {
        for &(right, down, weight) in taps {
            let source = y.saturating_add_signed(down).min(height - 1);
            let start = source * wide + reach.saturating_add_signed(right);
            for (out, value) in out.iter_mut().zip(&padded[start..start + width]) {
                *out += weight * value;
            }
        }
    }
    result
}

/// `plane`, `[height, width]`, blurred by a Gaussian of standard deviation `sigma` pixels, cut off at three of them.
pub(super) fn gaussian(plane: &[f32], width: usize, sigma: f32) -> Vec<f32> {
    let reach = (3.0 * sigma).ceil() as isize;
    let weight = |at: isize| {
        // A deviation of nothing leaves the centre alone.
        let distance = at as f32 / sigma.max(1e-6);
        (-0.5 * distance * distance).exp()
    };
    let sum: f32 = (-reach..=reach).map(weight).sum();
    let taps: Vec<(isize, f32)> = (-reach..=reach).map(|at| (at, weight(at) / sum)).collect();
    let across: Vec<Tap> = taps.iter().map(|&(at, weight)| (at, 0, weight)).collect();
    let down: Vec<Tap> = taps.iter().map(|&(at, weight)| (0, at, weight)).collect();
    convolve(&convolve(plane, width, &across), width, &down)
}

/// Sums over the square of side `2 * reach + 1` around each pixel of `plane`.
pub(super) fn box_sum(plane: &[f32], width: usize, reach: usize) -> Vec<f32> {
    let reach = reach as isize;
    let across: Vec<Tap> = (-reach..=reach).map(|at| (at, 0, 1.0)).collect();
    let down: Vec<Tap> = (-reach..=reach).map(|at| (0, at, 1.0)).collect();
    convolve(&convolve(plane, width, &across), width, &down)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_plane_stays_as_it_is() {
        let plane = vec![7.0; 15];
        for sigma in [0.0, 0.3, 1.0, 9.0] {
            let blurred = gaussian(&plane, 5, sigma);
            assert!(
                blurred.iter().all(|value| (value - 7.0).abs() < 1e-4),
                "{sigma}: {blurred:?}"
            );
        }
        assert_eq!(box_sum(&plane, 3, 1), vec![63.0; 15]);
    }

    #[test]
    fn a_place_between_pixels_has_part_of_each() {
        let plane: Vec<f32> = (0..6_u8).map(f32::from).collect();
        assert_eq!(convolve(&plane, 3, &between(0.25, 0.5))[..2], [1.75, 2.75]);
    }

    #[test]
    fn a_tap_to_the_right_brings_what_lies_there() {
        let plane: Vec<f32> = (0..6_u8).map(f32::from).collect();
        assert_eq!(convolve(&plane, 3, &[(1, 0, 1.0)]), [1.0, 2.0, 2.0, 4.0, 5.0, 5.0]);
        assert_eq!(convolve(&plane, 3, &[(0, -1, 2.0)]), [0.0, 2.0, 4.0, 0.0, 2.0, 4.0]);
    }
}
