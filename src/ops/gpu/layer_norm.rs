//! LayerNorm over the last axis: a workgroup for each row.

use burn::tensor::Tensor;
use gamma_webgpu::{Shader, in_two_axes};

use super::{
    kernel::{buffer, launch},
    texts,
};

const SOURCE: &str = include_str!("shaders/layer_norm.wgsl");

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct LayerNorm {
    /// The bits of an `f32`.
    epsilon: u32,
}

impl Shader for LayerNorm {
    fn source(&self) -> String {
        format!("const EPSILON = bitcast<f32>({}u);\n{SOURCE}", self.epsilon)
    }
}

/// `[..., width]`, `[width]`, `[width]` → `[..., width]`.
pub fn layer_norm<const D: usize>(x: Tensor<D>, gain: Tensor<1>, offset: Tensor<1>, epsilon: f64) -> Tensor<D> {
    let (shape, [width]) = (x.dims(), gain.dims());
    let rows = shape.iter().product::<usize>() / width;
    let shader = LayerNorm {
        epsilon: (epsilon as f32).to_bits(),
    };
    launch(
        shader,
        in_two_axes(rows),
        &[&buffer(x), &buffer(gain), &buffer(offset)],
        &[width, rows],
        shape,
    )
}

/// The shader of this file.
pub(super) fn variants() -> Vec<(String, String)> {
    let epsilon = 1e-5_f32.to_bits();
    texts([LayerNorm { epsilon }])
}
