//! The patches of a picture under a convolution's window, as rows of a matrix product.

use super::rows::for_each_row;
use crate::Window;

/// `[n, channels, height, width]` → `[n * output height * output width, channels * kernel * kernel]`; 0 outside the picture.
#[inline(never)]
pub fn patches(x: &[f32], channels: usize, window: &Window) -> Vec<f32> {
    let ([height, width], [rows, columns]) = (window.input, window.output());
    let (area, kernel) = (height * width, window.kernel);
    let planes = x.len().checked_div(channels * area).unwrap_or(0);
    let length = channels * kernel * kernel;
    let before = window.padding()[1].0;
    let mut out = vec![0.0; planes * rows * columns * length];
    for_each_row(&mut out, columns * length, |index, row| {
        let x = &x[index / rows * channels * area..][..channels * area];
        for (ky, y) in window.taps(0, index % rows) {
            for channel in 0..channels {
                let line = &x[channel * area + y * width..][..width];
                for kx in 0..kernel {
                    // Columns that lie on padding here are left out, and with them as many places of the line.
                    let out = before.saturating_sub(kx).div_ceil(window.stride);
                    let line = line.get(out * window.stride + kx - before..).unwrap_or_default();
                    let first = out * length + (channel * kernel + ky) * kernel + kx;
                    spread(line, window.stride, row.get_mut(first..).unwrap_or_default(), length);
                }
            }
        }
    });
    out
}

/// Writes one number of `from` in `stride` to one place of `to` in `length`.
#[inline(never)]
fn spread(from: &[f32], stride: usize, to: &mut [f32], length: usize) {
    for (to, &value) in to.iter_mut().step_by(length).zip(from.iter().step_by(stride)) {
        *to = value;
    }
}
