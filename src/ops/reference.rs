//! The operations in plain burn: the slow oracle.

use burn::tensor::{Tensor, activation};

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
