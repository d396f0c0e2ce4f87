//! Results as people and programs read them: a table, JSON lines, CSV.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;

use gamma_wasm::image::CropPolicy;
use gamma_wasm::scorer::{Assessment, CropScore, Levels};
use gamma_wasm::{Error, prompt::Scene};
use serde::Serialize;

use crate::report::{Failure, name};

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

#[derive(Serialize)]
struct Row<'a> {
    image: Cow<'a, str>,
    score: f32,
    percent: f32,
    levels: Levels,
    spread: f32,
    uncertainty: f32,
    crops: &'a [CropScore],
    scene: &'a str,
    model: &'a str,
    seconds: f64,
    width: u32,
    height: u32,
    scale: f32,
    enlarged: bool,
    policy: CropPolicy,
    seed: u64,
}

#[derive(Serialize)]
struct FailedRow<'a> {
    image: Cow<'a, str>,
    error: Failure,
}

const CSV_HEADER: [&str; 22] = [
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
        for assessment in assessments {
            match self.format {
                Format::Table => self.table_row(&mut lines, path, assessment)?,
                Format::Json => json_line(&mut lines, &self.row(path, assessment, seconds))?,
                Format::Csv => csv_line(&mut lines, &self.csv_row(path, assessment, seconds))?,
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
        let image = path.to_string_lossy();
        let error = Failure::from(error);
        match self.format {
            Format::Table => {}
            Format::Json => json_line(&mut lines, &FailedRow { image, error })?,
            Format::Csv => {
                let mut row: [Cow<'_, str>; CSV_HEADER.len()] = Default::default();
                let [first, .., code, message] = &mut row;
                (*first, *code, *message) = (image, error.code.into(), error.message.into());
                csv_line(&mut lines, &row)?;
            }
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
                (Format::Csv, _) => csv_line(&mut lines, &CSV_HEADER)?,
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
        writeln!(lines, "{}{note}", name(path))
    }

    fn row<'a>(&'a self, path: &'a Path, assessment: &'a Assessment, seconds: f64) -> Row<'a> {
        Row {
            image: path.to_string_lossy(),
            score: assessment.score,
            percent: assessment.percent,
            levels: assessment.levels,
            spread: assessment.spread,
            uncertainty: assessment.uncertainty,
            crops: &assessment.crops,
            scene: &assessment.scene,
            model: &self.model,
            seconds: milliseconds(seconds),
            width: assessment.width,
            height: assessment.height,
            scale: assessment.scale,
            enlarged: assessment.enlarged,
            policy: assessment.policy,
            seed: assessment.seed,
        }
    }

    fn csv_row<'a>(
        &'a self,
        path: &'a Path,
        assessment: &'a Assessment,
        seconds: f64,
    ) -> [Cow<'a, str>; CSV_HEADER.len()] {
        let Levels {
            bad,
            poor,
            fair,
            good,
            perfect,
        } = assessment.levels;
        [
            path.to_string_lossy(),
            assessment.scene.as_str().into(),
            assessment.score.to_string().into(),
            assessment.percent.to_string().into(),
            assessment.spread.to_string().into(),
            assessment.uncertainty.to_string().into(),
            bad.to_string().into(),
            poor.to_string().into(),
            fair.to_string().into(),
            good.to_string().into(),
            perfect.to_string().into(),
            assessment.crops.len().to_string().into(),
            assessment.policy.as_str().into(),
            assessment.seed.to_string().into(),
            assessment.width.to_string().into(),
            assessment.height.to_string().into(),
            assessment.scale.to_string().into(),
            assessment.enlarged.to_string().into(),
            self.model.as_str().into(),
            milliseconds(seconds).to_string().into(),
            "".into(),
            "".into(),
        ]
    }
}

/// The five levels from bad to perfect as columns of an eighth to eight eighths of a line.
fn bar(levels: &Levels) -> String {
    const COLUMNS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let Levels {
        bad,
        poor,
        fair,
        good,
        perfect,
    } = *levels;
    let column = |level: f32| COLUMNS.get((level * 8.0) as usize).copied().unwrap_or('█');
    [bad, poor, fair, good, perfect].into_iter().map(column).collect()
}

/// More digits of a time would be noise.
fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1e3).round() / 1e3
}

/// Appends a value as one line of JSON.
pub fn json_line(lines: &mut Vec<u8>, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *lines, value)?;
    lines.push(b'\n');
    Ok(())
}

fn csv_line(lines: &mut Vec<u8>, fields: &[impl AsRef<str>]) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(lines);
    writer.write_record(fields.iter().map(|field| field.as_ref().as_bytes()))?;
    writer.flush()
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
