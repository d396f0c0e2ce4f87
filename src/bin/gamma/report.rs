//! What goes to people and programs beside the results: errors, warnings, sizes.

use std::io::{self, Write};
use std::path::Path;

use gamma_wasm::Error;
use serde::Serialize;

use crate::names::{name, printable};

/// An error as `--json` and `--csv` carry it.
#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    /// As [`Error::code`].
    pub code: &'static str,
    /// What was wrong, in words.
    pub message: String,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self {
            code: error.code(),
            message: error.to_string(),
        }
    }
}

/// Writes `gamma: message` to standard error. Nobody can be told if that fails.
pub fn complain(message: &str) {
    let _ = writeln!(io::stderr(), "gamma: {message}");
}

/// `path: error (code)`, with the path once even if the error names it.
pub fn about(path: &Path, error: &Error) -> String {
    match error {
        Error::Io { .. } => format!("{} ({})", printable(&error.to_string()), error.code()),
        _ => format!("{}: {} ({})", name(path), printable(&error.to_string()), error.code()),
    }
}

/// The error for a file that the operating system refuses.
pub fn refused(path: &Path, source: io::Error) -> Error {
    Error::Io {
        path: path.to_str().map_or_else(|| name(path), str::to_owned),
        source,
    }
}

/// `1234567` as `1,234,567`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Bytes in the unit that people read: `18.6 MB`.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}

/// `1 photo`, `2 photos`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
