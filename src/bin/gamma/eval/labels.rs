//! A CSV of photos and labels.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::path::Path;

use gamma_wasm::metrics::ladder::{Rung, columns};
use gamma_wasm::{Error, Result};

use super::args::Source;
use crate::report::refused;

/// A photo and what people say of it.
#[derive(Debug, Clone)]
pub struct Labelled {
    /// The photo as the CSV names it.
    pub image: String,
    /// Finite.
    pub label: f64,
    /// Where it stands on a ladder, if that is asked for.
    pub rung: Option<Rung>,
    /// What it shares with photos that belong together; its name without a column for that.
    pub group: String,
}

/// The rows of a CSV.
#[derive(Debug)]
pub struct Labels {
    /// Rows that can be used, in their order.
    pub rows: Vec<Labelled>,
    /// What the others are called, and what is wrong with them.
    pub refused: Vec<(String, Error)>,
}

/// Reads a CSV; of its rows the first `limit`.
///
/// # Errors
/// [`Error::Io`], or [`Error::Option`] if a column is missing or there is no row. A row that cannot be used is no error.
pub fn read(source: &Source, limit: Option<u64>) -> Result<Labels> {
    let path = &source.csv;
    let file = File::open(path).map_err(|error| refused(path, error))?;
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
    let headers = reader.headers().map_err(|error| damaged(path, error))?.clone();
    let column = |name: &str, option: &'static str| {
        headers.iter().position(|header| header == name).ok_or_else(|| {
            let columns = headers.iter().collect::<Vec<_>>().join("`, `");
            let csv = path.display();
            Error::Option {
                name: option,
                reason: format!("{csv} has no column `{name}`; its columns are `{columns}`"),
            }
        })
    };
    let (image, label) = (
        column(&source.image_column, "image-column")?,
        column(&source.label_column, "label-column")?,
    );
    let group = match &source.group_column {
        Some(name) => column(name, "group-column")?,
        None => image,
    };
    let ladder = match source.ladders {
        true => {
            let [photo, kind, seed] = columns::LADDER;
            let [photo, kind, seed] = [
                column(photo, "ladders")?,
                column(kind, "ladders")?,
                column(seed, "ladders")?,
            ];
            Some(([photo, kind, seed], column(columns::STRENGTH, "ladders")?))
        }
        false => None,
    };
    let mut labels = Labels {
        rows: Vec::new(),
        refused: Vec::new(),
    };
    let mut seen = HashSet::new();
    let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    for (index, record) in reader.records().take(limit).enumerate() {
        // What breaks a line of CSV is a matter of that line, but a file that cannot be read on is not.
        let record = match record {
            Err(error) if error.is_io_error() => return Err(damaged(path, error)),
            record => record,
        };
        match record.map_err(|error| error.to_string()).and_then(|record| {
            let field = |at: usize| record.get(at).unwrap_or_default();
            let rung = match ladder {
                Some((ladder, strength)) => Some(rung(ladder.map(field), field(strength))?),
                None => None,
            };
            let (image, label) = labelled(field(image), field(label), &mut seen)?;
            let group = field(group).to_owned();
            Ok(Labelled {
                image,
                label,
                rung,
                group,
            })
        }) {
            Ok(row) => labels.rows.push(row),
            Err(reason) => {
                let name = format!("{}, row {}", path.display(), index + 1);
                labels.refused.push((name, Error::Option { name: "csv", reason }));
            }
        }
    }
    if labels.rows.is_empty() && labels.refused.is_empty() {
        let reason = format!("{} has no rows", path.display());
        return Err(Error::Option { name: "csv", reason });
    }
    Ok(labels)
}

fn rung(ladder: [&str; 3], strength: &str) -> Result<Rung, String> {
    let number = strength.parse::<f64>().ok().filter(|strength| strength.is_finite());
    Ok(Rung {
        ladder: ladder.map(str::to_owned),
        strength: number.ok_or_else(|| format!("`{strength}` is no strength: it has to be a finite number"))?,
    })
}

fn labelled(image: &str, label: &str, seen: &mut HashSet<String>) -> Result<(String, f64), String> {
    if image.is_empty() {
        return Err("it names no photo".into());
    }
    let number = label.parse::<f64>().ok().filter(|label| label.is_finite());
    let label = number.ok_or_else(|| format!("`{label}` is no label of {image}: it has to be a finite number"))?;
    // A photo that counts twice would make the intervals too narrow.
    if !seen.insert(image.to_owned()) {
        return Err(format!("{image} has a row already; its first label counts"));
    }
    Ok((image.to_owned(), label))
}

fn damaged(path: &Path, error: csv::Error) -> Error {
    refused(path, io::Error::from(error))
}
