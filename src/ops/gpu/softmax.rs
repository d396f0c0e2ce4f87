//! The softmax of short rows, an invocation for each.

use burn::tensor::Tensor;
use gamma_webgpu::Shader;

use super::{
    kernel::{buffer, launch},
    texts,
};

const SOURCE: &str = include_str!("shaders/softmax.wgsl");

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Softmax;

impl Shader for Softmax {
    fn source(&self) -> String {
        SOURCE.into()
    }
}

/// Over the last axis.
pub fn softmax<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let shape = x.dims();
    let width = shape[D - 1];
    let rows = shape.iter().product::<usize>() / width.max(1);
    launch(Softmax, [rows.div_ceil(64), 1, 1], &[&buffer(x)], &[rows, width], shape)
}

/// The shader of this file.
pub(super) fn variants() -> Vec<(String, String)> {
    texts([Softmax])
}
