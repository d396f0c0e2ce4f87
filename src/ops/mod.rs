//! The few operations worth code of our own. [`reference`] composes plain burn operations: it runs everywhere,
//! training differentiates it, and every faster kernel is tested against it.

#[cfg(all(feature = "cpu", not(feature = "gpu")))]
#[cfg_attr(
    not(target_arch = "wasm32"),
    allow(dead_code, reason = "natively burn's own are used, and these only tested")
)]
mod cpu;
mod epilogue;
#[cfg(feature = "gpu")]
mod gpu;
mod quantized;
pub mod reference;
mod self_test;
#[cfg(any(feature = "gpu", test))]
mod trial;
mod upload;

use burn::tensor::Tensor;

pub use epilogue::{Epilogue, Gate};
pub use gamma_kernels::{Activation, Window};
pub use quantized::{Precision, QuantizedMatrix, Scales};
pub(crate) use self_test::read;
pub use self_test::self_test;
#[cfg(feature = "gpu")]
pub use trial::random_shapes;
pub use upload::{upload, upload_whole};

/// `x W^T` and what follows, by the fastest way that this build has.
///
/// # Shapes
/// - `x`: `[rows, in]`, `weight`: `[out, in]` as checkpoints store it
/// - output: `[rows, out]`
pub fn linear(x: Tensor<2>, weight: Tensor<2>, epilogue: Epilogue) -> Tensor<2> {
    #[cfg(feature = "gpu")]
    {
        gpu::linear(x, weight, epilogue)
    }
    #[cfg(not(feature = "gpu"))]
    {
        let (epilogue, gated) = epilogue.split();
        #[cfg(all(feature = "cpu", target_arch = "wasm32"))]
        let y = cpu::matmul_transposed(x, weight, epilogue);
        #[cfg(not(all(feature = "cpu", target_arch = "wasm32")))]
        let y = epilogue.apply(reference::linear(x, weight, None));
        gated.apply(y)
    }
}

/// `x W^T` and what follows with a quantised matrix: in its codes or unpacked piece by piece where this build has its own linear
/// layer, else widened for this one product.
///
/// # Shapes
/// - `x`: `[rows, in]`, `weight`: `[out, in]`
/// - output: `[rows, out]`
pub fn linear_quantized(x: Tensor<2>, weight: &QuantizedMatrix, epilogue: Epilogue) -> Tensor<2> {
    #[cfg(all(feature = "cpu", not(feature = "gpu"), target_arch = "wasm32"))]
    {
        let (epilogue, gated) = epilogue.split();
        gated.apply(cpu::matmul_quantized(x, weight.clone(), epilogue))
    }
    #[cfg(feature = "gpu")]
    {
        gpu::linear_quantized(x, weight, epilogue)
    }
    #[cfg(not(any(feature = "gpu", all(feature = "cpu", target_arch = "wasm32"))))]
    {
        let weight = weight.to_tensor(&x.device());
        linear(x, weight, epilogue)
    }
}

/// What would follow the products `x` of a linear layer: `[rows, out]` → `[rows, out]`.
pub fn pointwise(x: Tensor<2>, epilogue: Epilogue) -> Tensor<2> {
    #[cfg(feature = "gpu")]
    {
        gpu::pointwise(x, epilogue)
    }
    #[cfg(not(feature = "gpu"))]
    {
        let (epilogue, gated) = epilogue.split();
        gated.apply(epilogue.apply(x))
    }
}

/// Scaled dot-product attention of each head, as [`reference::attention`], whose shapes are its own.
pub fn attention(q: Tensor<3>, key_value: Tensor<3>, heads: usize, mask: Option<Tensor<2>>) -> Tensor<3> {
    #[cfg(feature = "gpu")]
    {
        gpu::attention(q, key_value, heads, mask)
    }
    #[cfg(all(feature = "cpu", not(feature = "gpu"), target_arch = "wasm32"))]
    {
        cpu::attention(q, key_value, heads, mask)
    }
    #[cfg(not(any(feature = "gpu", all(feature = "cpu", target_arch = "wasm32"))))]
    reference::attention(q, key_value, heads, mask)
}

/// LayerNorm over the last axis: `[..., width]`, `[width]`, `[width]` → `[..., width]`.
pub fn layer_norm<const D: usize>(x: Tensor<D>, gain: Tensor<1>, offset: Tensor<1>, epsilon: f64) -> Tensor<D> {
    #[cfg(feature = "gpu")]
    {
        gpu::layer_norm(x, gain, offset, epsilon)
    }
    #[cfg(all(feature = "cpu", not(feature = "gpu"), target_arch = "wasm32"))]
    {
        cpu::layer_norm(x, gain, offset, epsilon as f32)
    }
    #[cfg(not(any(feature = "gpu", all(feature = "cpu", target_arch = "wasm32"))))]
    burn::tensor::module::layer_norm(x, gain, Some(offset), epsilon)
}

/// `v * sigmoid(1.702 v)`, CLIP's activation.
pub fn quick_gelu<const D: usize>(v: Tensor<D>) -> Tensor<D> {
    #[cfg(all(feature = "cpu", not(feature = "gpu"), target_arch = "wasm32"))]
    {
        cpu::quick_gelu(v)
    }
    #[cfg(feature = "gpu")]
    {
        let (shape, epilogue) = (v.dims(), Epilogue::activated(Activation::QuickGelu));
        pointwise(v.reshape([1, -1]), epilogue).reshape(shape)
    }
    #[cfg(not(any(feature = "gpu", all(feature = "cpu", target_arch = "wasm32"))))]
    reference::quick_gelu(v)
}

/// The softmax over the last axis, of rows of a few numbers.
pub fn softmax<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    #[cfg(feature = "gpu")]
    {
        gpu::softmax(x)
    }
    #[cfg(not(feature = "gpu"))]
    burn::tensor::activation::softmax(x, D - 1)
}

/// The product of two matrices: `[rows, in]`, `[in, out]` → `[rows, out]`.
pub fn matmul(x: Tensor<2>, y: Tensor<2>) -> Tensor<2> {
    #[cfg(feature = "gpu")]
    {
        linear(x, y.transpose(), Epilogue::default())
    }
    #[cfg(not(feature = "gpu"))]
    x.matmul(y)
}

/// A convolution, `SAME` padding, and ReLU6, channels last in the output.
///
/// # Shapes
/// - `x`: `[n, in, height, width]`, `weight`: `[out, in, kernel, kernel]`, `bias`: `[out]`
/// - output: `[n, height / stride, width / stride, out]`, rounded up
///
/// Gradients reach weights and bias; `x` is a photo and has none on the CPU.
pub fn convolution_relu6(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, stride: usize) -> Tensor<4> {
    #[cfg(any(feature = "cpu", feature = "gpu"))]
    if stem_kernels(&x.device()) {
        let ([n, _, height, width], [out, channels, kernel, _]) = (x.dims(), weight.dims());
        let input = [height, width];
        let [height, width] = Window { input, kernel, stride }.output();
        #[cfg(feature = "gpu")]
        let rows = gpu::patches(x, kernel, stride);
        #[cfg(not(feature = "gpu"))]
        let rows = cpu::patches(x, kernel, stride);
        let epilogue = Epilogue {
            bias: Some(bias),
            ..Epilogue::activated(Activation::Relu6)
        };
        let y = linear(rows, weight.reshape([out, channels * kernel * kernel]), epilogue);
        return y.reshape([n, height, width, out]);
    }
    reference::convolution_relu6(x, weight, bias, stride)
}

/// `min(max(x + bias, 0), 6)` of rows: `[rows, channels]`, `[channels]`.
#[cfg(not(feature = "gpu"))]
fn bias_relu6(x: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    #[cfg(all(feature = "cpu", not(target_arch = "wasm32")))]
    if stem_kernels(&x.device()) {
        return cpu::bias_relu6(x, bias);
    }
    reference::bias_relu6(x, bias)
}

/// A depthwise convolution, `SAME` padding, channels last, and ReLU6.
///
/// # Shapes
/// - `x`: `[n, height, width, channels]`, `weight`: `[channels, 1, kernel, kernel]`, `bias`: `[channels]`
/// - output: `[n, height / stride, width / stride, channels]`, rounded up
pub fn depthwise_relu6(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, stride: usize) -> Tensor<4> {
    #[cfg(any(feature = "cpu", feature = "gpu"))]
    if stem_kernels(&x.device()) {
        #[cfg(feature = "gpu")]
        return gpu::depthwise_relu6(x, weight, bias, stride);
        #[cfg(not(feature = "gpu"))]
        return cpu::depthwise_relu6(x, weight, bias, stride);
    }
    reference::depthwise_relu6(x, weight, bias, stride)
}

/// Whether the stem's kernels serve this device: a module for WebGPU has no other.
#[cfg(feature = "gpu")]
fn stem_kernels(_: &burn::tensor::Device) -> bool {
    true
}

/// Whether the stem's kernels serve this device: they know burn's Flex backend alone, and a build may have LibTorch beside it.
#[cfg(all(feature = "cpu", not(feature = "gpu")))]
fn stem_kernels(device: &burn::tensor::Device) -> bool {
    use burn::tensor::Device;
    #[cfg(feature = "train")]
    let with_gradients = *device == Device::flex().autodiff();
    #[cfg(not(feature = "train"))]
    let with_gradients = false;
    with_gradients || *device == Device::flex()
}

/// Whether quantised weights are best left in codes in memory. In the browser's modules they are, on the CPU in host memory, on the GPU
/// on the device: memory is short there, and [`linear_quantized`] costs little more than [`linear`] or less. Elsewhere they are
/// widened once, when they are loaded.
pub const fn keeps_quantized() -> bool {
    cfg!(any(feature = "gpu", all(feature = "cpu", target_arch = "wasm32")))
}
