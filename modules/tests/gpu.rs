//! The shaders of the module `gpu` on this machine's adapter: every kernel on random shapes, the published tensors end to end, and the
//! default model beside the processor. Debian's `mesa-vulkan-drivers` bring an adapter in software (lavapipe).

mod common;

use std::{
    cmp::Reverse,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

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

/// A file, by its path in the repository or by a whole one.
fn read(path: impl AsRef<Path>) -> Vec<u8> {
    let path = repository(".").join(path);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn model(bytes: &[u8]) -> Scorer {
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
fn half_precision_is_right_on_random_shapes() {
    if !gpu() {
        return;
    }
    if !block_on(gamma_webgpu::open()).expect("it is open").has_half() {
        println!("skipped: this adapter has no half precision");
        return;
    }
    for seed in 0..SEEDS {
        block_on(ops::half_precision_is_right(&ops::gpu_device(), seed))
            .unwrap_or_else(|error| panic!("{seed}: {error}"));
    }
    // What this adapter is faster by is its own affair; it has to answer.
    let start = Instant::now();
    let now = || start.elapsed().as_secs_f64() * 1e3;
    let faster = block_on(ops::half_precision_is_faster(&ops::gpu_device(), now)).expect("the GPU answers");
    println!("half precision is {}faster", if faster { "" } else { "not " });
}

/// The first `count` golden crops, which all golden models look at.
fn golden_crops(count: usize) -> Vec<Pixels> {
    let file = read("tests/golden/tiny/golden.safetensors");
    let file = SafeTensors::deserialize(&file).expect("golden.safetensors is valid");
    let crops = file.tensor("crops_u8").expect("crops");
    let crops = crops.data().chunks(224 * 224 * 3).take(count);
    crops
        .map(|crop| Pixels {
            width: 224,
            height: 224,
            rgb: crop.to_vec(),
        })
        .collect()
}

/// `expected`: for each scene, the score of each crop.
fn score_as_published(scorer: &Scorer, scenes: &[&str], crops: Vec<Pixels>, expected: &[Vec<f32>]) {
    let options = ScoreOptions {
        crops: CENTER,
        parity: true,
        tolerance: None,
    };
    for (index, crop) in crops.into_iter().enumerate() {
        let found = block_on(scorer.score(crop, scenes, &options)).expect("scores");
        for ((assessment, scene), expected) in found.iter().zip(scenes).zip(expected) {
            let (found, expected) = (assessment.score, expected[index]);
            assert!(
                (found - expected).abs() <= SCORE,
                "{scene}, crop {index}: {found} {expected}"
            );
        }
    }
}

#[test]
fn golden_crops_get_the_published_scores_of_tiny() {
    if !gpu() {
        return;
    }
    let json: serde_json::Value = serde_json::from_slice(&read("tests/golden/tiny/golden.json")).expect("JSON");
    let mut scorer = model(&read("tests/golden/tiny/model.safetensors"));
    scorer
        .read_scenes(&gamma_wasm::prompt::Tokenizer::clip())
        .expect("CLIP's vocabulary");
    let published = |prompts: &str| -> Vec<f32> {
        serde_json::from_value(json["scores"][prompts]["per_crop"].clone()).expect("a score for each crop")
    };
    let expected = ["naive", "natural quality image"].map(published);
    score_as_published(&scorer, &["generic", "natural-quality"], golden_crops(2), &expected);
}

#[test]
fn golden_crops_get_the_published_scores_of_micro() {
    if !gpu() {
        return;
    }
    let folder = std::env::temp_dir().join(format!("gamma-micro-{}", std::process::id()));
    let checkpoint = "tests/golden/micro/gamma_micro.pth";
    gamma(|command| {
        command
            .args(["convert", checkpoint, "--dtype", "f32", "--out"])
            .arg(&folder)
    });
    let mut scorer = model(&read(folder.join("model.safetensors")));
    std::fs::remove_dir_all(folder).expect("the converted model goes");
    let golden = read("tests/golden/micro/golden.safetensors");
    let golden = SafeTensors::deserialize(&golden).expect("golden.safetensors is valid");
    let words = |name| golden.tensor(name).expect(name).data().as_chunks::<4>().0.to_vec();
    // The vocabulary is its own: three scenes of the model get the tokens of the published prompts.
    let tokens: Vec<u32> = words("text.token_ids").into_iter().map(u32::from_le_bytes).collect();
    let scenes: Vec<_> = scorer.unread_scenes().take(3).cloned().collect();
    for (scene, set) in scenes.iter().zip(tokens.chunks(5 * 77)) {
        // A prompt ends with the largest token.
        let prompt = |row: &[u32]| {
            let end = row.iter().enumerate().max_by_key(|&(at, &token)| (token, Reverse(at)));
            row[..=end.expect("a token").0].to_vec()
        };
        let prompts: Vec<Vec<u32>> = set.chunks(77).map(prompt).collect();
        scorer.read_scene(scene.clone(), &prompts).expect("prompts");
    }
    let scores: Vec<f32> = words("scores").into_iter().map(f32::from_le_bytes).collect();
    let expected: Vec<Vec<f32>> = scores.chunks(10).map(<[f32]>::to_vec).collect();
    let ids: Vec<&str> = scenes.iter().map(|scene| scene.id.as_str()).collect();
    score_as_published(&scorer, &ids, golden_crops(10), &expected);
}

/// What the native command prints, on the processor. `GAMMA` names it where it is built already.
fn gamma(arguments: impl FnOnce(&mut Command) -> &mut Command) -> String {
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
    let output = arguments(command.current_dir(repository(".")))
        .output()
        .expect("the command runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// Scores of the middle of photos.
fn natively(photos: &[PathBuf]) -> Vec<f32> {
    let lines = gamma(|command| command.args(["score", "--json", "--policy", "center"]).args(photos));
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
    let scorer = model(&read("weights/gamma-lite.safetensors"));
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
