//! The log of a run, `log.jsonl`: a line for each step and each epoch.

use std::{fs::OpenOptions, io::Write, path::Path};

use super::{
    checkpoint,
    state::{Event, State},
};
use crate::{Error, Result};

/// Adds a line.
///
/// # Errors
/// [`Error::Io`].
pub(super) fn add(path: &Path, event: &Event) -> Result<()> {
    let line = serde_json::to_string(event).map_err(|error| Error::Train(error.to_string()))?;
    let written = OpenOptions::new().create(true).append(true).open(path);
    written
        .and_then(|mut file| writeln!(file, "{line}"))
        .map_err(|source| checkpoint::io(path, source))
}

/// Takes out of the log what happened after `state`: it is going to happen again.
///
/// # Errors
/// [`Error::Io`].
pub(super) fn shorten(path: &Path, state: &State) -> Result<()> {
    let Ok(text) = std::fs::read_to_string(path) else {
        return Ok(());
    };
    let number = |line: &serde_json::Value, key: &str| line.get(key).and_then(serde_json::Value::as_u64);
    let kept = text.lines().filter(|line| {
        serde_json::from_str::<serde_json::Value>(line).is_ok_and(|line| match number(&line, "step") {
            Some(step) => step <= state.step as u64,
            None => number(&line, "epoch").is_some_and(|epoch| epoch <= state.epochs.len() as u64),
        })
    });
    let text: String = kept.flat_map(|line| [line, "\n"]).collect();
    checkpoint::replace(path, text.as_bytes())
}
