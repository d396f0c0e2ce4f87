//! Rows of CSV that a spreadsheet takes for text and numbers, and for nothing else.

use std::borrow::Cow;
use std::io;

use crate::row::{Answer, FailedRow, Row};

/// The names of the columns.
pub const HEADER: [&str; 22] = [
    "image",
    "scene",
    "score",
    "percent",
    "spread",
    "uncertainty",
    "bad",
    "poor",
    "fair",
    "good",
    "perfect",
    "crops",
    "policy",
    "seed",
    "width",
    "height",
    "scale",
    "enlarged",
    "model",
    "seconds",
    "error_code",
    "error",
];

type Fields<'a> = [Cow<'a, str>; HEADER.len()];

/// The fields of a row.
pub fn scored<'a>(row: &'a Row) -> Fields<'a> {
    let answer: &Answer = &row.answer;
    let [bad, poor, fair, good, perfect] = answer.levels.named().map(|(_, level)| level.to_string().into());
    [
        image(&row.image),
        text(answer.scene),
        answer.score.to_string().into(),
        answer.percent.to_string().into(),
        answer.spread.to_string().into(),
        answer.uncertainty.to_string().into(),
        bad,
        poor,
        fair,
        good,
        perfect,
        answer.crops.len().to_string().into(),
        answer.policy.as_str().into(),
        answer.seed.to_string().into(),
        answer.width.to_string().into(),
        answer.height.to_string().into(),
        answer.scale.to_string().into(),
        answer.enlarged.to_string().into(),
        text(answer.model),
        answer.seconds.to_string().into(),
        "".into(),
        "".into(),
    ]
}

/// The fields of a photo without a score.
pub fn failed<'a>(row: &'a FailedRow) -> Fields<'a> {
    let mut fields = Fields::default();
    let [first, .., code, message] = &mut fields;
    (*first, *code, *message) = (image(&row.image), row.error.code.into(), text(&row.error.message));
    fields
}

/// Appends a line.
///
/// # Errors
/// None of a buffer in memory.
pub fn line(lines: &mut Vec<u8>, fields: &[impl AsRef<str>]) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(lines);
    writer.write_record(fields.iter().map(|field| field.as_ref().as_bytes()))?;
    writer.flush()
}

/// A path that no spreadsheet runs as a formula, and that still leads to the file.
pub fn image(path: &str) -> Cow<'_, str> {
    neutral(path, "./")
}

/// Text that no spreadsheet runs as a formula.
pub fn text(text: &str) -> Cow<'_, str> {
    neutral(text, "'")
}

/// Names of files, and what a file of weights says of itself, come from anywhere.
fn neutral<'a>(text: &'a str, shield: &str) -> Cow<'a, str> {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        true => format!("{shield}{text}").into(),
        false => text.into(),
    }
}
