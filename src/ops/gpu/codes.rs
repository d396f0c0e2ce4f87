//! Matrices in codes on the device, as the file has them: unpacked in the registers of the linear layer, never widened in memory.

use std::borrow::Cow;

use burn::tensor::Tensor;
use gamma_kernels::Codes as _;
use gamma_webgpu::{Buffer, upload};

use super::{
    half,
    linear::{Weight, launch_linear},
    pointwise::pointwise,
};
use crate::ops::{Epilogue, QuantizedMatrix, linear};

/// Codes of 8 or 4 bits; those of other widths are stored in the next wider one.
#[derive(Debug, Clone)]
pub struct Codes {
    /// Four codes of 8 bits, or eight of 4 bits less half their range, in each.
    words: Buffer,
    /// `[rows * groups]`.
    scales: Buffer,
    bits: u32,
}

impl Codes {
    /// `None` if a word would have codes of two rows or two groups.
    pub fn new(matrix: &QuantizedMatrix) -> Option<Self> {
        let ([rows, columns], group) = (matrix.shape(), matrix.group());
        if !columns.is_multiple_of(8) || !group.is_multiple_of(8) {
            return None;
        }
        let bits = if matrix.bits() > 4 { 8 } else { 4 };
        let bytes = match matrix.bits() {
            4 | 8 => Cow::Borrowed(matrix.code_bytes()),
            _ => Cow::Owned(repacked(matrix, bits)),
        };
        let scales: Vec<u8> = (0..rows)
            .flat_map(|row| (0..columns).step_by(group).map(move |column| (row, column)))
            .flat_map(|(row, column)| matrix.scale(row, column).to_le_bytes())
            .collect();
        Some(Self {
            words: upload(&bytes),
            scales: upload(&scales),
            bits,
        })
    }
}

/// The codes in `bits` bits each.
fn repacked(matrix: &QuantizedMatrix, bits: u32) -> Vec<u8> {
    let [rows, columns] = matrix.shape();
    let mut row = vec![0; columns];
    let mut bytes = Vec::with_capacity(rows * columns * bits as usize / 8);
    for index in 0..rows {
        matrix.codes(index, &mut row);
        match bits {
            8 => bytes.extend(row.iter().map(|&code| code as u8)),
            _ => bytes.extend(row.chunks_exact(2).map(|pair| {
                let [low, high] = [pair[0], pair[1]].map(|code| (code + 8) as u8);
                low | high << 4
            })),
        }
    }
    bytes
}

/// `x W^T` and what follows: `[rows, in]`, `[out, in]` → `[rows, out]`.
pub fn linear_quantized(x: Tensor<2>, matrix: &QuantizedMatrix, epilogue: Epilogue) -> Tensor<2> {
    let half = half::suits(matrix);
    linear_in(half, x, matrix, epilogue)
}

/// The same in half precision, or in single precision whatever has been chosen.
pub(super) fn linear_in(half: bool, x: Tensor<2>, matrix: &QuantizedMatrix, epilogue: Epilogue) -> Tensor<2> {
    let Some((codes, first)) = matrix.resident() else {
        let weight = matrix.to_tensor(&x.device());
        return linear(x, weight, epilogue);
    };
    // The product with the codes themselves, whatever they are a difference to.
    let product = |x, epilogue| {
        let weight = Weight::Codes {
            bits: codes.bits,
            words: &codes.words,
            scales: &codes.scales,
            first,
            group: matrix.group(),
            half,
        };
        launch_linear(x, weight, matrix.shape()[0], epilogue)
    };
    match matrix.base() {
        Some(base) => {
            let sum = linear_in(half, x.clone(), base, Epilogue::default());
            pointwise(product(x, Epilogue::onto(sum)), epilogue)
        }
        None => product(x, epilogue),
    }
}
