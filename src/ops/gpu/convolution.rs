//! Convolutions: patches as rows of a product, and depthwise ones.

use burn::tensor::Tensor;
use gamma_webgpu::{Shader, in_two_axes};

use super::{
    kernel::{buffer, launch},
    texts,
};
use crate::ops::Window;

const INFO: &str = include_str!("shaders/convolution_info.wgsl");

const PATCHES: &str = include_str!("shaders/patches.wgsl");

const DEPTHWISE: &str = include_str!("shaders/depthwise.wgsl");

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Convolution {
    Patches,
    Depthwise,
}

impl Shader for Convolution {
    fn source(&self) -> String {
        let main = match self {
            Self::Patches => PATCHES,
            Self::Depthwise => DEPTHWISE,
        };
        [INFO, main].concat()
    }
}

/// The fields of `Info`, for `count` outputs.
fn numbers(channels: usize, window: &Window, count: usize) -> [usize; 10] {
    let ([height, width], [rows, columns]) = (window.input, window.output());
    let [(above, _), (left, _)] = window.padding();
    let (kernel, stride) = (window.kernel, window.stride);
    [
        channels, height, width, rows, columns, kernel, stride, above, left, count,
    ]
}

/// The patches under a window as rows: `[n, channels, height, width]` → `[n * output height * output width, channels * kernel * kernel]`.
pub fn patches(x: Tensor<4>, kernel: usize, stride: usize) -> Tensor<2> {
    let [n, channels, height, width] = x.dims();
    let window = Window {
        input: [height, width],
        kernel,
        stride,
    };
    let [rows, columns] = window.output();
    let shape = [n * rows * columns, channels * kernel * kernel];
    let count = shape[0] * shape[1];
    launch(
        Convolution::Patches,
        in_two_axes(count.div_ceil(64)),
        &[&buffer(x)],
        &numbers(channels, &window, count),
        shape,
    )
}

/// As [`reference::depthwise_relu6`](crate::ops::reference::depthwise_relu6).
pub fn depthwise_relu6(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, stride: usize) -> Tensor<4> {
    let ([n, height, width, channels], [_, _, kernel, _]) = (x.dims(), weight.dims());
    let window = Window {
        input: [height, width],
        kernel,
        stride,
    };
    let [rows, columns] = window.output();
    let shape = [n, rows, columns, channels];
    let count: usize = shape.iter().product();
    launch(
        Convolution::Depthwise,
        in_two_axes(count.div_ceil(64)),
        &[&buffer(x), &buffer(weight), &buffer(bias)],
        &numbers(channels, &window, count),
        shape,
    )
}

/// All shaders of this file.
pub(super) fn variants() -> Vec<(String, String)> {
    texts([Convolution::Patches, Convolution::Depthwise])
}
