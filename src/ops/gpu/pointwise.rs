//! What follows the products of a linear layer, where there are no products.

use burn::tensor::Tensor;
use gamma_webgpu::Shader;

use super::{
    epilogue::{EPILOGUE, Operands},
    kernel::{buffer, launch},
};
use crate::ops::Epilogue;

const SOURCE: &str = "
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> bias: array<f32>;
@group(0) @binding(2) var<storage, read> onto: array<f32>;
@group(0) @binding(3) var<storage, read> gate: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read> info: Info;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < info.outputs) { store(id.y, id.x, x[id.y * info.outputs + id.x]); }
}
";

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
