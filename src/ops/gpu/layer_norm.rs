//! LayerNorm over the last axis: a workgroup for each row.

use burn::tensor::Tensor;
use gamma_webgpu::{Shader, in_two_axes};

use super::{
    kernel::{buffer, launch},
    texts,
};

const SOURCE: &str = include_str!("shaders/layer_norm.wgsl");

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct LayerNorm;

impl Shader for LayerNorm {
    fn source(&self) -> String {
        SOURCE.into()
    }
}

/// `[..., width]`, `[width]`, `[width]` → `[..., width]`.
pub fn layer_norm<const D: usize>(x: Tensor<D>, gain: Tensor<1>, offset: Tensor<1>, epsilon: f64) -> Tensor<D> {
    let (shape, [width]) = (x.dims(), gain.dims());
    let rows = shape.iter().product::<usize>() / width;
    launch(
        LayerNorm,
        in_two_axes(rows),
        &[&buffer(x), &buffer(gain), &buffer(offset)],
        &[width, rows, (epsilon as f32).to_bits() as usize],
        shape,
    )
}

/// The shader of this file.
pub(super) fn variants() -> Vec<(String, String)> {
    texts([LayerNorm])
}
