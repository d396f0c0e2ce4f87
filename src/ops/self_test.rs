//! A known-answer test of a device. A GPU whose shader failed to compile answers with zeros and says nothing, and a young
//! implementation of a WebAssembly instruction may be wrong; this finds out before the first photo.

use burn::tensor::{Device, Tensor};

use super::{
    Activation, Epilogue, Precision, QuantizedMatrix, Scales, attention, layer_norm, linear, linear_quantized,
    quick_gelu, read, upload,
};
use crate::{Error, Result};

const ROWS: usize = 5;
const INNER: usize = 64;
const OUTER: usize = 12;
/// Sides of the matrix in codes.
const CODES: usize = 512;

/// How often everything is tried, each time with other numbers: there are drivers that compute the first inference right and every later
/// one wrong (google-ai-edge/LiteRT#8065).
const ROUNDS: usize = 2;

/// Small multiples of 1/8 between -1 and 1: their products and sums are exact in `f32`.
fn values(length: usize, step: usize, round: usize) -> Vec<f32> {
    (0..length)
        .map(|i| ((i * step + i / 7 + 5 * round) % 17) as f32 / 8.0 - 1.0)
        .collect()
}

fn tensor<const D: usize>(values: &[f32], shape: [usize; D], device: &Device) -> Tensor<D> {
    upload(values.to_vec(), shape, device)
}

/// Runs each operation of the forward pass on small tensors, twice with different numbers, and compares it with plain arithmetic. On a GPU
/// this takes every kernel of our own in each of its variants, so that none is left to be compiled by the first photo.
///
/// # Errors
/// [`Error::Device`] naming the operation that answered wrongly, or what the device said.
pub async fn self_test(device: &Device) -> Result<()> {
    for round in 0..ROUNDS {
        known_answers(device, round).await?;
        #[cfg(feature = "gpu")]
        super::conformance::each_kernel(device, 1 + round as u64).await?;
    }
    Ok(())
}

async fn known_answers(device: &Device, round: usize) -> Result<()> {
    let values = |length, step| values(length, step, round);
    let (x, w, b) = (values(ROWS * INNER, 5), values(OUTER * INNER, 3), values(OUTER, 11));
    let dot = |r: usize, o: usize| (0..INNER).map(|i| x[r * INNER + i] * w[o * INNER + i]).sum::<f32>();
    let pairs = (0..ROWS).flat_map(|r| (0..OUTER).map(move |o| (r, o)));

    let input = tensor(&x, [ROWS, INNER], device);
    let weight = tensor(&w, [OUTER, INNER], device);
    let epilogue = |activation| Epilogue {
        bias: Some(tensor(&b, [OUTER], device)),
        activation,
        ..Epilogue::default()
    };
    let product = linear(input.clone(), weight.clone(), epilogue(Activation::None));
    let expected: Vec<f32> = pairs.map(|(r, o)| dot(r, o) + b[o]).collect();
    check("linear", product.clone(), &expected).await?;

    let gelu: Vec<f32> = expected.iter().map(|v| v / (1.0 + (-1.702 * v).exp())).collect();
    check("quick_gelu", quick_gelu(product), &gelu).await?;
    let product = linear(input.clone(), weight, epilogue(Activation::QuickGelu));
    check("linear with quick_gelu", product, &gelu).await?;

    let (matrix, rows, expected) = codes(round)?;
    let rows = tensor(&rows, [ROWS, CODES], device);
    check(
        "linear in codes",
        linear_quantized(rows, &matrix, Epilogue::default()),
        &expected,
    )
    .await?;

    let gain = tensor(&vec![2.0; INNER], [INNER], device);
    let normed = layer_norm(input, gain, tensor(&vec![1.0; INNER], [INNER], device), 1e-5);
    let expected: Vec<f32> = x.chunks_exact(INNER).flat_map(layer_norm_row).collect();
    check("layer_norm", normed, &expected).await?;

    // One head; keys and values lie side by side.
    let rows = w.chunks_exact(INNER).zip(x.chunks_exact(INNER)).take(ROWS);
    let key_value: Vec<f32> = rows.flat_map(|(key, value)| [key, value]).flatten().copied().collect();
    let gathered = attention(
        tensor(&x, [1, ROWS, INNER], device),
        tensor(&key_value, [1, ROWS, 2 * INNER], device),
        1,
        None,
    );
    let expected: Vec<f32> = (0..ROWS).flat_map(|q| attention_row(&x, &w, q)).collect();
    check("attention", gathered.reshape([ROWS, INNER]), &expected).await
}

/// A matrix in codes, large enough for products in whole numbers, rows of whole numbers from 0 to 127, and the products.
fn codes(round: usize) -> Result<(QuantizedMatrix, Vec<f32>, Vec<f32>)> {
    const GROUP: usize = 64;
    /// So small that rounding the rows to 15 bits stays out of sight.
    const SCALE: f32 = 1.0 / (1 << 18) as f32;
    // The extremes of both lie side by side.
    let code = |at: usize| {
        if at % 9 < 3 {
            i8::MIN
        } else {
            ((at * 29 + 7 * round) % 256) as u8 as i8
        }
    };
    let codes: Vec<u8> = (0..CODES * CODES).map(|at| code(at) as u8).collect();
    let scales = Scales::F32(vec![SCALE; CODES * CODES / GROUP]);
    let matrix = QuantizedMatrix::new([CODES; 2], 8, GROUP, codes, scales, None);
    let matrix = matrix.ok_or_else(|| Error::Device("its self-test has no matrix".into()))?;
    let rows: Vec<f32> = (0..ROWS * CODES)
        .map(|at| match at % 8 {
            0 => 0.0,
            1..4 => 127.0,
            _ => ((at * 37 + 7 * round) % 128) as f32,
        })
        .collect();
    let product = |row: usize, output: usize| {
        let codes = (output * CODES..).map(code);
        let row = rows[row * CODES..][..CODES].iter();
        row.zip(codes).map(|(x, code)| *x as i32 * i32::from(code)).sum::<i32>() as f32 * SCALE
    };
    let pairs = (0..ROWS).flat_map(|row| (0..CODES).map(move |output| (row, output)));
    let expected = pairs.map(|(row, output)| product(row, output)).collect();
    Ok((matrix.with_precision(Precision::Fast), rows, expected))
}

fn layer_norm_row(row: &[f32]) -> Vec<f32> {
    let mean = row.iter().sum::<f32>() / row.len() as f32;
    let variance = row.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / row.len() as f32;
    row.iter()
        .map(|v| 2.0 * (v - mean) / (variance + 1e-5).sqrt() + 1.0)
        .collect()
}

fn attention_row(x: &[f32], keys: &[f32], query: usize) -> Vec<f32> {
    let row = |t: &[f32], r: usize, i: usize| t[r * INNER + i];
    let scores: Vec<f32> = (0..ROWS)
        .map(|k| (0..INNER).map(|i| row(x, query, i) * row(keys, k, i)).sum::<f32>() / 8.0)
        .collect();
    let top = scores.iter().copied().fold(f32::MIN, f32::max);
    let weights: Vec<f32> = scores.iter().map(|s| (s - top).exp()).collect();
    let sum: f32 = weights.iter().sum();
    (0..INNER)
        .map(|i| (0..ROWS).map(|k| weights[k] / sum * row(x, k, i)).sum())
        .collect()
}

async fn check<const D: usize>(operation: &str, tensor: Tensor<D>, expected: &[f32]) -> Result<()> {
    let found = read(tensor).await?;
    let worst = found
        .iter()
        .zip(expected)
        .map(|(f, e)| (f - e).abs())
        .fold(0.0f32, f32::max);
    if found.len() != expected.len() || !worst.is_finite() || worst > 1e-3 {
        return Err(Error::Device(format!(
            "its self-test failed: `{operation}` is off by {} thousandths",
            (worst * 1000.0) as u32
        )));
    }
    Ok(())
}
