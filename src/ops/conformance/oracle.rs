//! The operations in plain arithmetic, number by number.

use burn::tensor::{Device, Tensor};

use super::tensor;
use crate::ops::{Activation, Window};

pub const EPSILON: f64 = 1e-5;

/// A matrix, row by row.
#[derive(Debug, Clone)]
pub struct Rows {
    pub values: Vec<f32>,
    pub width: usize,
}

impl Rows {
    pub fn iter(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.width)
    }

    fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.width..][..self.width]
    }

    /// The absolute value of each number.
    #[cfg(feature = "gpu")]
    pub fn magnitudes(&self) -> Self {
        Self {
            values: self.values.iter().map(|value| value.abs()).collect(),
            width: self.width,
        }
    }

    pub fn tensor(&self, device: &Device) -> Tensor<2> {
        let shape = [self.values.len() / self.width, self.width];
        tensor(self.values.clone(), shape, device)
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>() as f32
}

/// `x W^T`.
pub fn products(x: &Rows, weight: &Rows) -> Rows {
    let values = x.iter().flat_map(|x| weight.iter().map(move |weight| dot(x, weight)));
    Rows {
        values: values.collect(),
        width: weight.values.len() / weight.width,
    }
}

/// As [`ops::Epilogue`](crate::ops::Epilogue).
pub fn epilogue(
    mut sums: Rows,
    bias: &Option<Vec<f32>>,
    onto: &Option<Rows>,
    gate: &Option<(Rows, usize)>,
    activation: Activation,
) -> Rows {
    let activate = |v: f32| match activation {
        Activation::None => v,
        Activation::Relu6 => v.clamp(0.0, 6.0),
        Activation::QuickGelu => v / (1.0 + (-1.702 * v).exp()),
    };
    for (at, sum) in sums.values.iter_mut().enumerate() {
        let (row, output) = (at / sums.width, at % sums.width);
        let biased = *sum + bias.as_ref().map_or(0.0, |bias| bias[output]);
        let onto = onto.as_ref().map_or(0.0, |onto| onto.values[at]);
        *sum = match gate {
            None => activate(biased + onto),
            Some((weights, expert)) => onto + weights.row(row)[*expert] * activate(biased),
        };
    }
    sums
}

pub fn softmax(x: &Rows) -> Rows {
    let row = |row: &[f32]| {
        let top = row.iter().copied().fold(f32::MIN, f32::max);
        let powers: Vec<f32> = row.iter().map(|v| (v - top).exp()).collect();
        let sum: f32 = powers.iter().sum();
        powers.into_iter().map(move |power| power / sum)
    };
    Rows {
        values: x.iter().flat_map(row).collect(),
        width: x.width,
    }
}

pub fn layer_norm(x: &Rows, gain: &[f32], offset: &[f32]) -> Rows {
    let row = |row: &[f32]| {
        let count = row.len() as f32;
        let mean = row.iter().sum::<f32>() / count;
        let variance = row.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / count;
        let deviation = (variance + EPSILON as f32).sqrt();
        let scaled = row.iter().zip(gain).zip(offset);
        let scaled = scaled.map(|((v, gain), offset)| (v - mean) / deviation * gain + offset);
        scaled.collect::<Vec<f32>>()
    };
    Rows {
        values: x.iter().flat_map(row).collect(),
        width: x.width,
    }
}

/// As [`reference::attention`](crate::ops::reference::attention), of `[batch, heads]`.
pub fn attention(q: &Rows, key_value: &Rows, mask: &Option<Rows>, [batch, heads]: [usize; 2]) -> Rows {
    let (width, head) = (q.width, q.width / heads);
    let queries = q.values.len() / width / batch;
    let tokens = key_value.values.len() / key_value.width / batch;
    let mut values = vec![0.0; q.values.len()];
    for (at, y) in values.chunks_exact_mut(head).enumerate() {
        let (row, start) = (at / heads, at % heads * head);
        let (image, query) = (row / queries, row % queries);
        let part = |token: usize, from: usize| &key_value.row(image * tokens + token)[from + start..][..head];
        let score = |token: usize| {
            let masked = mask.as_ref().map_or(0.0, |mask| mask.row(query)[token]);
            dot(&q.row(row)[start..][..head], part(token, 0)) / (head as f32).sqrt() + masked
        };
        let scores = Rows {
            values: (0..tokens).map(score).collect(),
            width: tokens,
        };
        for (token, p) in softmax(&scores).values.into_iter().enumerate() {
            y.iter_mut().zip(part(token, width)).for_each(|(y, v)| *y += p * v);
        }
    }
    Rows { values, width }
}

/// `[n, height, width, out]` of a picture `[n, channels, height, width]`.
pub fn convolution(x: &[f32], [n, channels]: [usize; 2], weight: &[f32], bias: &[f32], window: &Window) -> Vec<f32> {
    let ([height, width], kernel) = (window.input, window.kernel);
    sums(window, n, bias, |image, out, [j, i], [down, across]| {
        let place = |channel| x[((image * channels + channel) * height + down) * width + across];
        let tap = |channel| weight[((out * channels + channel) * kernel + j) * kernel + i];
        (0..channels).map(|channel| place(channel) * tap(channel)).sum()
    })
}

/// `[n, height, width, channels]` of a picture of the same layout.
pub fn depthwise(x: &[f32], [n, channels]: [usize; 2], weight: &[f32], bias: &[f32], window: &Window) -> Vec<f32> {
    let ([height, width], kernel) = (window.input, window.kernel);
    sums(window, n, bias, |image, channel, [j, i], [down, across]| {
        let place = x[((image * height + down) * width + across) * channels + channel];
        place * weight[(channel * kernel + j) * kernel + i]
    })
}

/// `relu6(bias + sum of product(image, output, tap, place))` for each place of each image, over the taps that lie on the picture.
fn sums(
    window: &Window,
    n: usize,
    bias: &[f32],
    product: impl Fn(usize, usize, [usize; 2], [usize; 2]) -> f32,
) -> Vec<f32> {
    let ([rows, columns], outputs) = (window.output(), bias.len());
    let sum = |at: usize| {
        let (output, pixel) = (at % outputs, at / outputs);
        let (column, row, image) = (pixel % columns, pixel / columns % rows, pixel / columns / rows);
        let taps = window.taps(0, row).into_iter().flat_map(|(j, down)| {
            window
                .taps(1, column)
                .into_iter()
                .map(move |(i, across)| ([j, i], [down, across]))
        });
        let sum: f32 = taps.map(|(tap, place)| product(image, output, tap, place)).sum();
        (sum + bias[output]).clamp(0.0, 6.0)
    };
    (0..n * rows * columns * outputs).map(sum).collect()
}
