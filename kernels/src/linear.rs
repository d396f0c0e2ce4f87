//! `x W^T` in tiles, in `f32`.

use std::ops::Range;

use super::{
    lanes::{load, multiply_add, splat, store, transpose, zero},
    rows::{for_each_row, share},
    sums::{Epilogue, OUTPUTS, Part, ROWS, Sums},
};

/// Depth of a packed panel: 8 outputs of it are 16 kB and stay in the first-level cache. A multiple of 8, as codes are read
/// in eights.
const DEPTH: usize = 512;
/// Numbers of `x` that are packed at a time: less than half a megabyte, which the second-level cache holds beside the weights.
const BLOCK: usize = 112 * 1024;
/// Weights that are packed as a whole: the second-level cache holds them beside the rows that meet them.
const SHALLOW: usize = 64 * 1024;

/// A matrix whose rows can be read piece by piece.
pub trait Rows: Sync {
    /// `[rows, columns]`.
    fn shape(&self) -> [usize; 2];

    /// Columns `from..` of a row, as many as `buffer` has room for; in `buffer` unless they lie in memory as they are.
    fn row<'a>(&'a self, row: usize, from: usize, buffer: &'a mut [f32]) -> &'a [f32];
}

/// Plain numbers, row by row.
pub struct Dense<'a> {
    /// `[rows, columns]`.
    pub values: &'a [f32],
    /// Rows and columns.
    pub shape: [usize; 2],
}

impl Dense<'_> {
    /// Some of the rows.
    fn some(&self, rows: Range<usize>) -> Self {
        let columns = self.shape[1];
        Self {
            values: &self.values[rows.start * columns..rows.end * columns],
            shape: [rows.len(), columns],
        }
    }
}

impl Rows for Dense<'_> {
    fn shape(&self) -> [usize; 2] {
        self.shape
    }

    fn row<'a>(&'a self, row: usize, from: usize, buffer: &'a mut [f32]) -> &'a [f32] {
        &self.values[row * self.shape[1] + from..][..buffer.len()]
    }
}

/// `activation(onto + x W^T + bias)`.
///
/// # Shapes
/// - `x`: `[rows, inputs]`, `weight`: `[outputs, inputs]`, `onto`: `[rows, outputs]`, `bias`: `[outputs]`
/// - output: `[rows, outputs]`, row-major
#[inline(never)]
pub fn matmul_transposed(x: &Dense<'_>, weight: &dyn Rows, epilogue: Epilogue) -> Vec<f32> {
    let ([_, inputs], [outputs, _]) = (x.shape(), weight.shape());
    if inputs <= DEPTH && inputs * outputs <= SHALLOW {
        shallow(x, weight, epilogue)
    } else {
        deep(x, weight, epilogue)
    }
}

/// All weights are packed before the first row; a few rows at a time then meet them, packed and gone before the first-level cache
/// is full.
fn shallow(x: &Dense<'_>, weight: &dyn Rows, mut epilogue: Epilogue) -> Vec<f32> {
    /// Rows that are packed at a time.
    const BLOCK: usize = 8 * ROWS;
    let ([rows, inputs], [outputs, _]) = (x.shape(), weight.shape());
    let mut buffer = vec![0.0; 4 * inputs];
    let mut weights = vec![[0.0; OUTPUTS]; outputs.div_ceil(OUTPUTS) * inputs];
    for (panel, output) in weights.chunks_exact_mut(inputs).zip((0..outputs).step_by(OUTPUTS)) {
        pack(weight, output..outputs, 0, &mut buffer, panel);
    }
    let onto = epilogue.onto.take();
    let added = onto.is_some();
    let multiply = |first: usize, panels: &mut [[f32; ROWS]], buffer: &mut [f32], y: &mut [f32]| {
        let count = y.len() / outputs;
        for (panel, row) in panels.chunks_exact_mut(inputs).zip((0..count).step_by(ROWS)) {
            pack(x, first + row..rows, 0, buffer, panel);
        }
        for (panel, output) in weights.chunks_exact(inputs).zip((0..outputs).step_by(OUTPUTS)) {
            multiply_panel(panels, panel, y, outputs, epilogue.of(output, added));
        }
    };
    let share = share(rows, BLOCK, rows * inputs * outputs);
    if added || share < rows {
        let mut y = onto.unwrap_or_else(|| vec![0.0; rows * outputs]);
        for_each_row(&mut y, share * outputs, |index, y| {
            let mut panels = vec![[0.0; ROWS]; BLOCK / ROWS * inputs];
            let mut buffer = vec![0.0; 4 * inputs];
            for (block, y) in y.chunks_mut(BLOCK * outputs).enumerate() {
                multiply(index * share + block * BLOCK, &mut panels, &mut buffer, y);
            }
        });
        return y;
    }
    // Written once: a vector of zeros would be a pass over memory of its own.
    let mut y = Vec::with_capacity(rows * outputs);
    let mut panels = vec![[0.0; ROWS]; BLOCK / ROWS * inputs];
    let mut block = vec![0.0; BLOCK * outputs];
    for first in (0..rows).step_by(BLOCK) {
        let block = &mut block[..BLOCK.min(rows - first) * outputs];
        multiply(first, &mut panels, &mut buffer, block);
        y.extend_from_slice(block);
    }
    y
}

/// Many rows are packed at a time, each panel of weights after it was met by all of them is gone.
fn deep(x: &Dense<'_>, weight: &dyn Rows, mut epilogue: Epilogue) -> Vec<f32> {
    let ([rows, inputs], [outputs, _]) = (x.shape(), weight.shape());
    let onto = epilogue.onto.take();
    let added = onto.is_some();
    let mut y = onto.unwrap_or_else(|| vec![0.0; rows * outputs]);
    let share = share(rows, ROWS, rows * inputs * outputs);
    for_each_row(&mut y, share * outputs, |index, y| {
        let first = index * share;
        deep_rows(&x.some(first..first + y.len() / outputs), weight, &epilogue, added, y);
    });
    y
}

/// One thread's rows. `added`: whether products are added to what `y` holds.
fn deep_rows(x: &Dense<'_>, weight: &dyn Rows, epilogue: &Epilogue, added: bool, y: &mut [f32]) {
    let ([rows, inputs], [outputs, _]) = (x.shape(), weight.shape());
    let most = DEPTH.min(inputs);
    let block = (BLOCK / most).next_multiple_of(ROWS);
    let mut buffer = vec![0.0; 4 * most];
    let mut panels = vec![[0.0; ROWS]; block.min(rows).div_ceil(ROWS) * most];
    let mut weights = vec![[0.0; OUTPUTS]; most];
    for (first, y) in (0..rows).step_by(block).zip(y.chunks_mut(block * outputs)) {
        let count = y.len() / outputs;
        for from in (0..inputs).step_by(DEPTH) {
            let depth = DEPTH.min(inputs - from);
            let panels = &mut panels[..count.div_ceil(ROWS) * depth];
            for (panel, row) in panels.chunks_exact_mut(depth).zip((0..count).step_by(ROWS)) {
                pack(x, first + row..first + count, from, &mut buffer, panel);
            }
            for output in (0..outputs).step_by(OUTPUTS) {
                let weights = &mut weights[..depth];
                pack(weight, output..outputs, from, &mut buffer, weights);
                let part = epilogue.of(output, added).part(from == 0, from + depth == inputs);
                multiply_panel(panels, weights, y, outputs, part);
            }
        }
    }
}

/// Columns `from..` of the first of some rows, side by side: `panel[i][r]` is row `r`, column `from + i`. Missing rows are zeros.
fn pack<const N: usize>(
    matrix: &(impl Rows + ?Sized),
    rows: Range<usize>,
    from: usize,
    buffer: &mut [f32],
    panel: &mut [[f32; N]],
) {
    let depth = panel.len();
    for place in (0..N).step_by(4) {
        let mut buffers = buffer.chunks_exact_mut(depth);
        let four: [&[f32]; 4] = std::array::from_fn(|r| {
            let buffer = buffers.next().unwrap_or_default();
            let row = rows.start + place + r;
            if row < rows.end {
                return matrix.row(row, from, buffer);
            }
            buffer.fill(0.0);
            buffer
        });
        let fours = four.map(|row| row.as_chunks::<4>().0);
        let (whole, rest) = panel.as_chunks_mut::<4>();
        for (at, columns) in whole.iter_mut().enumerate() {
            let columns_of = transpose(fours.map(|row| load(&row[at])));
            for (column, values) in columns.iter_mut().zip(columns_of) {
                column[place..place + 4].copy_from_slice(&store(values));
            }
        }
        for (at, column) in rest.iter_mut().enumerate() {
            for (value, row) in column[place..].iter_mut().zip(four) {
                *value = row[4 * whole.len() + at];
            }
        }
    }
}

/// Products of packed rows with one panel of weights, in its columns of `y` `[rows, outputs]`.
#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
fn multiply_panel(panels: &[[f32; ROWS]], weights: &[[f32; OUTPUTS]], y: &mut [f32], outputs: usize, part: Part) {
    let panels = panels.chunks_exact(weights.len());
    for (panel, y) in panels.zip(y.chunks_mut(ROWS * outputs)) {
        let sums = accumulate(panel, weights, part.start(y, outputs));
        part.store(sums, y, outputs);
    }
}

/// Dot products of 4 packed rows with 8 packed outputs.
#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
pub(super) fn tile(x: &[[f32; ROWS]], weights: &[[f32; OUTPUTS]]) -> [[f32; OUTPUTS]; ROWS] {
    accumulate(x, weights, [[zero(); 2]; ROWS]).map(|[left, right]| {
        let mut row = [0.0; OUTPUTS];
        row[..4].copy_from_slice(&store(left));
        row[4..].copy_from_slice(&store(right));
        row
    })
}

/// Adds to the sums of 4 rows and 8 outputs their products.
#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
#[inline]
fn accumulate(x: &[[f32; ROWS]], weights: &[[f32; OUTPUTS]], mut sums: Sums) -> Sums {
    for (x, weights) in x.iter().zip(weights) {
        let ([left, right], _) = weights.as_chunks::<4>() else {
            continue;
        };
        let (left, right) = (load(left), load(right));
        for (sum, &x) in sums.iter_mut().zip(x) {
            let x = splat(x);
            sum[0] = multiply_add(x, left, sum[0]);
            sum[1] = multiply_add(x, right, sum[1]);
        }
    }
    sums
}
