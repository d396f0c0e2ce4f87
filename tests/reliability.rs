//! How far scores can be relied on, from labelled photos to the interval in an answer: `gamma eval`, `convert`, `score`, `eval` again.

#![cfg(feature = "cli")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/tiny/model.safetensors");
const IMAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/preprocess/images");
const PHOTO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/preprocess/images/coffee.jpg");

fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join("reliability")
        .join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// What the command prints, and whether it succeeds.
fn gamma(arguments: &[&str]) -> (bool, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_gamma"))
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

#[track_caller]
fn done(arguments: &[&str]) -> String {
    let (success, out, problem) = gamma(arguments);
    assert!(success, "{arguments:?}: {problem}");
    out
}

/// Ten photos, of which people say about what the model does, on a scale of their own.
fn labels(folder: &Path) -> String {
    let photos: Vec<PathBuf> = {
        let files = fs::read_dir(IMAGES).unwrap().map(|entry| entry.unwrap().path());
        let mut photos: Vec<PathBuf> = files
            .filter(|path| path.extension().is_some_and(|end| end == "jpg" || end == "png"))
            .collect();
        photos.sort();
        photos.truncate(12);
        photos
    };
    let names: Vec<&str> = photos.iter().map(|path| path.to_str().unwrap()).collect();
    let lines = done(&[&["score", "--weights", MODEL, "--crops", "1", "--json"][..], &names].concat());
    let mut table = "image,mos\n".to_owned();
    for (at, line) in lines.lines().enumerate() {
        let row: Value = serde_json::from_str(line).unwrap();
        let noise = if at % 3 == 0 { 0.02 } else { -0.01 };
        let name = Path::new(row["image"].as_str().unwrap())
            .file_name()
            .unwrap()
            .to_str()
            .unwrap();
        table += &format!("{name},{}\n", 500.0 * (row["score"].as_f64().unwrap() + noise));
    }
    let csv = folder.join("labels.csv");
    fs::write(&csv, table).unwrap();
    csv.display().to_string()
}

#[test]
fn what_is_measured_comes_with_the_model_and_with_every_score() {
    let folder = folder("whole");
    let (csv, measured) = (labels(&folder), folder.join("measured.json").display().to_string());
    let eval = ["eval", "--images", IMAGES, "--csv", &csv, "--crops", "1"];
    let before = done(&[&eval[..], &["--weights", MODEL, "--reliability", &measured]].concat());
    assert!(!before.contains("intervals  "), "{before}");
    let stated: Value = serde_json::from_str(&fs::read_to_string(&measured).unwrap()).unwrap();
    let of = &stated["natural-quality"];
    let half = of["interval"].as_f64().unwrap();
    assert!(half > 0.0 && of["difference"].as_f64().unwrap() >= 0.0, "{stated}");
    assert_eq!(of["measured"][0]["name"], "whole/labels");

    let out = folder.join("model").display().to_string();
    done(&[
        "convert",
        MODEL,
        "--dtype",
        "f32",
        "--out",
        &out,
        "--reliability",
        &measured,
    ]);
    let line = done(&["score", "--weights", &out, "--crops", "1", "--json", PHOTO]);
    let row: Value = serde_json::from_str(&line).unwrap();
    let (score, ends) = (row["score"].as_f64().unwrap(), &row["interval"]["score"]);
    for (end, expected) in [(&ends[0], score - half), (&ends[1], score + half)] {
        assert!((end.as_f64().unwrap() - expected).abs() < 1e-6, "{row}");
    }
    let after = done(&[&eval[..], &["--weights", &out, "--json"]].concat());
    let held: Value = serde_json::from_str(&after).unwrap();
    let held = &held["datasets"][0]["reliability"];
    assert!(held["inside"].as_f64().unwrap() >= 0.9, "{held}");
    assert!(
        held["right"].is_null() || held["right"].as_f64().unwrap() >= 0.75,
        "{held}"
    );
}

#[test]
fn without_it_nothing_is_said() {
    let row: Value =
        serde_json::from_str(&done(&["score", "--weights", MODEL, "--crops", "1", "--json", PHOTO])).unwrap();
    assert_eq!(row["interval"], Value::Null);
}

#[test]
fn what_no_model_may_state_is_not_written() {
    let folder = folder("refused");
    for (name, wrong) in [
        (
            "negative",
            json!({ "natural-quality": { "interval": -1, "difference": 0, "measured": [] } }),
        ),
        (
            "unknown",
            json!({ "natural-quality": { "interval": 1, "difference": 0, "measured": [], "more": 1 } }),
        ),
        ("list", json!([])),
    ] {
        let (file, out) = (
            folder.join(name),
            folder.join(format!("{name}-model")).display().to_string(),
        );
        fs::write(&file, wrong.to_string()).unwrap();
        let file = file.display().to_string();
        let (success, _, problem) = gamma(&[
            "convert",
            MODEL,
            "--dtype",
            "f32",
            "--out",
            &out,
            "--reliability",
            &file,
        ]);
        assert!(!success && problem.contains("`reliability`"), "{problem}");
    }
}
