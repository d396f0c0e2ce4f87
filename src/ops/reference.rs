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

/// Scaled dot-product attention: `softmax(q k^T / sqrt(head) + mask) v`.
///
/// # Shapes
/// - `q`: `[batch, heads, queries, head]`, `k` and `v`: `[batch, heads, tokens, head]`
/// - `mask`: `[queries, tokens]`, added to the scores before the softmax
/// - output: `[batch, heads, queries, head]`
pub fn attention(q: Tensor<4>, k: Tensor<4>, v: Tensor<4>, mask: Option<Tensor<2>>) -> Tensor<4> {
    let [_, _, _, head] = q.dims();
    let mut scores = (q * (head as f64).powf(-0.5)).matmul(k.transpose());
    if let Some(mask) = mask {
        scores = scores + mask.unsqueeze();
    }
    activation::softmax(scores, 3).matmul(v)
}
