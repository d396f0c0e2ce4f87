//! The model by burn-wgpu on this machine's adapter: the published tensors, and the default model beside the processor. Debian's
//! `libvulkan1` and `mesa-vulkan-drivers` bring an adapter in software (lavapipe). `npm run test:gpu` runs it.

#[path = "gpu/command.rs"]
mod command;
mod common;
#[path = "common/small.rs"]
mod small;
#[path = "gpu/work.rs"]
mod work;

use std::path::PathBuf;

use burn::tensor::{Device, Tensor, TensorData};
use common::{Golden, checkpoint_on, crops, prompts};
use gamma_wasm::{
    image::{CropChoice, CropPolicy},
    model::{Gamma, LevelFeatures},
    ops::{DeviceChoice, batch, open, random_shapes},
    scorer::{ScoreOptions, Scorer},
    weights::Assembly,
};
use pollster::block_on;

/// Draws of shapes; each takes every operation once, the linear layer three times.
const SEEDS: u64 = 200;
/// Scores, absolute.
const SCORE: f32 = 1e-4;

/// The GPU. Says why a test is skipped without one; `GAMMA_GPU=required` makes that a failure.
fn gpu() -> Option<Device> {
    match open(DeviceChoice::Gpu) {
        Ok(opened) => {
            println!("adapter: {}", opened.name);
            Some(opened.device)
        }
        Err(error) => {
            let required = std::env::var("GAMMA_GPU").is_ok_and(|value| value == "required");
            assert!(!required, "{error}");
            println!("skipped: {error}");
            None
        }
    }
}

/// Features and scores of crops of a golden model, all in one batch, against the published ones.
fn published_scores(name: &str, count: usize) {
    let Some(device) = gpu() else { return };
    let golden = Golden::open(name);
    let mut checkpoint = checkpoint_on(name, 1 << 20, device.clone());
    let gamma = Gamma::load(&checkpoint.config, &mut checkpoint.tensors).expect("the weights fit");
    let crops = crops().narrow(0, 0, count);
    let shape = crops.dims();
    let values = crops.into_data().try_into_vec::<f32>().expect("numbers");
    let input = Tensor::from_data(TensorData::new(values, shape), &device);
    let text = gamma.text.as_ref().expect("a text tower");
    let text = LevelFeatures::new(
        prompts(&golden).iter().map(|set| text.forward(set)).collect(),
        checkpoint.config.embed_dim,
        checkpoint.config.statistics(),
    );
    let scores = gamma
        .head
        .score(gamma.head.levels(gamma.visual.forward(input), &text))
        .transpose();
    let (all, expected) = golden.get("scores");
    let found = scores.into_data().try_into_vec::<f32>().expect("numbers");
    assert_eq!(found.len(), all[0] * count);
    for (scene, found) in found.chunks(count).enumerate() {
        for (crop, (found, expected)) in found.iter().zip(&expected[scene * all[1]..]).enumerate() {
            assert!(
                (found - expected).abs() <= SCORE,
                "scene {scene}, crop {crop}: {found} {expected}"
            );
        }
    }
}

#[test]
fn every_operation_is_right_on_random_shapes() {
    let Some(device) = gpu() else { return };
    for seed in 0..SEEDS {
        block_on(random_shapes(&device, seed)).unwrap_or_else(|error| panic!("{seed}: {error}"));
    }
}

#[test]
fn published_scores_of_tiny() {
    published_scores("tiny", 2);
}

#[test]
fn published_scores_of_micro() {
    published_scores("micro", 10);
}

#[test]
fn the_default_model_scores_as_on_the_processor_and_the_same_twice() {
    let Some(gpu) = gpu() else { return };
    let repository = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let weights = std::fs::read(repository.join("weights/gamma-lite.safetensors")).expect("the default model");
    let load = |device: &Device| {
        let mut assembly = Assembly::new(device.clone());
        assembly.push(&weights).expect("valid weights");
        block_on(Scorer::load(assembly.finish().expect("complete weights"))).expect("the weights fit")
    };
    let (here, there) = (load(&open(DeviceChoice::Cpu).expect("a processor").device), load(&gpu));
    assert_eq!([here.batch(), there.batch()], [1, batch(&gpu)]);
    for name in ["dog.jpg", "lighthouse-noisy.jpg"] {
        let bytes = std::fs::read(repository.join("www/samples").join(name)).expect("a sample");
        let score = |scorer: &Scorer| {
            let photo = gamma_wasm::image::decode(&bytes, &Default::default())
                .expect("a JPEG")
                .pixels;
            let options = ScoreOptions {
                crops: CropChoice {
                    policy: Some(CropPolicy::Center),
                    ..CropChoice::default()
                },
                ..ScoreOptions::default()
            };
            block_on(scorer.score(photo, &["natural-quality"], &options)).expect("a score")[0].score
        };
        let (expected, found) = (score(&here), score(&there));
        assert!((found - expected).abs() <= SCORE, "{name}: {found} {expected}");
        assert_eq!(found.to_bits(), score(&there).to_bits(), "{name}");
    }
}
