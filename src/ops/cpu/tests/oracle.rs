//! What the products of this folder are compared with: plain burn, on numbers and matrices from a seed.

use burn::tensor::{Device, Tensor, TensorData};
use gamma_kernels::{Dense, Epilogue};
use half::f16;

use crate::{
    image::random::SplitMix64,
    ops::{self, Activation, QuantizedMatrix, Scales, reference},
    weights::QuantizedLayout,
};

/// Numbers from -1 to 1.
pub fn numbers(length: usize, seed: u64) -> Vec<f32> {
    let mut random = SplitMix64::new(seed);
    (0..length).map(|_| random.up_to(2001) as f32 / 1000.0 - 1.0).collect()
}

/// With or without terms, and with one activation or another.
pub fn epilogue(rows: usize, outputs: usize, seed: u64) -> Epilogue {
    let activations = [Activation::None, Activation::Relu6, Activation::QuickGelu];
    Epilogue {
        onto: (seed & 1 == 1).then(|| numbers(rows * outputs, seed ^ 3)),
        bias: (seed & 2 == 2).then(|| numbers(outputs, seed ^ 4)),
        activation: activations[(seed >> 8) as usize % 3],
    }
}

fn tensor<const D: usize>(values: &[f32], shape: [usize; D]) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), &Device::flex())
}

/// The product and its epilogue in plain burn.
pub fn linear(x: &Dense<'_>, weight: &[f32], epilogue: &Epilogue) -> Vec<f32> {
    let [rows, inputs] = x.shape;
    let outputs = weight.len() / inputs;
    let epilogue = ops::Epilogue {
        onto: epilogue.onto.as_ref().map(|onto| tensor(onto, [rows, outputs])),
        bias: epilogue.bias.as_ref().map(|bias| tensor(bias, [outputs])),
        activation: epilogue.activation,
        ..ops::Epilogue::default()
    };
    let products = reference::linear(tensor(x.values, x.shape), tensor(weight, [outputs, inputs]), None);
    epilogue.apply(products).into_data().try_into_vec().expect("f32")
}

/// A matrix `[outputs, columns]`, cut out of a larger one, beside its weights as the layout's own unpacking makes them.
pub fn quantized(
    [outputs, columns]: [usize; 2],
    bits: u32,
    group: usize,
    base: Option<(QuantizedMatrix, Vec<f32>)>,
    seed: u64,
) -> (QuantizedMatrix, Vec<f32>) {
    let mut random = SplitMix64::new(seed);
    let layout = QuantizedLayout {
        bits,
        group,
        shape: [outputs, columns],
        base: None,
    };
    layout.check("w").expect("a layout");
    let codes: Vec<i8> = (0..outputs * columns)
        .map(|_| random.up_to(256) as u8 as i8 >> (8 - bits))
        .collect();
    let unit = 1.0 / (1u32 << bits) as f32;
    let scales: Vec<f32> = (0..layout.scale_shape().iter().product())
        .map(|_| f16::from_f32((random.up_to(199) as f32 / 99.0 - 1.003) * unit).to_f32())
        .collect();
    let mut weights = layout.dequantize(&codes, &scales);
    let scales = if random.up_to(2) == 0 {
        Scales::F16(scales.iter().map(|&scale| f16::from_f32(scale)).collect())
    } else {
        Scales::F32(scales)
    };
    let base = base.map(|(base, values)| {
        weights
            .iter_mut()
            .zip(values)
            .for_each(|(weight, base)| *weight += base);
        base
    });
    let matrix = QuantizedMatrix::new(layout.shape, bits, group, layout.pack(&codes), scales, base);
    (matrix.expect("lengths that fit"), weights)
}
