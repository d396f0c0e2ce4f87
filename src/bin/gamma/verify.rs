//! `gamma verify`: every byte of a model is read, and compared with what its header, its hashes and its index say.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use gamma_wasm::weights::convert::INDEX;
use gamma_wasm::weights::{Assembly, Checkpoint, Index};
use gamma_wasm::{Error, Result};
use serde::Serialize;

use crate::args::Verify;
use crate::default_model::{AI, DEFAULT, DEFAULT_MODEL, ai_weights};
use crate::exit::Status;
use crate::fetch::{Server, fetch, is_url, sibling};
use crate::names::printable;
use crate::output::{json_line, print};
use crate::progress;
use crate::report::{Failure, complain, refused, size};

/// Bytes read at a time.
const PIECE: usize = 1 << 20;
/// Far above any index.
const MAX_INDEX: u64 = 16 << 20;

/// What was found. What could not be found out is left out, and `error` says why.
#[derive(Default, Serialize)]
struct Report {
    target: String,
    files: Vec<Checked>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hashes: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
}

/// A file that was read to its end.
#[derive(Serialize)]
struct Checked {
    file: String,
    bytes: u64,
    tensors: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<Server>,
}

/// Runs the command.
pub fn run(arguments: &Verify) -> Status {
    let mut report = Report {
        target: arguments.target.clone(),
        ..Report::default()
    };
    if let Err(error) = report.check() {
        report.error = Some(Failure::from(&error));
    }
    let written = if arguments.json {
        report.json()
    } else {
        print(report.text().as_bytes())
    };
    if let Some(error) = &report.error {
        complain(&format!(
            "{}: {} ({})",
            printable(&report.target),
            printable(&error.message),
            error.code
        ));
    }
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain(&format!("standard output: {error}"));
            Status::Incomplete
        }
        _ if report.error.is_some() => Status::Incomplete,
        _ => Status::Done,
    }
}

impl Report {
    fn check(&mut self) -> Result<()> {
        let target = whole_model(&self.target);
        let mut assembly = Assembly::new(Device::flex()).keep_quantized(true);
        if !target.ends_with(".json") {
            self.file(&mut assembly, &target)?;
            if assembly.needs_model() {
                // A scene file is good if it fits the model in this program.
                self.file(&mut assembly, DEFAULT)?;
            }
        } else {
            let mut json = Vec::new();
            let (reader, _, _) = open(&target)?;
            reader
                .take(MAX_INDEX + 1)
                .read_to_end(&mut json)
                .map_err(|error| broken(&target, error))?;
            let index: Index = assembly.set_index(&json)?.clone();
            for file in &index.files {
                self.file(&mut assembly, &beside(&target, &file.name))?;
            }
        }
        let Checkpoint { metadata, .. } = assembly.finish()?;
        self.hashes = Some(metadata.contains_key("sha256"));
        Ok(())
    }

    fn file(&mut self, assembly: &mut Assembly, place: &str) -> Result<()> {
        let (mut reader, length, server) = open(place)?;
        let name = place.rsplit(['/', '\\']).next().unwrap_or(place);
        let name = name.split(['?', '#']).next().unwrap_or(name);
        assembly.begin(name, length)?;
        let bar = progress::bytes(length.unwrap_or_default());
        let mut piece = vec![0; PIECE];
        let mut read = Default::default();
        loop {
            let count = reader.read(&mut piece).map_err(|error| broken(place, error))?;
            let bytes = piece.get(..count).unwrap_or_default();
            if bytes.is_empty() {
                break;
            }
            read = assembly.push(bytes)?;
            bar.set_position(read.bytes);
        }
        bar.finish_and_clear();
        self.files.push(Checked {
            file: name.to_owned(),
            bytes: read.bytes,
            tensors: read.tensors,
            server,
        });
        Ok(())
    }

    fn json(&self) -> io::Result<()> {
        let mut line = Vec::new();
        json_line(&mut line, self)?;
        print(&line)
    }

    fn text(&self) -> String {
        let mut lines = Vec::new();
        for file in &self.files {
            let name = printable(&file.file);
            lines.push(format!("{name:<33} {:>9}  {} tensors", size(file.bytes), file.tensors));
            if let Some(server) = &file.server {
                lines.push(format!("  {server}"));
            }
        }
        match self.hashes {
            Some(true) => lines.push("every tensor has the hash that its file says".into()),
            Some(false) => lines.push("every tensor is complete and finite; the file has no hashes".into()),
            None => {}
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

/// A folder stands for its index, or for its only file.
fn whole_model(target: &str) -> String {
    if target == AI {
        return ai_weights().to_string_lossy().into_owned();
    }
    if target == DEFAULT {
        return target.to_owned();
    }
    if is_url(target) {
        return if target.ends_with('/') {
            format!("{target}{INDEX}")
        } else {
            target.to_owned()
        };
    }
    let path = Path::new(target);
    if !path.is_dir() {
        return target.to_owned();
    }
    let index = path.join(INDEX);
    let file = if index.exists() {
        index
    } else {
        path.join("model.safetensors")
    };
    file.to_string_lossy().into_owned()
}

/// The file of a name in the folder of another.
fn beside(target: &str, name: &str) -> String {
    if is_url(target) {
        return sibling(target, name);
    }
    let folder = Path::new(target).parent().map(PathBuf::from).unwrap_or_default();
    folder.join(name).to_string_lossy().into_owned()
}

type Opened = (Box<dyn Read>, Option<u64>, Option<Server>);

fn open(place: &str) -> Result<Opened> {
    if place == DEFAULT {
        return Ok((Box::new(DEFAULT_MODEL), Some(DEFAULT_MODEL.len() as u64), None));
    }
    if is_url(place) {
        let (reader, server) = fetch(place)?;
        return Ok((reader, server.length, Some(server)));
    }
    let path = Path::new(place);
    let file = File::open(path).map_err(|error| refused(path, error))?;
    let metadata = file.metadata().ok().filter(|metadata| metadata.is_file());
    Ok((Box::new(file), metadata.map(|metadata| metadata.len()), None))
}

fn broken(place: &str, source: io::Error) -> Error {
    Error::Io {
        path: place.to_owned(),
        source,
    }
}
