//! Kernels of our own on WebGPU, written in WGSL. Each invocation keeps a tile of the output in registers and reads its operands straight
//! from their buffers: no workgroup memory, no barrier, no subgroup. Sizes and what follows a product are numbers of a launch, not
//! text of a shader, so that a model needs few pipelines.

mod attention;
mod codes;
mod convolution;
mod epilogue;
mod kernel;
mod layer_norm;
mod linear;
mod pointwise;
mod softmax;

pub(super) use attention::attention;
pub(super) use codes::{Codes, linear_quantized};
pub(super) use convolution::{depthwise_relu6, patches};
pub(super) use layer_norm::layer_norm;
pub(super) use linear::linear;
pub(super) use pointwise::pointwise;
pub(super) use softmax::softmax;
