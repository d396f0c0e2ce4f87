//! What goes to people and programs beside the results: errors, warnings, names that are safe to print.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;

use gamma_wasm::Error;
use serde::Serialize;

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
        path: path.to_string_lossy().into_owned(),
        source,
    }
}

/// A path as a line for people shows it.
pub fn name(path: &Path) -> String {
    printable(&path.to_string_lossy()).into_owned()
}

/// Text without control characters: a file's name or its metadata must not command the terminal or break a line.
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().any(char::is_control) {
        let escape = |c: char| {
            if c.is_control() {
                c.escape_default().to_string()
            } else {
                c.to_string()
            }
        };
        Cow::Owned(text.chars().map(escape).collect())
    } else {
        Cow::Borrowed(text)
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
