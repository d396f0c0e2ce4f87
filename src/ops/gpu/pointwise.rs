//! What follows the products of a linear layer, where there are no products.

use burn::tensor::Tensor;
use gamma_webgpu::Shader;

use super::{
    epilogue::{EPILOGUE, Operands},
    kernel::{buffer, launch},
    texts,
};
use crate::ops::Epilogue;

const SOURCE: &str = include_str!("shaders/pointwise.wgsl");

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Pointwise;

impl Shader for Pointwise {
    fn source(&self) -> String {
        [EPILOGUE, SOURCE].concat()
    }
}

/// `[rows, out]` → `[rows, out]`.
pub fn pointwise(x: Tensor<2>, epilogue: Epilogue) -> Tensor<2> {
    let [rows, outputs] = x.dims();
    let x = buffer(x);
    let operands = Operands::new(epilogue, [rows, 0, outputs]);
    let [bias, onto, gate] = operands.buffers(&x);
    launch(
        Pointwise,
        [outputs.div_ceil(64), rows, 1],
        &[&x, bias, onto, gate],
        &[operands.numbers.as_slice(), &[0, 0]].concat(),
        [rows, outputs],
    )
}

/// The shader of this file.
pub(super) fn variants() -> Vec<(String, String)> {
    texts([Pointwise])
}
