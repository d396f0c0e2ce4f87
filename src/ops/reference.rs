//! The operations in plain burn: the slow oracle.

use burn::tensor::{Tensor, activation, module::conv2d, ops::ConvOptions};

use super::Window;

/// `x W^T + b`.
///
/// # Shapes
/// - `x`: `[rows, in]`, `weight`: `[out, in]` as checkpoints store it, `bias`: `[out]`
/// - output: `[rows, out]`
pub fn linear(x: Tensor<2>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<2> {
    let y = x.matmul(weight.transpose());
    match bias {
        Some(bias) => y + bias.unsqueeze(),
        None => y,
    }
}

/// `v * sigmoid(1.702 v)`, CLIP's activation.
pub fn quick_gelu<const D: usize>(v: Tensor<D>) -> Tensor<D> {
    v.clone() * activation::sigmoid(v * 1.702)
}

/// Scaled dot-product attention of each head: `softmax(q k^T / sqrt(head) + mask) v`.
///
/// # Shapes
/// - `q`: `[batch, queries, width]`, `key_value`: `[batch, tokens, 2 width]`, keys first; heads side by side in `width`
/// - `mask`: `[queries, tokens]`, added to the scores before the softmax
/// - output: `[batch, queries, width]`
pub fn attention(q: Tensor<3>, key_value: Tensor<3>, heads: usize, mask: Option<Tensor<2>>) -> Tensor<3> {
    let [batch, queries, width] = q.dims();
    let split = |t: Tensor<3>| {
        let [_, tokens, _] = t.dims();
        t.reshape([batch, tokens, heads, width / heads]).swap_dims(1, 2)
    };
    let key = split(key_value.clone().narrow(2, 0, width));
    let value = split(key_value.narrow(2, width, width));
    let factor = ((width / heads) as f64).powf(-0.5);
    let mut scores = (split(q) * factor).matmul(key.transpose());
    if let Some(mask) = mask {
        scores = scores + mask.unsqueeze();
    }
    let gathered = activation::softmax(scores, 3).matmul(value);
    gathered.swap_dims(1, 2).reshape([batch, queries, width])
}

/// A convolution, `SAME` padding, and ReLU6: `[n, in, height, width]`, `[out, in, kernel, kernel]`, `[out]` →
/// `[n, height / stride, width / stride, out]`, rounded up.
pub fn convolution_relu6(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, stride: usize) -> Tensor<4> {
    same(x, weight, Some(bias), stride, 1)
        .permute([0, 2, 3, 1])
        .clamp(0.0, 6.0)
}

/// `min(max(x + bias, 0), 6)` of rows: `[rows, channels]`, `[channels]`.
pub fn bias_relu6(x: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    (x + bias.unsqueeze()).clamp(0.0, 6.0)
}

/// A depthwise convolution, `SAME` padding, and ReLU6: `[n, height, width, channels]`, `[channels, 1, kernel, kernel]`, `[channels]` →
/// `[n, height / stride, width / stride, channels]`, rounded up.
pub fn depthwise_relu6(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, stride: usize) -> Tensor<4> {
    let [_, _, _, channels] = x.dims();
    let y = same(x.permute([0, 3, 1, 2]), weight, Some(bias), stride, channels);
    y.permute([0, 2, 3, 1]).clamp(0.0, 6.0)
}

fn same(x: Tensor<4>, weight: Tensor<4>, bias: Option<Tensor<1>>, stride: usize, groups: usize) -> Tensor<4> {
    let ([_, _, height, width], [_, _, kernel, _]) = (x.dims(), weight.dims());
    let input = [height, width];
    let mut options = ConvOptions::new([stride; 2], [0, 0], [1, 1], groups);
    options.padding = Window { input, kernel, stride }.padding();
    conv2d(x, weight, bias, options)
}
