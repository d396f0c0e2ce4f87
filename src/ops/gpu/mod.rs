//! Kernels of our own on WebGPU, written in WGSL. Each invocation keeps a tile of the output in registers and reads its operands straight
//! from their buffers: no workgroup memory, no barrier, no subgroup. Sizes and what follows a product are numbers of a launch, not
//! text of a shader, so that a model needs few pipelines.

mod attention;
mod codes;
mod epilogue;
mod kernel;
mod layer_norm;
mod linear;
mod pointwise;

pub(super) use attention::{attention, serves_heads};
pub(super) use codes::{Codes, linear_quantized};
pub(super) use layer_norm::layer_norm;
pub(super) use linear::linear;
pub(super) use pointwise::pointwise;
