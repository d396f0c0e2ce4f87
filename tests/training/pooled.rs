//! The statistics of the stem's stages in the class token.

use std::path::Path;

use burn::tensor::Tensor;
use gamma_wasm::{
    model::{Config, Stem},
    train::{Network, Parameters, config::OptimizerConfig, fold_efficientnet_lite},
};
use safetensors::SafeTensors;

use super::{
    stem::{crops, formula},
    support::{parameters, scenes},
};

/// Channels of the stages of EfficientNet-Lite0.
const CHANNELS: [usize; 7] = [16, 24, 40, 80, 112, 192, 320];
const POOLED: &str = "clip_model.visual.stem.pooled";

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    let numbers: Vec<f32> = tensor.into_data().try_into_vec().expect("f32");
    numbers.into_iter().map(f64::from).collect()
}

/// Gamma-Lite with pooled statistics, what is usual of them not what a model begins with.
fn pooled() -> Parameters {
    let mut config = Config::lite();
    let stem = config.stem.as_mut().expect("Gamma-Lite has a stem");
    stem.pooled = true;
    let mut known = fold_efficientnet_lite(stem, &formula(stem)).expect("complete weights");
    let statistics = stem.pooled_statistics();
    assert_eq!(statistics, 2 * CHANNELS.iter().sum::<usize>());
    let ramp = |from: f32| (0..statistics).map(|at| from + at as f32 / 1e3).collect::<Vec<f32>>();
    known.insert(format!("{POOLED}.mean"), (vec![statistics], ramp(-0.5)));
    known.insert(format!("{POOLED}.deviation"), (vec![statistics], ramp(0.2)));
    known.insert(
        format!("{POOLED}.linear.bias"),
        (vec![192], (0..192).map(|at| at as f32 / 100.0).collect()),
    );
    parameters(&config, known, &OptimizerConfig::default())
}

#[test]
fn the_statistics_are_those_of_the_pytorch_ports_levels() {
    let parameters = pooled();
    let network = Network::new(&parameters, &parameters.values(), &scenes()).expect("complete model");
    let found = numbers(
        network
            .gamma
            .visual
            .stem
            .statistics(crops(1, 1 << 32))
            .expect("statistics"),
    );
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/efficientnet_lite0/golden.safetensors");
    let bytes = std::fs::read(golden).expect("the golden tensors");
    let golden = SafeTensors::deserialize(&bytes).expect("valid");
    for stage in [2, 4, 6] {
        let view = golden.tensor(&format!("level.{stage}")).expect("a level");
        let begin = 2 * CHANNELS[..stage].iter().sum::<usize>();
        let pixels = view.shape()[2] * view.shape()[3];
        let level: Vec<f64> = (view.data().as_chunks::<4>().0.iter())
            .map(|&bytes| f64::from(f32::from_le_bytes(bytes)))
            .collect();
        // The port's pictures have their channels first.
        for (at, channel) in level.chunks(pixels).enumerate() {
            let mean = channel.iter().sum::<f64>() / pixels as f64;
            let variance = channel.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / pixels as f64;
            let deviation = (variance + 1e-5).sqrt();
            for (found, expected) in [
                (found[begin + at], mean),
                (found[begin + CHANNELS[stage] + at], deviation),
            ] {
                // As far as the levels themselves agree.
                let error = (found - expected).abs();
                assert!(
                    error < 2e-3 * deviation,
                    "stage {stage}, channel {at}: {found}, not {expected}"
                );
            }
        }
    }
}

#[test]
fn the_class_token_gains_a_linear_map_of_the_normalised_statistics_and_no_other_token_does() {
    let parameters = pooled();
    let value = |name: &str| {
        let mut list = parameters.list.iter();
        numbers(
            list.find(|parameter| parameter.name == name)
                .expect("a tensor")
                .values
                .clone(),
        )
    };
    let mut network = Network::new(&parameters, &parameters.values(), &scenes()).expect("complete model");
    let visual = &mut network.gamma.visual;
    let input = crops(2, 3);
    let statistics = numbers(visual.stem.statistics(input.clone()).expect("statistics"));
    let found = numbers(visual.tokens(input.clone()));
    let Stem::EfficientNetLite(stem) = &mut visual.stem else {
        panic!("another stem");
    };
    stem.pooled = None;
    let without = numbers(visual.tokens(input));
    let (class, bias) = (
        value("clip_model.visual.class_embedding"),
        value(&format!("{POOLED}.linear.bias")),
    );
    let (mean, deviation) = (value(&format!("{POOLED}.mean")), value(&format!("{POOLED}.deviation")));
    let weight = value(&format!("{POOLED}.linear.weight"));
    let (width, tokens) = (class.len(), 148);
    for crop in 0..2 {
        let of_crop = &statistics[crop * mean.len()..][..mean.len()];
        for at in 0..width {
            let row = weight[at * mean.len()..].iter().zip(of_crop).zip(&mean).zip(&deviation);
            let gain: f64 = row
                .map(|(((w, value), mean), deviation)| w * (value - mean) / deviation)
                .sum();
            let (expected, found) = (class[at] + gain + bias[at], found[crop * tokens * width + at]);
            assert!((found - expected).abs() < 1e-4, "{found}, not {expected}");
        }
        let cells = crop * tokens * width + width..(crop + 1) * tokens * width;
        assert!(found[cells.clone()] == without[cells], "other tokens change");
    }
}
