//! The softmax of short rows, an invocation for each.

use burn::tensor::Tensor;
use gamma_webgpu::Shader;

use super::kernel::{buffer, launch};

const SOURCE: &str = "
struct Info { rows: u32, width: u32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<storage, read> info: Info;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= info.rows) { return; }
  let start = id.x * info.width;
  var top = x[start];
  for (var i = 1u; i < info.width; i++) { top = max(top, x[start + i]); }
  var sum = 0.0;
  for (var i = 0u; i < info.width; i++) { sum += exp(x[start + i] - top); }
  for (var i = 0u; i < info.width; i++) { y[start + i] = exp(x[start + i] - top) / sum; }
}
";

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
