//! Convolutions: patches as rows of a product, and depthwise ones.

use burn::tensor::Tensor;
use gamma_webgpu::{Shader, in_two_axes};

use super::kernel::{buffer, launch};
use crate::ops::Window;

const INFO: &str = "
struct Info {
  channels: u32,
  height: u32,
  width: u32,
  rows: u32,
  columns: u32,
  kernel: u32,
  stride: u32,
  above: u32,
  left: u32,
  count: u32,
}
";

const PATCHES: &str = "
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<storage, read> info: Info;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.y * groups.x * 64u + id.x;
  if (at >= info.count) { return; }
  let area = info.kernel * info.kernel;
  let tap = at % area;
  let channel = at / area % info.channels;
  let pixel = at / (area * info.channels);
  // Above and to the left of the picture these wrap around, and are beyond it all the same.
  let down = pixel / info.columns % info.rows * info.stride + tap / info.kernel - info.above;
  let across = pixel % info.columns * info.stride + tap % info.kernel - info.left;
  let image = pixel / (info.columns * info.rows);
  var value = 0.0;
  if (down < info.height && across < info.width) {
    value = x[((image * info.channels + channel) * info.height + down) * info.width + across];
  }
  y[at] = value;
}
";

const DEPTHWISE: &str = "
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, read> info: Info;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.y * groups.x * 64u + id.x;
  if (at >= info.count) { return; }
  let channel = at % info.channels;
  let pixel = at / info.channels;
  let top = pixel / info.columns % info.rows * info.stride - info.above;
  let start = pixel % info.columns * info.stride - info.left;
  let image = pixel / (info.columns * info.rows) * info.height;
  let taps = channel * info.kernel * info.kernel;
  var sum = bias[channel];
  for (var j = 0u; j < info.kernel; j++) {
    if (top + j >= info.height) { continue; }
    let line = (image + top + j) * info.width;
    for (var i = 0u; i < info.kernel; i++) {
      if (start + i >= info.width) { continue; }
      sum += weight[taps + j * info.kernel + i] * x[(line + start + i) * info.channels + channel];
    }
  }
  y[at] = clamp(sum, 0.0, 6.0);
}
";

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
