//! Operations on random numbers against plain arithmetic: what a GPU has to get right before its first photo, and, with random shapes
//! beside, the property test of its kernels.

mod draw;
mod oracle;
mod plain;

use burn::tensor::{Device, Tensor};
use draw::Draw;
use oracle::Rows;

use super::{Activation, Epilogue, Gate, QuantizedMatrix, Scales};
use crate::{Error, Result, ops};

/// A linear layer and what follows.
#[derive(Debug, Clone, Copy)]
struct Linear {
    rows: usize,
    inputs: usize,
    outputs: usize,
    /// Codes of so many bits in groups of so many, or `f32`.
    codes: Option<(u32, usize)>,
    /// Whether the codes are differences.
    base: bool,
    bias: bool,
    onto: bool,
    /// The number of experts.
    gate: Option<usize>,
    activation: Activation,
}

/// Every kernel once, on shapes that take each of its variants and numbers drawn with `seed`.
#[cfg(any(feature = "gpu", test))]
pub(super) async fn each_kernel(device: &Device, seed: u64) -> Result<()> {
    let draw = &mut Draw::new(seed);
    for rows in [3, 11] {
        for codes in [None, Some((8, 32)), Some((4, 64))] {
            let case = Linear {
                rows,
                inputs: 64,
                outputs: 9,
                codes,
                base: false,
                bias: true,
                onto: true,
                gate: codes.map(|_| 2),
                activation: Activation::QuickGelu,
            };
            linear(case, device, draw).await?;
        }
    }
    pointwise([5, 7], device, draw).await?;
    attention([2, 3, 5, 2, 64], true, device, draw).await?;
    layer_norm([3, 50], device, draw).await?;
    softmax([3, 5], device, draw).await?;
    convolution([1, 3, 6, 5, 4], device, draw).await?;
    depthwise([1, 6, 5, 4], device, draw).await
}

/// Every kernel on shapes drawn with `seed`, odd ones among them.
///
/// # Errors
/// [`Error::Device`] naming the operation and the shape that the device got wrong.
pub async fn random_shapes(device: &Device, seed: u64) -> Result<()> {
    let draw = &mut Draw::new(seed);
    for _ in 0..3 {
        let codes = draw.flag().then(|| (draw.size(2, 8) as u32, 8 * draw.size(1, 4)));
        let case = Linear {
            rows: draw.size(1, 40),
            inputs: match codes {
                Some((_, group)) => group * draw.size(1, 4),
                None => draw.size(1, 130),
            },
            outputs: draw.size(1, 90),
            codes,
            base: draw.flag(),
            bias: draw.flag(),
            onto: draw.flag(),
            gate: draw.flag().then(|| draw.size(1, 4)),
            activation: [Activation::None, Activation::Relu6, Activation::QuickGelu][draw.size(0, 2)],
        };
        linear(case, device, draw).await?;
    }
    pointwise([draw.size(1, 30), draw.size(1, 150)], device, draw).await?;
    let head = [draw.size(1, 20), 4 * draw.size(1, 16)][draw.size(0, 1)];
    let shape = [
        draw.size(1, 3),
        draw.size(1, 70),
        draw.size(1, 70),
        draw.size(1, 3),
        head,
    ];
    attention(shape, draw.flag(), device, draw).await?;
    layer_norm([draw.size(1, 9), draw.size(2, 200)], device, draw).await?;
    softmax([draw.size(1, 150), draw.size(1, 9)], device, draw).await?;
    let [n, channels, out] = [draw.size(1, 2), draw.size(1, 5), draw.size(1, 9)];
    let [height, width] = [draw.size(1, 15), draw.size(1, 15)];
    convolution([n, channels, height, width, out], device, draw).await?;
    depthwise([n, height, width, channels], device, draw).await?;
    let sides = [draw.size(1, 4), draw.size(1, 9), draw.size(1, 9), draw.size(1, 9)];
    plain::operations(sides, device, draw).await
}

async fn linear(case: Linear, device: &Device, draw: &mut Draw) -> Result<()> {
    let Linear {
        rows, inputs, outputs, ..
    } = case;
    let x = draw.rows(rows, inputs);
    let (weight, matrix) = match case.codes {
        None => (draw.rows(outputs, inputs), None),
        Some((bits, group)) => {
            let matrix = quantized([outputs, inputs], bits, group, case.base, draw)?;
            let weight = Rows {
                values: matrix.dequantize(),
                width: inputs,
            };
            (weight, Some(matrix))
        }
    };
    let bias = case.bias.then(|| draw.numbers(outputs));
    let onto = case.onto.then(|| draw.rows(rows, outputs));
    let gate = case
        .gate
        .map(|experts| (draw.rows(rows, experts), draw.size(0, experts - 1)));

    let products = oracle::products(&x, &weight);
    let expected = oracle::epilogue(products, &bias, &onto, &gate, case.activation);
    let epilogue = Epilogue {
        bias: bias.map(|bias| tensor(bias, [outputs], device)),
        onto: onto.map(|onto| onto.tensor(device)),
        activation: case.activation,
        gate: gate.map(|(weights, expert)| Gate {
            weights: weights.tensor(device),
            expert,
        }),
    };
    let found = match matrix {
        None => ops::linear(x.tensor(device), weight.tensor(device), epilogue),
        Some(matrix) => {
            #[cfg(feature = "gpu")]
            let matrix = matrix.on_device();
            ops::linear_quantized(x.tensor(device), &matrix, epilogue)
        }
    };
    check(case, found, &expected.values).await
}

/// Products in half precision on shapes drawn with `seed`, each beside plain arithmetic: off by no more than the rounding of so many products,
/// each of them to 11 bits, makes likely. `multiply` is the linear layer.
#[cfg(feature = "gpu")]
pub(super) async fn half_products(
    device: &Device,
    seed: u64,
    multiply: impl Fn(Tensor<2>, &QuantizedMatrix, Epilogue) -> Tensor<2>,
) -> Result<()> {
    const ROUNDING: f32 = 1.0 / 512.0;
    let draw = &mut Draw::new(seed);
    for rows in [draw.size(1, 8), draw.size(9, 40)] {
        let (bits, group) = (draw.size(2, 8) as u32, 8 * draw.size(1, 8));
        let (inputs, outputs) = (group * draw.size(1, 4), draw.size(1, 90));
        let matrix = quantized([outputs, inputs], bits, group, false, draw)?;
        let x = draw.rows(rows, inputs);
        let onto = draw.rows(rows, outputs);
        let weight = Rows {
            values: matrix.dequantize(),
            width: inputs,
        };
        let sizes = oracle::products(&x.magnitudes(), &weight.magnitudes());
        let products = oracle::products(&x, &weight);
        let expected = oracle::epilogue(products, &None, &Some(onto.clone()), &None, Activation::None);
        let found = multiply(
            x.tensor(device),
            &matrix.on_device(),
            Epilogue::onto(onto.tensor(device)),
        );
        let found = ops::read(found).await?;
        let off =
            |((found, expected), size): ((&f32, &f32), &f32)| (found - expected).abs() / (ROUNDING * (1.0 + size));
        let off = found.iter().zip(&expected.values).zip(&sizes.values).map(off);
        if found.len() != expected.values.len() || !off.clone().all(|off| off <= 1.0) {
            let worst = off.fold(0.0, f32::max);
            return Err(Error::Device(format!(
                "its test of half precision failed: {rows} rows by {outputs} x {inputs} in codes of {bits} bits are off by {worst} times what rounding does"
            )));
        }
    }
    Ok(())
}

/// Some rows of a random matrix in codes.
fn quantized(
    [rows, columns]: [usize; 2],
    bits: u32,
    group: usize,
    base: bool,
    draw: &mut Draw,
) -> Result<QuantizedMatrix> {
    let above = draw.size(0, 3);
    let all = rows + above;
    let mut matrix = |base| {
        let codes = draw.bytes(all * columns * bits as usize / 8);
        let scales = draw
            .numbers(all * columns / group)
            .iter()
            .map(|scale| scale / 64.0)
            .collect();
        QuantizedMatrix::new([all, columns], bits, group, codes, Scales::F32(scales), base)
    };
    let base = if base { matrix(None) } else { None };
    let matrix = matrix(base).ok_or_else(|| Error::Device("its self-test has no matrix".into()))?;
    Ok(matrix.slice_rows(above..all))
}

async fn pointwise([rows, outputs]: [usize; 2], device: &Device, draw: &mut Draw) -> Result<()> {
    let (x, bias) = (draw.rows(rows, outputs), Some(draw.numbers(outputs)));
    let expected = oracle::epilogue(x.clone(), &bias, &None, &None, Activation::QuickGelu);
    let epilogue = Epilogue {
        bias: bias.map(|bias| tensor(bias, [outputs], device)),
        ..Epilogue::activated(Activation::QuickGelu)
    };
    let found = ops::pointwise(x.tensor(device), epilogue);
    check(("pointwise", rows, outputs), found, &expected.values).await
}

/// `[batch, queries, tokens, heads, head]`.
async fn attention(
    [batch, queries, tokens, heads, head]: [usize; 5],
    masked: bool,
    device: &Device,
    draw: &mut Draw,
) -> Result<()> {
    let width = heads * head;
    let (q, key_value) = (draw.rows(batch * queries, width), draw.rows(batch * tokens, 2 * width));
    let mask = masked.then(|| draw.mask(queries, tokens));
    let expected = oracle::attention(&q, &key_value, &mask, [batch, heads]);
    let found = ops::attention(
        tensor(q.values, [batch, queries, width], device),
        tensor(key_value.values, [batch, tokens, 2 * width], device),
        heads,
        mask.map(|mask| mask.tensor(device)),
    );
    check(
        ("attention", batch, queries, tokens, heads, head, masked),
        found,
        &expected.values,
    )
    .await
}

async fn layer_norm([rows, width]: [usize; 2], device: &Device, draw: &mut Draw) -> Result<()> {
    let (x, gain, offset) = (draw.rows(rows, width), draw.numbers(width), draw.numbers(width));
    let expected = oracle::layer_norm(&x, &gain, &offset);
    let (gain, offset) = (tensor(gain, [width], device), tensor(offset, [width], device));
    let found = ops::layer_norm(x.tensor(device), gain, offset, oracle::EPSILON);
    check(("layer_norm", rows, width), found, &expected.values).await
}

async fn softmax([rows, width]: [usize; 2], device: &Device, draw: &mut Draw) -> Result<()> {
    let x = draw.rows(rows, width);
    let expected = oracle::softmax(&x);
    check(
        ("softmax", rows, width),
        ops::softmax(x.tensor(device)),
        &expected.values,
    )
    .await
}

/// `[n, channels, height, width, out]`.
async fn convolution([n, channels, height, width, out]: [usize; 5], device: &Device, draw: &mut Draw) -> Result<()> {
    let (kernel, stride) = ([1, 3, 5][draw.size(0, 2)], draw.size(1, 2));
    let x = draw.numbers(n * channels * height * width);
    let (weight, bias) = (draw.numbers(out * channels * kernel * kernel), draw.numbers(out));
    let window = ops::Window {
        input: [height, width],
        kernel,
        stride,
    };
    let expected = oracle::convolution(&x, [n, channels], &weight, &bias, &window);
    let found = ops::convolution_relu6(
        tensor(x, [n, channels, height, width], device),
        tensor(weight, [out, channels, kernel, kernel], device),
        tensor(bias, [out], device),
        stride,
    );
    check(("convolution", n, channels, window, out), found, &expected).await
}

/// `[n, height, width, channels]`.
async fn depthwise([n, height, width, channels]: [usize; 4], device: &Device, draw: &mut Draw) -> Result<()> {
    let (kernel, stride) = ([1, 3, 5][draw.size(0, 2)], draw.size(1, 2));
    let x = draw.numbers(n * height * width * channels);
    let (weight, bias) = (draw.numbers(channels * kernel * kernel), draw.numbers(channels));
    let window = ops::Window {
        input: [height, width],
        kernel,
        stride,
    };
    let expected = oracle::depthwise(&x, [n, channels], &weight, &bias, &window);
    let found = ops::depthwise_relu6(
        tensor(x, [n, height, width, channels], device),
        tensor(weight, [channels, 1, kernel, kernel], device),
        tensor(bias, [channels], device),
        stride,
    );
    check(("depthwise", n, channels, window), found, &expected).await
}

fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D], device: &Device) -> Tensor<D> {
    ops::upload(values, shape, device)
}

async fn check<const D: usize>(case: impl std::fmt::Debug, found: Tensor<D>, expected: &[f32]) -> Result<()> {
    let found = ops::read(found).await?;
    let pairs = found.iter().zip(expected);
    // A number that is none is far off, too.
    let off = pairs
        .map(|(f, e)| (f - e).abs() / (1.0 + e.abs()))
        .find(|off| off.is_nan() || *off >= 1e-3);
    match off {
        None if found.len() == expected.len() => Ok(()),
        off => Err(Error::Device(format!(
            "its self-test failed: {case:?} is off by {} thousandths",
            (off.filter(|off| !off.is_nan()).unwrap_or(f32::INFINITY) * 1000.0) as u32
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_burn_agrees_with_plain_arithmetic() {
        let device = Device::flex();
        pollster::block_on(each_kernel(&device, 1)).expect("every operation");
        for seed in 0..50 {
            pollster::block_on(random_shapes(&device, seed)).expect("any shape");
        }
    }
}
