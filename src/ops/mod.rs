//! The few operations worth code of our own. [`reference`](mod@reference) composes plain burn operations: it runs everywhere,
//! training differentiates it, and every faster kernel is tested against it.
//!
//! A build computes on one of three devices: `native`, `simd` or `gpu`, each a module with the same functions. The compiler names the one
//! that a device lacks.

mod epilogue;
mod quantized;
pub mod reference;
mod self_test;
mod transfer;

#[cfg(any(feature = "gpu", feature = "wgpu", test))]
mod conformance;
#[cfg(not(feature = "gpu"))]
mod cpu;
#[cfg(any(feature = "gpu", test))]
mod faster;

#[cfg(feature = "gpu")]
mod gpu;
#[cfg(feature = "gpu")]
use gpu as device;

#[cfg(all(not(feature = "gpu"), target_arch = "wasm32"))]
mod simd;
#[cfg(all(not(feature = "gpu"), target_arch = "wasm32"))]
use simd as device;

#[cfg(all(not(feature = "gpu"), not(target_arch = "wasm32")))]
mod native;
#[cfg(all(not(feature = "gpu"), not(target_arch = "wasm32")))]
mod open;
#[cfg(all(not(feature = "gpu"), not(target_arch = "wasm32")))]
use native as device;

use burn::tensor::Tensor;
#[cfg(feature = "train")]
pub use cpu::{batch_norm, depthwise, moments};

#[cfg(any(feature = "gpu", feature = "wgpu"))]
pub use conformance::random_shapes;
pub use epilogue::{Epilogue, Gate};
pub use gamma_kernels::{Activation, Window};
#[cfg(all(feature = "gpu", feature = "bench"))]
pub(crate) use gpu::made_matrix;
#[cfg(feature = "gpu")]
pub use gpu::{
    choose_half_precision, gpu_device, half_precision_is_faster, half_precision_is_right, shader_variants,
    use_half_precision,
};
#[cfg(feature = "cli")]
pub(crate) use open::is_cpu;
#[cfg(all(not(feature = "gpu"), not(target_arch = "wasm32")))]
pub use open::{DeviceChoice, Opened, batch, open};
pub use quantized::{Precision, QuantizedMatrix, Scales};
pub use self_test::self_test;
pub(crate) use transfer::read;
pub use transfer::{upload, upload_whole};

/// Whether quantised weights are best left in codes in memory. In the browser's modules they are, on the CPU in host memory, on the GPU
/// on the device: memory is short there, and [`linear_quantized`] costs little more than [`linear`] or less. Natively they are
/// widened once, when they are loaded.
pub const KEEPS_QUANTIZED: bool = device::KEEPS_QUANTIZED;

/// `x W^T` and what follows.
///
/// # Shapes
/// - `x`: `[rows, in]`, `weight`: `[out, in]` as checkpoints store it
/// - output: `[rows, out]`
pub fn linear(x: Tensor<2>, weight: Tensor<2>, epilogue: Epilogue) -> Tensor<2> {
    device::linear(x, weight, epilogue)
}

/// `x W^T` and what follows with a quantised matrix: in its codes or unpacked piece by piece where the device has its own linear
/// layer, else widened for this one product.
///
/// # Shapes
/// - `x`: `[rows, in]`, `weight`: `[out, in]`
/// - output: `[rows, out]`
pub fn linear_quantized(x: Tensor<2>, weight: &QuantizedMatrix, epilogue: Epilogue) -> Tensor<2> {
    device::linear_quantized(x, weight, epilogue)
}

/// What would follow the products `x` of a linear layer: `[rows, out]` → `[rows, out]`.
pub fn pointwise(x: Tensor<2>, epilogue: Epilogue) -> Tensor<2> {
    device::pointwise(x, epilogue)
}

/// Scaled dot-product attention of each head, as [`reference::attention`], whose shapes are its own.
pub fn attention(q: Tensor<3>, key_value: Tensor<3>, heads: usize, mask: Option<Tensor<2>>) -> Tensor<3> {
    device::attention(q, key_value, heads, mask)
}

/// LayerNorm over the last axis: `[..., width]`, `[width]`, `[width]` → `[..., width]`.
pub fn layer_norm<const D: usize>(x: Tensor<D>, gain: Tensor<1>, offset: Tensor<1>, epsilon: f64) -> Tensor<D> {
    device::layer_norm(x, gain, offset, epsilon)
}

/// `v * sigmoid(1.702 v)`, CLIP's activation.
pub fn quick_gelu<const D: usize>(v: Tensor<D>) -> Tensor<D> {
    device::quick_gelu(v)
}

/// The softmax over the last axis, of rows of a few numbers.
pub fn softmax<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    device::softmax(x)
}

/// The product of two matrices: `[rows, in]`, `[in, out]` → `[rows, out]`.
pub fn matmul(x: Tensor<2>, y: Tensor<2>) -> Tensor<2> {
    device::matmul(x, y)
}

/// A convolution, `SAME` padding, and ReLU6, channels last in the output.
///
/// # Shapes
/// - `x`: `[n, in, height, width]`, `weight`: `[out, in, kernel, kernel]`, `bias`: `[out]`
/// - output: `[n, height / stride, width / stride, out]`, rounded up
///
/// Gradients reach weights and bias; `x` is a photo and has none on the CPU.
pub fn convolution_relu6(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, stride: usize) -> Tensor<4> {
    device::convolution_relu6(x, weight, bias, stride)
}

/// A depthwise convolution, `SAME` padding, channels last, and ReLU6.
///
/// # Shapes
/// - `x`: `[n, height, width, channels]`, `weight`: `[channels, 1, kernel, kernel]`, `bias`: `[channels]`
/// - output: `[n, height / stride, width / stride, channels]`, rounded up
pub fn depthwise_relu6(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, stride: usize) -> Tensor<4> {
    device::depthwise_relu6(x, weight, bias, stride)
}

/// A convolution alone, channels last in the output; shapes as [`convolution_relu6`]. On burn's Flex backend.
#[cfg(feature = "train")]
pub fn convolution(x: Tensor<4>, weight: Tensor<4>, stride: usize) -> Tensor<4> {
    by_patches(cpu::patches, x, weight, Epilogue::default(), stride)
}

/// [`convolution_relu6`] as a linear layer over `patches(x, kernel, stride)`, `[n * height * width, in * kernel * kernel]`.
fn convolution_by_patches(
    patches: impl FnOnce(Tensor<4>, usize, usize) -> Tensor<2>,
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    stride: usize,
) -> Tensor<4> {
    let epilogue = Epilogue {
        bias: Some(bias),
        ..Epilogue::activated(Activation::Relu6)
    };
    by_patches(patches, x, weight, epilogue, stride)
}

fn by_patches(
    patches: impl FnOnce(Tensor<4>, usize, usize) -> Tensor<2>,
    x: Tensor<4>,
    weight: Tensor<4>,
    epilogue: Epilogue,
    stride: usize,
) -> Tensor<4> {
    let ([n, _, height, width], [out, channels, kernel, _]) = (x.dims(), weight.dims());
    let input = [height, width];
    let [height, width] = Window { input, kernel, stride }.output();
    let rows = patches(x, kernel, stride);
    linear(rows, weight.reshape([out, channels * kernel * kernel]), epilogue).reshape([n, height, width, out])
}
