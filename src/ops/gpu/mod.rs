//! Kernels of our own on WebGPU, written in WGSL. Each invocation keeps a tile of the output in registers and reads its operands straight
//! from their buffers: no workgroup memory, no barrier, no subgroup. Sizes and what follows a product are numbers of a launch, not
//! text of a shader, so that a model needs few pipelines.

mod attention;
mod burn_slot;
mod codes;
mod convolution;
mod epilogue;
mod half;
mod kernel;
mod layer_norm;
mod linear;
mod pointwise;
mod softmax;
mod template;

use burn::tensor::Tensor;

use super::{Activation, Epilogue, convolution_by_patches};

pub const KEEPS_QUANTIZED: bool = true;

pub use attention::attention;
pub use burn_slot::gpu_device;
pub use codes::{Codes, linear_quantized};
pub use convolution::depthwise_relu6;
#[cfg(feature = "bench")]
pub(crate) use half::made_matrix;
pub use half::{choose_half_precision, half_precision_is_faster, half_precision_is_right, use_half_precision};
pub use layer_norm::layer_norm;
pub use linear::linear;
pub use pointwise::pointwise;
pub use softmax::softmax;

pub fn quick_gelu<const D: usize>(v: Tensor<D>) -> Tensor<D> {
    let (shape, epilogue) = (v.dims(), Epilogue::activated(Activation::QuickGelu));
    pointwise(v.reshape([1, -1]), epilogue).reshape(shape)
}

pub fn matmul(x: Tensor<2>, y: Tensor<2>) -> Tensor<2> {
    linear(x, y.transpose(), Epilogue::default())
}

pub fn convolution_relu6(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, stride: usize) -> Tensor<4> {
    convolution_by_patches(convolution::patches, x, weight, bias, stride)
}

/// The text of every shader in each of its variants, by name: what a compiler of WGSL has to take.
pub fn shader_variants() -> Vec<(String, String)> {
    [
        linear::variants(),
        attention::variants(),
        convolution::variants(),
        layer_norm::variants(),
        pointwise::variants(),
        softmax::variants(),
    ]
    .concat()
}

/// Shaders and their text.
fn texts<S: gamma_webgpu::Shader + std::fmt::Debug>(shaders: impl IntoIterator<Item = S>) -> Vec<(String, String)> {
    shaders
        .into_iter()
        .map(|shader| (format!("{shader:?}"), shader.source()))
        .collect()
}
