//! `x W^T` in tiles.

use super::lanes::{Lanes, load, multiply_add, splat, store, zero};
use crate::ops::QuantizedMatrix;

/// Rows of `x` in a tile.
pub(super) const ROWS: usize = 4;
/// Outputs in a tile: two registers. 4 x 8 makes 8 accumulators; more than about 9 spill in V8.
pub(super) const OUTPUTS: usize = 8;
/// Depth of a packed panel: 8 outputs of it are 16 kB and stay in the first-level cache. A multiple of 8, as codes are read
/// in eights.
const DEPTH: usize = 512;

/// A matrix whose rows can be read piece by piece.
pub(super) trait Rows {
    /// `[rows, columns]`.
    fn shape(&self) -> [usize; 2];

    /// Columns `from..` of a row, as many as `buffer` has room for; in `buffer` unless they lie in memory as they are.
    fn row<'a>(&'a self, row: usize, from: usize, buffer: &'a mut [f32]) -> &'a [f32];
}

/// Plain numbers, row by row.
pub(super) struct Dense<'a> {
    pub values: &'a [f32],
    pub shape: [usize; 2],
}

impl Rows for Dense<'_> {
    fn shape(&self) -> [usize; 2] {
        self.shape
    }

    fn row<'a>(&'a self, row: usize, from: usize, buffer: &'a mut [f32]) -> &'a [f32] {
        &self.values[row * self.shape[1] + from..][..buffer.len()]
    }
}

impl Rows for QuantizedMatrix {
    fn shape(&self) -> [usize; 2] {
        self.shape()
    }

    // Unpacked once for each panel, that is once for all rows of `x`: no copy of the matrix in f32 ever exists.
    fn row<'a>(&'a self, row: usize, from: usize, buffer: &'a mut [f32]) -> &'a [f32] {
        self.row(row, from, buffer);
        buffer
    }
}

/// `y = x W^T`.
///
/// # Shapes
/// - `x`: `[rows, inputs]`, `weight`: `[outputs, inputs]`
/// - output: `[rows, outputs]`, row-major
pub(super) fn matmul_transposed(x: &Dense<'_>, weight: &impl Rows) -> Vec<f32> {
    let ([rows, inputs], [outputs, _]) = (x.shape(), weight.shape());
    let mut y = vec![0.0; rows * outputs];
    let mut x_panels = vec![[0.0; ROWS]; rows.div_ceil(ROWS) * DEPTH.min(inputs)];
    let mut weight_panel = vec![[0.0; OUTPUTS]; DEPTH.min(inputs)];
    let mut buffer = vec![0.0; DEPTH.min(inputs)];
    for from in (0..inputs).step_by(DEPTH) {
        let depth = DEPTH.min(inputs - from);
        let buffer = &mut buffer[..depth];
        for (panel, row) in x_panels.chunks_exact_mut(depth).zip((0..rows).step_by(ROWS)) {
            pack(x, row..rows.min(row + ROWS), from, buffer, panel);
        }
        for output in (0..outputs).step_by(OUTPUTS) {
            let width = OUTPUTS.min(outputs - output);
            let weight_panel = &mut weight_panel[..depth];
            pack(weight, output..output + width, from, buffer, weight_panel);
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
    matrix: &impl Rows,
    rows: std::ops::Range<usize>,
    from: usize,
    buffer: &mut [f32],
    panel: &mut [[f32; N]],
) {
    if rows.len() < N {
        panel.fill([0.0; N]);
    }
    for (r, row) in rows.enumerate() {
        let values = matrix.row(row, from, buffer);
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
    use crate::{
        ops::{Scales, reference},
        weights::QuantizedLayout,
    };

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
            let dense = |values, shape| Dense { values, shape };
            let found = matmul_transposed(&dense(&x, [rows, inputs]), &dense(&w, [outputs, inputs]));
            let bound = 1e-6 + 2e-7 * inputs as f32;
            for (found, expected) in found.iter().zip(&expected) {
                prop_assert!((found - expected).abs() <= bound, "{found} {expected}");
            }
            prop_assert_eq!(found.len(), expected.len());
        }

        #[test]
        fn quantised_tiles_give_what_their_numbers_give(case in quantised()) {
            let Quantised { matrix, weights, x, rows } = case;
            let [outputs, inputs] = matrix.shape();
            let device = Device::flex();
            let tensor = |values: &[f32], shape| Tensor::<2>::from_data(TensorData::new(values.to_vec(), shape), &device);
            let expected = reference::linear(tensor(&x, [rows, inputs]), tensor(&weights, [outputs, inputs]), None);
            let expected = expected.into_data().try_into_vec::<f32>().expect("f32");
            prop_assert_eq!(matrix.dequantize(), weights);
            let found = matmul_transposed(&Dense { values: &x, shape: [rows, inputs] }, &matrix);
            let bound = 1e-6 + 4e-7 * inputs as f32;
            for (found, expected) in found.iter().zip(&expected) {
                prop_assert!((found - expected).abs() <= bound, "{found} {expected}");
            }
            prop_assert_eq!(found.len(), expected.len());
        }
    }

    /// A slice of a quantised matrix, with or without a base, beside its weights as the layout's own unpacking makes them.
    #[derive(Debug)]
    struct Quantised {
        matrix: QuantizedMatrix,
        weights: Vec<f32>,
        x: Vec<f32>,
        rows: usize,
    }

    fn quantised() -> impl Strategy<Value = Quantised> {
        let columns = prop_oneof![1usize..20, 100usize..130, Just(300usize)].prop_map(|fours| 4 * fours);
        let sizes = (
            1usize..7,
            1usize..20,
            columns,
            2u32..=8,
            2u32..=8,
            any::<bool>(),
            any::<u64>(),
        );
        sizes.prop_map(|(rows, outputs, columns, bits, base_bits, with_base, seed)| {
            // Rows end on a byte whatever the bits if there are eights of columns; half bytes if bits are even.
            let columns = if bits % 2 == 0 && (base_bits % 2 == 0 || !with_base) {
                columns
            } else {
                columns.next_multiple_of(8)
            };
            let mut state = seed;
            let mut random = move || {
                state = state
                    .wrapping_mul(6364136223846793005)
                    .wrapping_add(1442695040888963407);
                (state >> 33) as u32
            };
            let groups: Vec<usize> = (1..=columns).filter(|group| columns % group == 0).collect();
            let mut one = |bits: u32, base: Option<QuantizedMatrix>| {
                let layout = QuantizedLayout {
                    bits,
                    group: groups[random() as usize % groups.len()],
                    shape: [outputs + 1, columns],
                    base: None,
                };
                layout.check("w").expect("a layout");
                let codes: Vec<i8> = (0..(outputs + 1) * columns)
                    .map(|_| random() as i8 >> (8 - bits))
                    .collect();
                let unit = 1.0 / (1u32 << bits) as f32;
                let scales: Vec<f32> = (0..layout.scale_shape().iter().product())
                    .map(|_| half::f16::from_f32(((random() % 199) as f32 / 99.0 - 1.003) * unit).to_f32())
                    .collect();
                let weights = layout.dequantize(&codes, &scales);
                let scales = if random() % 2 == 0 {
                    Scales::F16(scales.iter().map(|&scale| half::f16::from_f32(scale)).collect())
                } else {
                    Scales::F32(scales)
                };
                let matrix = QuantizedMatrix::new(layout.shape, bits, layout.group, layout.pack(&codes), scales, base);
                (matrix.expect("lengths that fit"), weights)
            };
            let (mut matrix, mut weights) = one(bits, None);
            if with_base {
                let (base, base_weights) = (matrix, weights);
                (matrix, weights) = one(base_bits, Some(base));
                weights
                    .iter_mut()
                    .zip(base_weights)
                    .for_each(|(weight, base)| *weight += base);
            }
            let x = (0..rows * columns)
                .map(|_| (random() % 2001) as f32 / 1000.0 - 1.0)
                .collect();
            Quantised {
                matrix: matrix.slice_rows(1..outputs + 1),
                weights: weights[columns..].to_vec(),
                x,
                rows,
            }
        })
    }
}
