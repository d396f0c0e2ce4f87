//! Means and standard deviations of channels over space.

use burn::tensor::Tensor;

/// Keeps the root's gradient finite where all numbers are the same.
const FLAT: f64 = 1e-5;

/// The mean of each cell of a grid, `[n, side, side, channels]` → `[n, grid, grid, channels]`.
pub(super) fn means(x: Tensor<4>, grid: usize) -> Tensor<4> {
    let [n, side, _, channels] = x.dims();
    if side == grid {
        return x;
    }
    let cell = side / grid;
    let across: Tensor<4> = x
        .reshape([n * side * grid, cell, channels])
        .mean_dim(1)
        .reshape([n, side, grid, channels]);
    across
        .reshape([n * grid, cell, grid * channels])
        .mean_dim(1)
        .reshape([n, grid, grid, channels])
}

/// The standard deviation in each cell; on a level of one pixel a cell, each pixel's distance from the level's mean.
pub(super) fn deviations(x: Tensor<4>, grid: usize) -> Tensor<4> {
    let [_, side, _, _] = x.dims();
    let variance = if side == grid {
        let distance = x.clone() - means(x, 1);
        distance.clone() * distance
    } else {
        let mean = means(x.clone(), grid);
        (means(x.clone() * x, grid) - mean.clone() * mean).clamp_min(0.0)
    };
    (variance + FLAT).sqrt()
}

/// The means of all channels, then their standard deviations, `[n, side, side, channels]` → `[n, 2 * channels]`. The distances from the
/// mean are squared, so that a small deviation beside a large mean is not lost.
pub(super) fn whole(x: Tensor<4>) -> Tensor<2> {
    let [n, _, _, channels] = x.dims();
    let mean = means(x.clone(), 1);
    let distance = x - mean.clone();
    let deviation = (means(distance.clone() * distance, 1) + FLAT).sqrt();
    Tensor::cat(vec![mean, deviation], 3).reshape([n, 2 * channels])
}
