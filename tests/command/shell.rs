//! Running the command, and reading what it prints.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

pub const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/tiny/model.safetensors");
pub const IMAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/preprocess/images");
pub const SCENES: [&str; 6] = [
    "generic",
    "natural-quality",
    "ai-generated-quality",
    "underwater-quality",
    "face-quality",
    "natural-aesthetics",
];

pub const UNTRAINED: &str = "gamma: warning: this model is not trained; its scores mean nothing\n";

pub fn image(name: &str) -> String {
    format!("{IMAGES}/{name}")
}

/// An empty folder of a test's own.
pub fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("command").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gamma"));
    command.args(arguments);
    command
}

pub fn gamma(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// `gamma score` with the tiny model and one crop.
pub fn score(arguments: &[&str]) -> Output {
    gamma(&[&["score", "--weights", MODEL, "--crops", "1"], arguments].concat())
}

pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[track_caller]
pub fn ends_with(output: &Output, status: i32) {
    assert_eq!(
        output.status.code(),
        Some(status),
        "standard error: {}",
        text(&output.stderr)
    );
}

#[track_caller]
pub fn lines(output: &Output) -> Vec<Value> {
    text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The tiny model with other metadata.
pub fn model_with(path: &Path, metadata: &Value) {
    rewrite(path, |header| {
        header["__metadata__"] = metadata.clone();
    });
}

pub fn rewrite(path: &Path, change: impl Fn(&mut Value)) {
    let bytes = fs::read(MODEL).unwrap();
    let (length, rest) = bytes.split_first_chunk::<8>().unwrap();
    let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
    let mut header: Value = serde_json::from_slice(header).unwrap();
    change(&mut header);
    let header = serde_json::to_vec(&header).unwrap();
    fs::write(
        path,
        [&(header.len() as u64).to_le_bytes(), header.as_slice(), data].concat(),
    )
    .unwrap();
}

pub type CsvRow = std::collections::HashMap<String, String>;

pub fn csv_rows(output: &Output) -> Vec<CsvRow> {
    csv::Reader::from_reader(output.stdout.as_slice())
        .deserialize()
        .collect::<Result<_, _>>()
        .unwrap()
}
