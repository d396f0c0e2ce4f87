//! Gradients against differences of two losses.

use std::collections::BTreeMap;

use burn::tensor::Tensor;
use gamma_wasm::{
    model::{Config, LiteStem, Variant},
    train::{
        Network, Weight,
        config::{LossConfig, OptimizerConfig},
        efficientnet_lite, fold_efficientnet_lite, loss,
    },
};

use super::{
    stem::{crops, formula},
    support::{parameters, scenes, small},
};

/// Far enough that rounding does not matter where gradients are small.
const STEP: f64 = 0.02;

/// The derivative of the loss along a direction, by gradients and by the difference of two losses, for every tensor whose
/// name fits. `longest` is the longest step along the direction.
fn gradients_are_right(
    config: &Config,
    known: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
    terms: &LossConfig,
    longest: f64,
    wanted: fn(&str) -> bool,
) {
    let parameters = parameters(config, known, &OptimizerConfig::default());
    let input = crops(3, 99);
    let value = |values: &[Tensor<1>]| {
        let network = Network::new(&parameters, values, &scenes()).expect("complete");
        let scores = network.score(input.clone(), &[0, 0, 0]);
        loss(
            scores,
            &[0.9, 0.1, 0.5],
            &[0, 0, 0],
            &[0, 1, 1],
            &[Weight::default()],
            terms,
        )
        .total
    };
    let leaves = parameters.leaves();
    let total = value(&leaves);
    let gradients = total.backward();
    let number = |t: Tensor<1>| f64::from(t.into_data().try_into_vec::<f32>().expect("f32")[0]);
    let mut checked = 0;
    for (index, parameter) in parameters.list.iter().enumerate() {
        if !wanted(&parameter.name) {
            continue;
        }
        let gradient = leaves[index].grad(&gradients).expect("a gradient");
        // Along the gradient itself the change is largest, so that rounding matters least.
        let norm = number((gradient.clone() * gradient.clone()).sum()).sqrt();
        if norm < 1e-6 {
            continue;
        }
        let direction = gradient.clone() / norm;
        let step = (1e-3 / norm).min(longest);
        let at = |sign: f64| {
            let mut values = parameters.values();
            values[index] = parameter.values.clone() + direction.clone() * (sign * step);
            number(value(&values))
        };
        let difference = (at(1.0) - at(-1.0)) / (2.0 * step);
        let error = (difference - norm).abs() / norm;
        assert!(
            error < 0.05,
            "{}: {norm} by gradients, {difference} by differences",
            parameter.name
        );
        checked += 1;
    }
    assert!(checked > 3, "only {checked} tensors have gradients");
}

#[test]
fn gradients_agree_with_finite_differences() {
    let terms = LossConfig {
        plcc: 0.3,
        rank: 0.5,
        order: 0.4,
        difference: 0.7,
        ..LossConfig::default()
    };
    gradients_are_right(&small(), BTreeMap::new(), &terms, STEP, |_| true);
}

/// A stem of few blocks, and a model on it.
fn convolutional(pooled: bool) -> (Config, LiteStem) {
    let mut config = Config::lite();
    let stem = LiteStem {
        variant: Variant::Lite0,
        levels: vec![2],
        deviations: true,
        pooled,
    };
    config.vision.context_length = 50;
    config.vision.width = 64;
    config.stem = Some(stem.clone());
    (config, stem)
}

#[test]
fn gradients_of_the_convolutional_stem_agree_with_finite_differences() {
    let (config, stem) = convolutional(false);
    let known = fold_efficientnet_lite(&stem, &formula(&stem)).expect("complete");
    // The scores of three noises are almost the same here, and the correlation of almost equal scores bends too sharply for
    // differences.
    gradients_are_right(&config, known, &LossConfig::default(), STEP, |name| {
        [
            "first.weight",
            "blocks.1.depthwise.weight",
            "blocks.3.depthwise",
            "blocks.4.expand",
            "blocks.4.project",
            "levels.",
        ]
        .iter()
        .any(|part| name.contains(part))
    });
}

#[test]
fn gradients_through_the_pooled_statistics_agree_with_finite_differences() {
    let (config, stem) = convolutional(true);
    let known = fold_efficientnet_lite(&stem, &formula(&stem)).expect("complete");
    // The root in a small deviation bends, and ReLU6 does below it: a short step, for gradients that are large.
    gradients_are_right(&config, known, &LossConfig::default(), STEP / 20.0, |name| {
        [
            "first.weight",
            "blocks.0.project.weight",
            "blocks.2.project.weight",
            "pooled.linear.weight",
            "pooled.linear.bias",
        ]
        .contains(&name.trim_start_matches("clip_model.visual.stem."))
    });
}

#[test]
fn gradients_through_batch_normalisation_agree_with_finite_differences() {
    let (config, stem) = convolutional(false);
    let known = efficientnet_lite(&stem, &formula(&stem)).expect("complete");
    gradients_are_right(&config, known, &LossConfig::default(), STEP, |name| {
        [
            "first.weight",
            "first.norm.gain",
            "blocks.1.depthwise.weight",
            "blocks.3.depthwise.bias",
            "blocks.4.expand.weight",
            "blocks.4.project.norm.gain",
        ]
        .contains(&name.trim_start_matches("clip_model.visual.stem."))
    });
}
