//! The shaders of the module `gpu` on this machine's adapter: every kernel on random shapes, the published tensors end to end, and the
//! default model beside the processor. Debian's `mesa-vulkan-drivers` bring an adapter in software (lavapipe).

mod common;

use std::{path::PathBuf, process::Command};

use common::gpu;
use gamma_wasm::{
    image::{CropChoice, CropPolicy, Pixels},
    ops,
    scorer::{ScoreOptions, Scorer},
    weights::Assembly,
};
use pollster::block_on;
use safetensors::SafeTensors;

/// Draws of shapes; each takes every kernel once, the linear layer in three forms.
const SEEDS: u64 = 200;
/// Scores, absolute.
const SCORE: f32 = 1e-4;
/// One crop.
const CENTER: CropChoice = CropChoice {
    policy: Some(CropPolicy::Center),
    crops: None,
    seed: None,
};

fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn model(path: &str) -> Scorer {
    let bytes = std::fs::read(repository(path)).expect("the weights are in the repository");
    let mut assembly = Assembly::new(ops::gpu_device());
    for piece in bytes.chunks(1 << 20) {
        assembly.push(piece).expect("valid weights");
    }
    block_on(Scorer::load(assembly.finish().expect("complete weights"))).expect("the weights fit")
}

#[test]
fn the_self_test_passes() {
    if gpu() {
        block_on(ops::self_test(&ops::gpu_device())).expect("every operation is right");
    }
}

#[test]
fn every_kernel_is_right_on_random_shapes() {
    if gpu() {
        for seed in 0..SEEDS {
            block_on(ops::random_shapes(&ops::gpu_device(), seed)).unwrap_or_else(|error| panic!("{seed}: {error}"));
        }
    }
}

#[test]
fn golden_crops_get_the_published_scores() {
    if !gpu() {
        return;
    }
    let folder = repository("tests/golden/tiny");
    let golden = std::fs::read(folder.join("golden.safetensors")).expect("the golden tensors");
    let golden = SafeTensors::deserialize(&golden).expect("golden.safetensors is valid");
    let json = std::fs::read_to_string(folder.join("golden.json")).expect("golden.json");
    let json: serde_json::Value = serde_json::from_str(&json).expect("golden.json is JSON");
    let crops = golden.tensor("crops_u8").expect("crops");
    let mut scorer = model("tests/golden/tiny/model.safetensors");
    scorer
        .read_scenes(&gamma_wasm::prompt::Tokenizer::clip())
        .expect("CLIP's vocabulary");
    let options = ScoreOptions {
        crops: CENTER,
        parity: true,
        tolerance: None,
    };
    for (index, crop) in crops.data().chunks(224 * 224 * 3).take(2).enumerate() {
        let pixels = Pixels {
            width: 224,
            height: 224,
            rgb: crop.to_vec(),
        };
        let scenes = ["generic", "natural-quality"];
        let found = block_on(scorer.score(pixels, &scenes, &options)).expect("scores");
        for (assessment, name) in found.iter().zip(["naive", "natural quality image"]) {
            let expected = json["scores"][name]["per_crop"][index].as_f64().expect("a score") as f32;
            let off = (assessment.score - expected).abs();
            assert!(off <= SCORE, "{name}, crop {index}: {} {expected}", assessment.score);
        }
    }
}

/// What the native command says of the middle of photos, on the processor. `GAMMA` names it where it is built already.
fn natively(photos: &[PathBuf]) -> Vec<f32> {
    let mut command = match std::env::var_os("GAMMA") {
        Some(gamma) => Command::new(gamma),
        None => {
            let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
            let mut cargo = Command::new(env!("CARGO"));
            cargo
                .args(["run", "--quiet", "--bin", "gamma", "--target-dir"])
                .arg(target.parent().expect("a target folder"))
                .arg("--");
            cargo
        }
    };
    let output = command
        .current_dir(repository("."))
        .args(["score", "--json", "--policy", "center"])
        .args(photos)
        .output()
        .expect("the command runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("JSON lines");
    lines
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).expect("JSON")["score"]
                .as_f64()
                .expect("a score") as f32
        })
        .collect()
}

#[test]
fn the_default_model_scores_as_on_the_processor_and_the_same_twice() {
    if !gpu() {
        return;
    }
    // An adapter in software takes a quarter of a minute for a crop.
    let photos: Vec<PathBuf> = ["lighthouse-noisy.jpg", "dog.jpg"]
        .map(|name| repository("www/samples").join(name))
        .into();
    let expected = natively(&photos);
    let scorer = model("weights/gamma-lite.safetensors");
    for (photo, expected) in photos.iter().zip(expected) {
        let bytes = std::fs::read(photo).expect("a sample");
        let score = || {
            let pixels = gamma_wasm::image::decode(&bytes, &Default::default())
                .expect("a JPEG")
                .pixels;
            let options = ScoreOptions {
                crops: CENTER,
                ..ScoreOptions::default()
            };
            block_on(scorer.score(pixels, &["natural-quality"], &options)).expect("a score")[0].score
        };
        let found = score();
        assert_eq!(found.to_bits(), score().to_bits());
        assert!(
            (found - expected).abs() <= SCORE,
            "{}: {found} {expected}",
            photo.display()
        );
    }
}
