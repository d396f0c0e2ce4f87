//! `gamma eval`, `gamma convert` and `gamma train` on a GPU beside the processor.

use std::fs;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use serde_json::Value;

use super::command::{json, printed};
use super::gpu;
use super::small::{NETWORK, eight_photos};

/// An empty folder of a test's own.
fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("gpu").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("a folder");
    path
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// Both are the same but for numbers, which differ by `tolerance` at most.
#[track_caller]
fn agree(expected: &Value, found: &Value, tolerance: f64) {
    match (expected, found) {
        (Value::Object(a), Value::Object(b)) => {
            assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
            a.iter().for_each(|(key, value)| agree(value, &b[key], tolerance));
        }
        (Value::Array(a), Value::Array(b)) => {
            assert_eq!(a.len(), b.len());
            a.iter().zip(b).for_each(|(a, b)| agree(a, b, tolerance));
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().expect("a number"), b.as_f64().expect("a number"));
            assert!((a - b).abs() <= tolerance, "{a} {b}");
        }
        _ => assert_eq!(expected, found),
    }
}

#[test]
fn figures_of_an_evaluation_are_those_of_the_processor() {
    if gpu().is_none() {
        return;
    }
    let csv = folder("eval").join("labels.csv");
    let labels = "image,mos\ndog.jpg,70\nlighthouse.webp,80\nlighthouse-noisy.jpg,40\nlighthouse-compressed.jpg,20\n";
    fs::write(&csv, labels).expect("written");
    let report = |device: &str| {
        let fixed = [
            "eval",
            "--images",
            "www/samples",
            "--policy",
            "center",
            "--json",
            "--csv",
            text(&csv),
        ];
        let mut report = json(&printed(&[&fixed[..], &["--device", device]].concat()));
        // What it took.
        report["seconds"] = Value::Null;
        report
    };
    agree(&report("cpu"), &report("gpu"), 1e-3);
}

#[test]
fn prompts_that_a_conversion_reads_have_the_features_of_the_processor() {
    if gpu().is_none() {
        return;
    }
    let folder = folder("convert");
    let convert = |device: &str| {
        let out = folder.join(device);
        let model = "tests/golden/tiny/model.safetensors";
        let scenes = "natural-quality,generic";
        let fixed = ["convert", model, "--dtype", "f32", "--scenes", scenes, "--no-text"];
        printed(&[&fixed[..], &["--device", device, "--out", text(&out)]].concat());
        fs::read(out.join("model.safetensors")).expect("a model")
    };
    let (here, there) = (convert("cpu"), convert("gpu"));
    let [here, there] = [&here, &there].map(|bytes| SafeTensors::deserialize(bytes).expect("valid"));
    assert_eq!(here.len(), there.len());
    let mut features = 0;
    for (name, expected) in here.tensors() {
        let found = there.tensor(&name).expect("the same tensors");
        if !name.starts_with("text_features.") {
            assert!(found.data() == expected.data(), "{name}");
            continue;
        }
        features += 1;
        let numbers = |data: &[u8]| -> Vec<f32> {
            data.as_chunks()
                .0
                .iter()
                .map(|word| f32::from_le_bytes(*word))
                .collect()
        };
        for (found, expected) in numbers(found.data()).iter().zip(numbers(expected.data())) {
            assert!((found - expected).abs() <= 1e-4, "{name}: {found} {expected}");
        }
    }
    assert_eq!(features, 2);
}

const HEAD: &str = r#"
name = "eight"
output = "output"
"#;

/// How the network learns eight photos.
const TRAINING: &str = r#"
[schedule]
epochs = 2
batch = 4
[optimizer]
lr = 2e-3
[[dataset]]
name = "eight"
scene = "natural-quality"
labels = "labels.csv"
validation = "labels.csv"
images = ""
range = [0, 100]
"#;

#[test]
fn a_training_learns_what_it_learns_on_the_processor() {
    if gpu().is_none() {
        return;
    }
    let folder = folder("train");
    eight_photos(&folder);
    fs::write(folder.join("run.toml"), format!("{HEAD}{NETWORK}{TRAINING}")).expect("written");
    let train = |device: &str| {
        let (config, output) = (folder.join("run.toml"), folder.join(device));
        printed(&["train", text(&config), "--device", device, "--output", text(&output)]);
        let log = fs::read_to_string(output.join("log.jsonl")).expect("a log");
        let lines = log.lines().map(|line| {
            let mut line = json(line);
            line["seconds_left"] = Value::Null;
            line
        });
        let model = output.join("model.safetensors");
        let score = printed(&["score", "--json", "--weights", text(&model), "www/samples/dog.jpg"]);
        (
            lines.collect::<Vec<_>>(),
            json(&score)["score"].as_f64().expect("a score"),
        )
    };
    let ((expected, score), (found, gpu_score)) = (train("cpu"), train("gpu"));
    agree(&Value::Array(expected), &Value::Array(found), 1e-3);
    assert!((score - gpu_score).abs() <= 1e-3, "{gpu_score} {score}");
}
