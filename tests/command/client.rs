//! Talking to `gamma score --serve`.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Output, Stdio};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::shell::{MODEL, command};

/// A running service with the tiny model and one crop.
pub fn start(arguments: &[&str]) -> Child {
    let fixed = ["score", "--weights", MODEL, "--crops", "1"];
    command(&[&fixed, arguments].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Sends everything, then the end, and gives what comes back.
pub fn serve(arguments: &[&str], input: Vec<u8>) -> Output {
    let mut child = start(arguments);
    let mut stdin = child.stdin.take().unwrap();
    let sender = thread::spawn(move || {
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    sender.join().unwrap();
    output
}

pub fn input_of(requests: &[Value]) -> Vec<u8> {
    requests
        .iter()
        .map(|request| format!("{request}\n"))
        .collect::<String>()
        .into_bytes()
}

pub fn frame(json: &Value, photo: &[u8]) -> Vec<u8> {
    let json = json.to_string();
    let lengths = [json.len(), photo.len()].map(|length| (length as u32).to_le_bytes());
    [&lengths[0], &lengths[1], json.as_bytes(), photo].concat()
}

pub fn base64(path: &str) -> String {
    STANDARD.encode(fs::read(path).unwrap())
}

#[cfg(target_os = "linux")]
/// A number of kilobytes that Linux tells of a process.
pub fn kilobytes(child: &Child, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

pub fn ends(child: &mut Child) -> (ChildStdin, BufReader<ChildStdout>) {
    (
        child.stdin.take().unwrap(),
        BufReader::new(child.stdout.take().unwrap()),
    )
}

pub fn row(answers: &mut impl BufRead) -> Value {
    let mut line = String::new();
    answers.read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap()
}
