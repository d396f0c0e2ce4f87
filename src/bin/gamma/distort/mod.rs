//! `gamma distort`: a clean photo made worse, and what people say of such photos.

pub mod args;
mod dataset;

use std::fs;
use std::io::Write as _;
use std::path::Path;

use gamma_wasm::Result;
use gamma_wasm::image::DecodeOptions;
use gamma_wasm::train::distortion::{Distortion, contact_sheet, encode_jpeg, encode_png};
use serde::Serialize;

use crate::exit::Status;
use crate::names::name;
use crate::output::{json_line, print};
use crate::photos;
use crate::report::{about, complain, refused};
use args::Distort;

/// Quality of a contact sheet's JPEG.
const SHEET_QUALITY: u8 = 60;

/// What is printed for each file written.
#[derive(Serialize)]
struct Row {
    file: String,
    kind: &'static str,
    strength: f32,
    parameter: f32,
    parameter_name: &'static str,
    seed: u64,
    label: f32,
}

/// Runs the command.
pub fn run(arguments: &Distort) -> Status {
    if arguments.dataset {
        return dataset::run(arguments);
    }
    match write_all(arguments) {
        Ok(()) => Status::Done,
        Err(error) => {
            complain(&about(&arguments.image, &error));
            Status::Incomplete
        }
    }
}

fn write_all(arguments: &Distort) -> Result<()> {
    let photo = photos::read(&arguments.image, &DecodeOptions::default())?.pixels;
    fs::create_dir_all(&arguments.out).map_err(|error| refused(&arguments.out, error))?;
    let stem = arguments.image.file_stem().unwrap_or_default().to_string_lossy();
    if arguments.sheet {
        let sheet = contact_sheet(&photo, &arguments.kind.0, arguments.seed)?;
        let file = arguments.out.join(format!("{stem}-sheet.jpg"));
        write(&file, &encode_jpeg(&sheet, SHEET_QUALITY)?)?;
        return say(format!("{}\n", name(&file)).as_bytes());
    }
    for &kind in &arguments.kind.0 {
        for (level, strength) in &arguments.strength.0 {
            let distorted = kind.apply(&photo, *strength, arguments.seed)?;
            let file = arguments.out.join(format!("{stem}-{kind}-{level}.png"));
            write(&file, &encode_png(&distorted)?)?;
            report(arguments, &file, kind, *strength)?;
        }
    }
    Ok(())
}

fn report(arguments: &Distort, file: &Path, kind: Distortion, strength: f32) -> Result<()> {
    let row = Row {
        file: file.to_string_lossy().into_owned(),
        kind: kind.as_str(),
        strength,
        parameter: kind.parameter(strength)?,
        parameter_name: kind.parameter_name(),
        seed: arguments.seed,
        label: kind.label(strength, arguments.seed)?,
    };
    let mut line = Vec::new();
    let written = if arguments.json {
        json_line(&mut line, &row)
    } else {
        writeln!(
            line,
            "{:.3}  {} {:.4} {}  {}",
            row.label,
            row.kind,
            row.parameter,
            row.parameter_name,
            name(file)
        )
    };
    written.map_err(|error| refused(file, error))?;
    say(&line)
}

fn say(line: &[u8]) -> Result<()> {
    print(line).map_err(|error| refused(Path::new("standard output"), error))
}

fn write(file: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(file, bytes).map_err(|error| refused(file, error))
}
