//! The table of cases that the native command and the one of the npm package both keep to (`cases.json`).

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::shell::{MODEL, command, folder, image, text};

/// How far decimal numbers may lie from the table's, of themselves and absolutely: the two commands compute with other
/// code.
const TOLERANCE: f64 = 1e-4;

#[derive(Deserialize)]
struct Table {
    files: Vec<Entry>,
    cases: Vec<Case>,
}

/// A file of the folder that the cases run in.
#[derive(Deserialize)]
struct Entry {
    path: Option<String>,
    /// The path's bytes, where it is not UTF-8.
    hex: Option<String>,
    /// A photo of `tests/golden/preprocess/images`.
    copy: Option<String>,
    text: Option<String>,
    #[serde(default)]
    fifo: bool,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    arguments: Vec<String>,
    status: i32,
    /// Lines. `*` stands for any number, `…` for anything, `{cwd}` and `{model}` for their paths.
    stdout: Vec<String>,
    /// Absent where each command has words of its own.
    stderr: Option<Vec<String>>,
}

impl Entry {
    fn create(&self, folder: &Path) {
        use std::os::unix::ffi::OsStringExt;
        let bytes = match (&self.path, &self.hex) {
            (Some(path), None) => path.clone().into_bytes(),
            (None, Some(hex)) => (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
                .collect(),
            _ => panic!("a path or its bytes"),
        };
        let path = folder.join(PathBuf::from(std::ffi::OsString::from_vec(bytes)));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match (&self.copy, &self.text) {
            (Some(photo), None) => {
                fs::copy(image(photo), path).unwrap();
            }
            (None, Some(text)) => fs::write(path, text).unwrap(),
            _ => {
                assert!(self.fifo);
                let made = std::process::Command::new("mkfifo").arg(path).status().unwrap();
                assert!(made.success());
            }
        }
    }
}

/// Whether a line is the one of the table.
fn is_like(found: &str, expected: &str) -> bool {
    let (mut found, mut expected) = (found, expected);
    while !expected.is_empty() {
        if let Some(rest) = expected.strip_prefix('…') {
            return (0..=found.len()).any(|at| found.get(at..).is_some_and(|found| is_like(found, rest)));
        } else if let Some(rest) = expected.strip_prefix('*') {
            let length = found
                .find(|c: char| !c.is_ascii_digit() && c != '.')
                .unwrap_or(found.len());
            if length == 0 {
                return false;
            }
            (found, expected) = (&found[length..], rest);
        } else if let Some(length) = decimal(expected) {
            let Some(other) = decimal(found) else { return false };
            let [a, b] = [&found[..other], &expected[..length]].map(|number| number.parse::<f64>().unwrap());
            if (a - b).abs() > TOLERANCE * (1.0 + b.abs()) {
                return false;
            }
            (found, expected) = (&found[other..], &expected[length..]);
        } else {
            // Whole numbers and all else are the same.
            let digits = expected.bytes().take_while(u8::is_ascii_digit).count();
            let length = digits.max(expected.chars().next().map_or(0, char::len_utf8));
            if found.get(..length) != Some(&expected[..length]) {
                return false;
            }
            (found, expected) = (&found[length..], &expected[length..]);
        }
    }
    found.is_empty()
}

/// Bytes of the decimal number that a text begins with.
fn decimal(text: &str) -> Option<usize> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut length = digits(text);
    let mut fraction = 0;
    if length > 0 && text[length..].starts_with('.') {
        fraction = digits(&text[length + 1..]);
        length += if fraction > 0 { 1 + fraction } else { 0 };
    }
    let exponent = text[length..].strip_prefix("e-").map_or(0, digits);
    if length > 0 && exponent > 0 {
        return Some(length + 2 + exponent);
    }
    (fraction > 0).then_some(length)
}

#[test]
fn lines_are_compared_by_their_numbers() {
    for (found, expected, same) in [
        ("a 0.50001 b", "a 0.5 b", true),
        ("a 0.51 b", "a 0.5 b", false),
        ("1", "1.0", false),
        ("1.0", "1", false),
        ("12 3", "12 3", true),
        ("12", "13", false),
        ("1.5e-9", "2e-9", true),
        ("0.25 s", "* s", true),
        (" s", "* s", false),
        ("0.5 b", "0.5 ", false),
        ("0.5", "0.5 b", false),
        ("is 1 or 2, 3", "is …, 3", true),
        ("is 1 or 2, 3", "is …, 4", false),
    ] {
        assert_eq!(is_like(found, expected), same, "{found} and {expected}");
    }
}

#[test]
fn every_case_of_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/command/cases.json");
    let table: Table = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let folder = folder("table");
    table.files.iter().for_each(|file| file.create(&folder));
    let cwd = folder.to_str().unwrap();
    let fill = |text: &String| text.replace("{model}", MODEL).replace("{cwd}", cwd);
    for case in &table.cases {
        let arguments: Vec<String> = case.arguments.iter().map(fill).collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = command(&arguments).current_dir(&folder).output().unwrap();
        let errors = text(&output.stderr);
        let check = |found: &str, expected: &[String]| {
            let found: Vec<&str> = found.lines().collect();
            let expected: Vec<String> = expected.iter().map(fill).collect();
            let same = found.len() == expected.len() && found.iter().zip(&expected).all(|(a, b)| is_like(a, b));
            assert!(
                same,
                "{}:\n{}\nis not\n{}",
                case.name,
                found.join("\n"),
                expected.join("\n")
            );
        };
        check(text(&output.stdout), &case.stdout);
        match &case.stderr {
            Some(expected) => check(errors, expected),
            None => assert_ne!(errors, "", "{}", case.name),
        }
        assert_eq!(output.status.code(), Some(case.status), "{}: {errors}", case.name);
    }
}
