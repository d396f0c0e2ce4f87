//! Attention that holds four rows of a head's scores at a time, never the whole matrix, and reads queries, keys and values
//! where the linear layers left them.

use super::{
    exp::exp,
    lanes::{add, load, maximum, multiply_add, splat, store},
    linear::tile,
    rows::{for_each_row, share},
    sums::{OUTPUTS, ROWS},
};

/// Lengths of one call.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// Tokens that ask.
    pub queries: usize,
    /// Tokens that are asked.
    pub tokens: usize,
    /// Heads.
    pub heads: usize,
    /// Width of one head.
    pub head: usize,
}

impl Sizes {
    fn width(&self) -> usize {
        self.heads * self.head
    }
}

/// `softmax(q k^T / sqrt(head) + mask) v`, head by head; sequences of a batch are independent of each other.
///
/// # Shapes
/// - `q`: `[batch, queries, heads * head]`
/// - `key_value`: `[batch, tokens, 2 * heads * head]`, keys first
/// - `mask`: `[queries, tokens]`
/// - output: as `q`
#[inline(never)]
pub fn attention(q: &[f32], key_value: &[f32], mask: Option<&[f32]>, sizes: Sizes) -> Vec<f32> {
    let Sizes { queries, tokens, .. } = sizes;
    let width = sizes.width();
    let mut output = vec![0.0; q.len()];
    let sequences = q.chunks_exact((queries * width).max(1));
    let sequences = sequences.zip(key_value.chunks_exact((2 * tokens * width).max(1)));
    for ((q, key_value), output) in sequences.zip(output.chunks_exact_mut((queries * width).max(1))) {
        let share = share(queries, ROWS, 2 * queries * tokens * width);
        for_each_row(output, share * width, |index, output| {
            let rows = index * share..index * share + output.len() / width;
            let mask = mask.map(|mask| &mask[rows.start * tokens..rows.end * tokens]);
            let q = &q[rows.start * width..rows.end * width];
            sequence(
                q,
                key_value,
                mask,
                Sizes {
                    queries: rows.len(),
                    ..sizes
                },
                output,
            );
        });
    }
    output
}

/// Some queries of one sequence.
#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
fn sequence(q: &[f32], key_value: &[f32], mask: Option<&[f32]>, sizes: Sizes, output: &mut [f32]) {
    let Sizes {
        queries,
        tokens,
        heads,
        head,
        ..
    } = sizes;
    let width = sizes.width();
    let mut keys = vec![[0.0; OUTPUTS]; tokens.div_ceil(OUTPUTS) * head];
    let mut values = vec![[0.0; OUTPUTS]; head.div_ceil(OUTPUTS) * tokens];
    let mut query = vec![[0.0; ROWS]; head];
    let mut weights = vec![[0.0; ROWS]; tokens];
    for from in (0..heads).map(|index| index * head) {
        pack(key_value, from, sizes, &mut keys, &mut values);
        for first in (0..queries).step_by(ROWS) {
            let rows = ROWS.min(queries - first);
            query.fill([0.0; ROWS]);
            for row in 0..rows {
                let values = &q[(first + row) * width + from..][..head];
                let factor = (head as f32).sqrt().recip();
                query
                    .iter_mut()
                    .zip(values)
                    .for_each(|(query, value)| query[row] = value * factor);
            }
            score(&query, &keys, &mut weights);
            if let Some(mask) = mask {
                for row in 0..rows {
                    let mask = &mask[(first + row) * tokens..][..tokens];
                    weights
                        .iter_mut()
                        .zip(mask)
                        .for_each(|(weights, mask)| weights[row] += mask);
                }
            }
            let sums = softmax(&mut weights);
            for (values, column) in values.chunks_exact(tokens).zip((0..head).step_by(OUTPUTS)) {
                let gathered = tile(&weights, values);
                let count = OUTPUTS.min(head - column);
                for ((gathered, sum), row) in gathered.iter().zip(sums).zip(first..first + rows) {
                    let output = &mut output[row * width + from + column..][..count];
                    output
                        .iter_mut()
                        .zip(gathered)
                        .for_each(|(output, value)| *output = value / sum);
                }
            }
        }
    }
}

/// Keys and values of the head whose columns begin at `from`, as panels: keys `[tokens / 8][head][8]`, values
/// `[head / 8][tokens][8]`.
fn pack(key_value: &[f32], from: usize, sizes: Sizes, keys: &mut [[f32; OUTPUTS]], values: &mut [[f32; OUTPUTS]]) {
    let (width, head, tokens) = (sizes.width(), sizes.head, sizes.tokens);
    for (token, row) in key_value.chunks_exact(2 * width).enumerate() {
        let panel = &mut keys[token / OUTPUTS * head..][..head];
        let key = &row[from..][..head];
        panel
            .iter_mut()
            .zip(key)
            .for_each(|(panel, &key)| panel[token % OUTPUTS] = key);
        for (panel, value) in row[width + from..][..head].chunks(OUTPUTS).enumerate() {
            values[panel * tokens + token][..value.len()].copy_from_slice(value);
        }
    }
}

/// Scores of four queries with all tokens: `weights[token][query]`.
#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
fn score(query: &[[f32; ROWS]], keys: &[[f32; OUTPUTS]], weights: &mut [[f32; ROWS]]) {
    for (keys, weights) in keys.chunks_exact(query.len()).zip(weights.chunks_mut(OUTPUTS)) {
        let scores = tile(query, keys);
        for (token, weights) in weights.iter_mut().enumerate() {
            *weights = std::array::from_fn(|row| scores[row][token]);
        }
    }
}

/// Scores to weights before their division by their sums, which are returned; the four queries side by side.
#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
fn softmax(weights: &mut [[f32; ROWS]]) -> [f32; ROWS] {
    let top = weights
        .iter()
        .fold(splat(f32::MIN), |top, scores| maximum(top, load(scores)));
    let mut sum = splat(0.0);
    for scores in weights.iter_mut() {
        let weight = exp(multiply_add(top, splat(-1.0), load(scores)));
        sum = add(sum, weight);
        *scores = store(weight);
    }
    store(sum)
}
