//! `gamma inspect` of a photo: what it declares about its origin.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use gamma_wasm::image::{C2pa, Provenance, SourceType, is_provenance_read, provenance};
use serde::Serialize;

use crate::exit::Status;
use crate::inspect::row;
use crate::names::{exact, name, printable};
use crate::output::{json_line, print};
use crate::photos::whole;
use crate::report::{about, complain, size};

#[derive(Serialize)]
struct Report<'a> {
    file: Cow<'a, str>,
    bytes: usize,
    provenance: Provenance,
}

/// Whether a file is a photo of a kind that declares its origin, by its first bytes.
pub fn is_photo(path: &Path) -> bool {
    let mut first = Vec::new();
    // Of what is no file, a pipe say, the first bytes could not be read again.
    let file = File::open(path).ok().filter(|_| path.is_file());
    let read = file.map(|file| file.take(16).read_to_end(&mut first));
    // The header of a file of weights follows the eight bytes of its length.
    matches!(read, Some(Ok(_))) && is_provenance_read(&first) && first.get(8) != Some(&b'{')
}

/// Prints what the photo declares.
pub fn run(path: &Path, json: bool) -> Status {
    let bytes = match whole(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            complain(&about(path, &error));
            return Status::Incomplete;
        }
    };
    let report = Report {
        file: exact(path),
        bytes: bytes.len(),
        provenance: provenance(&bytes),
    };
    match if json { report.json() } else { report.text(path) } {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain(&format!("standard output: {error}"));
            Status::Incomplete
        }
        _ => Status::Done,
    }
}

impl Report<'_> {
    fn json(&self) -> io::Result<()> {
        let mut line = Vec::new();
        json_line(&mut line, self)?;
        print(&line)
    }

    fn text(&self, path: &Path) -> io::Result<()> {
        let mut text = String::new();
        row(&mut text, "file", name(path));
        row(&mut text, "size", size(self.bytes as u64));
        let source = match self.provenance.source {
            SourceType::Ai => "made by a generative model, by its own account",
            SourceType::Composite => "with generated parts, by its own account",
            SourceType::Capture => "captured by a camera, by its own account",
            SourceType::Unknown => "nothing is declared, which means nothing",
        };
        row(&mut text, "origin", source);
        let c2pa = match self.provenance.c2pa {
            C2pa::Present => "a manifest, which was not verified",
            C2pa::Absent => "no manifest",
        };
        row(&mut text, "C2PA", c2pa);
        for evidence in &self.provenance.evidence {
            row(
                &mut text,
                "declares",
                format_args!("{} {}", evidence.kind, printable(&evidence.value)),
            );
        }
        print(text.as_bytes())
    }
}
