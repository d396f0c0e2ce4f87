//! The operations of the forward pass, one by one.

use burn::tensor::{Device, Tensor};
use serde::Serialize;

#[cfg(feature = "gpu")]
use super::halves;
use super::{Effort, now, values};
use crate::{
    Result,
    ops::{self, Activation, Epilogue},
};

/// One kernel on one shape.
#[derive(Debug, Clone, Serialize)]
pub struct Kernel {
    /// The operation.
    pub name: &'static str,
    /// Sizes: of a linear layer rows, inputs and outputs.
    pub shape: Vec<usize>,
    /// Milliseconds of one launch, of several in a row.
    pub ms: f64,
    /// 10^12 floating-point operations a second: two for a multiplication with its addition.
    pub tflops: f64,
    /// 10^9 bytes a second that have to be read and written at least.
    pub gbytes: f64,
}

impl Kernel {
    fn new(name: &'static str, shape: &[usize], ms: f64, operations: usize, bytes: usize) -> Self {
        let a_millisecond = |count: usize| count as f64 / ms.max(f64::EPSILON);
        Self {
            name,
            shape: shape.to_vec(),
            ms,
            tflops: a_millisecond(operations) / 1e9,
            gbytes: a_millisecond(bytes) / 1e6,
        }
    }
}

fn tensor<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    ops::upload(values(shape.iter().product()).collect(), shape, device)
}

/// Milliseconds of `launch`, whose commands run in order: reading the last result waits for all of them.
async fn time<const D: usize>(effort: &Effort, launch: impl Fn() -> Tensor<D>) -> Result<f64> {
    // The first one compiles, the second one says how many fit.
    let mut count = 1;
    let mut ms = 0.0;
    for launches in 0..3 {
        let start = now();
        let mut result = launch();
        for _ in 1..count {
            result = launch();
        }
        ops::read(result.narrow(0, 0, 1)).await?;
        ms = (now() - start) / count as f64;
        if launches == 1 {
            count = effort.fitting(ms / 1e3, effort.launches);
        }
    }
    Ok(ms)
}

/// The product with a matrix of this shape, which lies on the device in codes of 8 bits.
#[cfg(feature = "gpu")]
fn in_codes(x: &Tensor<2>, shape: [usize; 2], epilogue: impl Fn() -> Epilogue) -> Result<impl Fn() -> Tensor<2>> {
    let matrix = ops::made_matrix(shape)?;
    let x = x.clone();
    Ok(move || ops::linear_quantized(x.clone(), &matrix, epilogue()))
}

async fn linear(device: &Device, effort: &Effort, found: &mut Vec<Kernel>) -> Result<()> {
    let rows = effort.rows;
    for [inputs, outputs] in [[768, 768], [768, 3072], [3072, 768]] {
        let shape = [rows, inputs, outputs];
        let operations = 2 * rows * inputs * outputs;
        let moved = rows * (inputs + outputs);
        let x = tensor([rows, inputs], device);
        let epilogue = || Epilogue::activated(Activation::QuickGelu);
        {
            let weight = tensor([outputs, inputs], device);
            let ms = time(effort, || ops::linear(x.clone(), weight.clone(), epilogue())).await?;
            let bytes = 4 * (moved + inputs * outputs);
            found.push(Kernel::new("linear, f32", &shape, ms, operations, bytes));
        }
        #[cfg(feature = "gpu")]
        for half in halves().await {
            ops::use_half_precision(half);
            let ms = time(effort, in_codes(&x, [outputs, inputs], epilogue)?).await?;
            let bytes = 4 * moved + inputs * outputs + inputs * outputs / 16;
            let name = if half { "linear, 8 bits, f16" } else { "linear, 8 bits" };
            found.push(Kernel::new(name, &shape, ms, operations, bytes));
        }
    }
    Ok(())
}

async fn attention(device: &Device, effort: &Effort, found: &mut Vec<Kernel>) -> Result<()> {
    let (heads, tokens, width) = (12, 197, 768);
    let crops = (effort.rows / tokens).max(1);
    let q = tensor([crops, tokens, width], device);
    let key_value = tensor([crops, tokens, 2 * width], device);
    let ms = time(effort, || ops::attention(q.clone(), key_value.clone(), heads, None)).await?;
    let operations = 4 * crops * tokens * tokens * width;
    let bytes = 16 * crops * tokens * width;
    let shape = [crops, tokens, width, heads];
    found.push(Kernel::new("attention", &shape, ms, operations, bytes));
    Ok(())
}

async fn pointwise(device: &Device, effort: &Effort, found: &mut Vec<Kernel>) -> Result<()> {
    let shape = [effort.rows, 768];
    let numbers: usize = shape.iter().product();
    let x = tensor(shape, device);
    let (gain, offset) = (tensor([768], device), tensor([768], device));
    let norm = || ops::layer_norm(x.clone(), gain.clone(), offset.clone(), 1e-5);
    let ms = time(effort, norm).await?;
    found.push(Kernel::new("layer_norm", &shape, ms, 8 * numbers, 8 * numbers));
    let ms = time(effort, || ops::quick_gelu(x.clone())).await?;
    found.push(Kernel::new("quick_gelu", &shape, ms, 4 * numbers, 8 * numbers));
    Ok(())
}

async fn depthwise(device: &Device, effort: &Effort, found: &mut Vec<Kernel>) -> Result<()> {
    let channels = 144;
    let shape = [(effort.rows / 197).max(1), 56, 56, channels];
    let numbers: usize = shape.iter().product();
    let x = tensor(shape, device);
    let (weight, bias) = (tensor([channels, 1, 3, 3], device), tensor([channels], device));
    let convolution = || ops::depthwise_relu6(x.clone(), weight.clone(), bias.clone(), 1);
    let ms = time(effort, convolution).await?;
    found.push(Kernel::new("depthwise 3x3", &shape, ms, 18 * numbers, 8 * numbers));
    Ok(())
}

/// Times the operations of the forward pass: on shapes of the published size, depthwise convolutions on one of Gamma-Lite.
///
/// # Errors
/// [`Error::Device`](crate::Error::Device) if the device fails.
pub async fn kernels(device: &Device, effort: &Effort) -> Result<Vec<Kernel>> {
    let mut found = Vec::new();
    linear(device, effort, &mut found).await?;
    attention(device, effort, &mut found).await?;
    pointwise(device, effort, &mut found).await?;
    depthwise(device, effort, &mut found).await?;
    Ok(found)
}
