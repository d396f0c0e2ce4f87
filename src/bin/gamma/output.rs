//! Results as people and programs read them: a table, JSON lines, CSV.

use std::io::{self, Write};
use std::path::Path;

use gamma_wasm::scorer::{Assessment, Finding, Levels, Size};
use gamma_wasm::{Error, prompt::Scene};
use serde::Serialize;

use crate::csv_row;
use crate::names::{name, printable};
use crate::row::{Answer, FailedRow, Row};

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Aligned columns for people.
    Table,
    /// One object a line.
    Json,
    /// A header, then a row for each photo and scene.
    Csv,
}

/// Prints results one photo at a time. What a call has printed is complete: an interrupted run leaves whole lines.
pub struct Output {
    format: Format,
    model: String,
    /// Width of the scene column; `None` if all rows are of one scene.
    scene_width: Option<usize>,
    begun: bool,
}

impl Output {
    /// An output for the answers of `model` to `scenes`.
    pub fn new(format: Format, model: &str, scenes: &[Scene]) -> Self {
        let widest = || scenes.iter().map(|scene| scene.id.len()).max();
        let scene_width = if scenes.len() > 1 { widest() } else { None };
        Self {
            format,
            model: model.to_owned(),
            scene_width,
            begun: false,
        }
    }

    /// Prints what the model says about a photo, a line for each scene. `seconds` is what the photo took.
    ///
    /// # Errors
    /// If standard output does not take it.
    pub fn scored(&mut self, path: &Path, assessments: &[Assessment], seconds: f64) -> io::Result<()> {
        let mut lines = self.header()?;
        let row = |assessment| Row::new(path, Answer::new(assessment, &self.model, seconds));
        for assessment in assessments {
            match self.format {
                Format::Table => self.table_row(&mut lines, path, assessment)?,
                Format::Json => json_line(&mut lines, &row(assessment))?,
                Format::Csv => csv_row::line(&mut lines, &csv_row::scored(&row(assessment)))?,
            }
        }
        print(&lines)
    }

    /// Prints that a photo has no score; a table leaves that to standard error.
    ///
    /// # Errors
    /// If standard output does not take it.
    pub fn failed(&mut self, path: &Path, error: &Error) -> io::Result<()> {
        if self.format == Format::Table {
            return Ok(());
        }
        let mut lines = self.header()?;
        let row = FailedRow::new(path, error);
        match self.format {
            Format::Table => {}
            Format::Json => json_line(&mut lines, &row)?,
            Format::Csv => csv_row::line(&mut lines, &csv_row::failed(&row))?,
        }
        print(&lines)
    }

    /// The names of the columns, the first time.
    fn header(&mut self) -> io::Result<Vec<u8>> {
        let mut lines = Vec::new();
        if !std::mem::replace(&mut self.begun, true) {
            match (self.format, self.scene_width) {
                (Format::Table, None) => writeln!(lines, "percent   score  spread  levels  image")?,
                (Format::Table, Some(width)) => {
                    writeln!(lines, "percent   score  spread  levels  {:width$}  image", "scene")?;
                }
                (Format::Json, _) => {}
                (Format::Csv, _) => csv_row::line(&mut lines, &csv_row::HEADER)?,
            }
        }
        Ok(lines)
    }

    fn table_row(&self, lines: &mut Vec<u8>, path: &Path, assessment: &Assessment) -> io::Result<()> {
        let Assessment {
            score,
            percent,
            spread,
            levels,
            scene,
            enlarged,
            preview,
            damaged,
            findings,
            ..
        } = assessment;
        write!(
            lines,
            "{percent:>7.1}  {score:>6.4}  {spread:>6.4}  {:<6}  ",
            bar(levels)
        )?;
        if let Some(width) = self.scene_width {
            write!(lines, "{scene:width$}  ")?;
        }
        let note = if *enlarged { "  (small photo, scaled up)" } else { "" };
        let preview = preview.map(|Size { width, height }| format!("  (preview of {width}x{height} in the RAW file)"));
        let damaged = match damaged {
            0.0 => String::new(),
            share if *share < 0.0005 => "  (damaged: under 0.1% of it is gray)".to_owned(),
            share => format!("  (damaged: {:.1}% of it is gray)", 100.0 * share),
        };
        let fault = |Finding { fault, form, .. }: &Finding| match form {
            Some(form) => format!("{fault}: {form}"),
            None => fault.clone(),
        };
        let found = match findings.as_deref().unwrap_or_default() {
            [] => String::new(),
            findings => {
                let faults: Vec<String> = findings.iter().map(fault).collect();
                format!("  ({})", printable(&faults.join(", ")))
            }
        };
        writeln!(
            lines,
            "{}{}{note}{damaged}{found}",
            name(path),
            preview.unwrap_or_default()
        )
    }
}

/// The five levels from bad to perfect as columns of an eighth to eight eighths of a line.
fn bar(levels: &Levels) -> String {
    const COLUMNS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let column = |level: f32| COLUMNS.get((level * 8.0) as usize).copied().unwrap_or('█');
    levels.named().into_iter().map(|(_, level)| column(level)).collect()
}

/// Appends a value as one line of JSON.
pub fn json_line(lines: &mut Vec<u8>, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *lines, value)?;
    lines.push(b'\n');
    Ok(())
}

/// Writes whole lines to standard output, all of them in one go.
///
/// # Errors
/// If standard output does not take them.
pub fn print(lines: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(lines)?;
    stdout.flush()
}
