//! `x W^T` in tiles.

use super::lanes::{Lanes, load, multiply_add, splat, store, zero};

/// Rows of `x` in a tile.
pub(super) const ROWS: usize = 4;
/// Outputs in a tile: two registers. 4 x 8 makes 8 accumulators; more than about 9 spill in V8.
pub(super) const OUTPUTS: usize = 8;
/// Depth of a packed panel: 8 outputs of it are 16 kB and stay in the first-level cache.
const DEPTH: usize = 512;

/// `y = x W^T`.
///
/// # Shapes
/// - `x`: `[rows, inputs]`, `weight`: `[outputs, inputs]`, both row-major and as long as that
/// - output: `[rows, outputs]`
pub(super) fn matmul_transposed(x: &[f32], weight: &[f32], rows: usize, outputs: usize, inputs: usize) -> Vec<f32> {
    let mut y = vec![0.0; rows * outputs];
    let mut x_panels = vec![[0.0; ROWS]; rows.div_ceil(ROWS) * DEPTH.min(inputs)];
    let mut weight_panel = vec![[0.0; OUTPUTS]; DEPTH.min(inputs)];
    for from in (0..inputs).step_by(DEPTH) {
        let depth = DEPTH.min(inputs - from);
        for (panel, row) in x_panels.chunks_exact_mut(depth).zip((0..rows).step_by(ROWS)) {
            pack(x, inputs, row..rows.min(row + ROWS), from, panel);
        }
        for output in (0..outputs).step_by(OUTPUTS) {
            let width = OUTPUTS.min(outputs - output);
            let weight_panel = &mut weight_panel[..depth];
            pack(weight, inputs, output..output + width, from, weight_panel);
            for (panel, row) in x_panels.chunks_exact(depth).zip((0..rows).step_by(ROWS)) {
                let sums = tile(panel, weight_panel);
                for (sums, row) in sums.iter().zip(row..rows) {
                    let y = &mut y[row * outputs + output..][..width];
                    y.iter_mut().zip(sums).for_each(|(y, sum)| *y += sum);
                }
            }
        }
    }
    y
}

/// Columns `from..` of some rows, side by side: `panel[i][r]` is row `r`, column `from + i`. Missing rows are zeros.
fn pack<const N: usize>(
    matrix: &[f32],
    columns: usize,
    rows: std::ops::Range<usize>,
    from: usize,
    panel: &mut [[f32; N]],
) {
    if rows.len() < N {
        panel.fill([0.0; N]);
    }
    for (r, row) in rows.enumerate() {
        let values = &matrix[row * columns + from..][..panel.len()];
        panel
            .iter_mut()
            .zip(values)
            .for_each(|(packed, &value)| packed[r] = value);
    }
}

/// Dot products of 4 packed rows with 8 packed outputs.
#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
pub(super) fn tile(x: &[[f32; ROWS]], weight: &[[f32; OUTPUTS]]) -> [[f32; OUTPUTS]; ROWS] {
    let mut sums: [[Lanes; 2]; ROWS] = [[zero(); 2]; ROWS];
    for (x, weight) in x.iter().zip(weight) {
        let ([left, right], _) = weight.as_chunks::<4>() else {
            continue;
        };
        let (left, right) = (load(left), load(right));
        for (sum, &x) in sums.iter_mut().zip(x) {
            let x = splat(x);
            sum[0] = multiply_add(x, left, sum[0]);
            sum[1] = multiply_add(x, right, sum[1]);
        }
    }
    sums.map(|[left, right]| {
        let mut row = [0.0; OUTPUTS];
        row[..4].copy_from_slice(&store(left));
        row[4..].copy_from_slice(&store(right));
        row
    })
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor, TensorData};
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::ops::reference;

    fn matrices() -> impl Strategy<Value = (usize, usize, usize, Vec<f32>, Vec<f32>)> {
        // Sizes around the tile's edges and across the panel's depth.
        let sizes = (
            1usize..14,
            1usize..20,
            prop_oneof![1usize..40, 500usize..530, Just(1030usize)],
        );
        sizes.prop_flat_map(|(rows, outputs, inputs)| {
            let values = |length| vec(-1.0f32..1.0, length);
            (
                Just(rows),
                Just(outputs),
                Just(inputs),
                values(rows * inputs),
                values(outputs * inputs),
            )
        })
    }

    proptest! {
        #[test]
        fn tiles_give_what_plain_burn_gives((rows, outputs, inputs, x, w) in matrices()) {
            let device = Device::flex();
            let tensor = |values: &[f32], shape| Tensor::<2>::from_data(TensorData::new(values.to_vec(), shape), &device);
            let expected = reference::linear(tensor(&x, [rows, inputs]), tensor(&w, [outputs, inputs]), None);
            let expected = expected.into_data().try_into_vec::<f32>().expect("f32");
            let found = matmul_transposed(&x, &w, rows, outputs, inputs);
            let bound = 1e-6 + 2e-7 * inputs as f32;
            for (found, expected) in found.iter().zip(&expected) {
                prop_assert!((found - expected).abs() <= bound, "{found} {expected}");
            }
            prop_assert_eq!(found.len(), expected.len());
        }
    }
}
