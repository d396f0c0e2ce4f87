//! One safetensors file, written as a stream: tensors in the order given, each hashed on its way, memory for one at a time.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use safetensors::Dtype;
use serde::Serializer;
use sha2::{Digest, Sha256};

use super::source::io;
use crate::{Error, Result};

/// A tensor as a file holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Element type.
    pub dtype: Dtype,
    /// Dimensions in elements of `dtype`.
    pub shape: Vec<usize>,
}

impl Row {
    /// Bytes of its data.
    pub fn bytes(&self) -> u64 {
        let numbers: u64 = self.shape.iter().map(|&size| size as u64).product();
        numbers * self.dtype.bitsize() as u64 / 8
    }
}

/// A file on its way. It lies under another name until [`publish`](Unpublished::publish), and goes when it is dropped
/// before.
pub struct FileWriter {
    output: BufWriter<File>,
    file: Unpublished,
    rows: Vec<Row>,
    metadata: BTreeMap<String, String>,
    hashes: BTreeMap<String, String>,
    /// Bytes of the header's JSON, the same before and after the hashes are known.
    header_bytes: usize,
    next: usize,
}

/// A complete file that does not have its final name yet.
pub struct Unpublished {
    part: PathBuf,
    path: PathBuf,
    published: bool,
}

impl Unpublished {
    fn new(path: PathBuf) -> Self {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(".part");
        Self {
            part: path.with_file_name(name),
            path,
            published: false,
        }
    }

    /// Writes a small file in one go.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write(path: PathBuf, bytes: &[u8]) -> Result<Self> {
        let file = Self::new(path);
        let mut output = File::create(&file.part).map_err(|error| io(&file.part, error))?;
        let written = output.write_all(bytes).and_then(|()| output.sync_all());
        written.map_err(|error| io(&file.part, error))?;
        Ok(file)
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn publish(mut self) -> Result<()> {
        std::fs::rename(&self.part, &self.path).map_err(|error| io(&self.path, error))?;
        self.published = true;
        Ok(())
    }

    /// The name that it will have.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Unpublished {
    fn drop(&mut self) {
        if !self.published {
            // There is nobody to tell: what led here is the error that the caller sees.
            let _ = std::fs::remove_file(&self.part);
        }
    }
}

impl FileWriter {
    /// Begins a file of exactly `rows`. `metadata` lacks only `sha256`, which is added.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn create(path: PathBuf, rows: Vec<Row>, metadata: BTreeMap<String, String>) -> Result<Self> {
        let hashes = rows.iter().map(|row| (row.name.clone(), "0".repeat(64))).collect();
        let header = header(&rows, &metadata, &hashes)?;
        let file = Unpublished::new(path);
        let output = File::create(&file.part).map_err(|error| io(&file.part, error))?;
        let mut writer = Self {
            output: BufWriter::with_capacity(1 << 20, output),
            file,
            rows,
            metadata,
            hashes,
            header_bytes: header.len(),
            next: 0,
        };
        // Only its place: the hashes in it are not known yet, and it is written again at the end.
        writer.write(&header)?;
        Ok(writer)
    }

    /// Writes the next tensor.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::TensorShape`] if it is not the next one or of another length, which is a mistake of the
    /// program.
    pub fn tensor(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let row = self
            .rows
            .get(self.next)
            .filter(|row| row.name == name && row.bytes() == bytes.len() as u64);
        let row = row.ok_or_else(|| Error::TensorShape {
            name: name.to_owned(),
            found: vec![bytes.len()],
            expected: self
                .rows
                .get(self.next)
                .map(|row| row.shape.clone())
                .unwrap_or_default(),
        })?;
        self.hashes.insert(row.name.clone(), hex(&Sha256::digest(bytes)));
        self.next += 1;
        self.write(bytes)
    }

    /// Puts the hashes into the header and hands the file to the disk. Gives its length.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::TensorMissing`] if a tensor was not written.
    pub fn finish(mut self) -> Result<(Unpublished, u64)> {
        if let Some(row) = self.rows.get(self.next) {
            return Err(Error::TensorMissing(row.name.clone()));
        }
        let header = header(&self.rows, &self.metadata, &self.hashes)?;
        if header.len() != self.header_bytes {
            return Err(Error::WeightsMetadata(
                "the header changed its length while it was written".into(),
            ));
        }
        let part = self.file.part.clone();
        let refused = |error| io(&part, error);
        self.output.seek(SeekFrom::Start(0)).map_err(refused)?;
        self.write(&header)?;
        let file = self.output.into_inner().map_err(|error| refused(error.into_error()))?;
        file.sync_all().map_err(refused)?;
        let length = file.metadata().map_err(refused)?.len();
        Ok((self.file, length))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.output.write_all(bytes).map_err(|error| io(&self.file.part, error))
    }
}

/// The length and the JSON of a header, padded with spaces so that data begins at a multiple of 8.
fn header(rows: &[Row], metadata: &BTreeMap<String, String>, hashes: &BTreeMap<String, String>) -> Result<Vec<u8>> {
    let mut metadata = metadata.clone();
    metadata.insert(
        "sha256".into(),
        serde_json::to_string(hashes).map_err(|error| unwritable(&error))?,
    );
    let mut json = Vec::new();
    let mut at = 0;
    let table = rows.iter().map(|row| {
        let begin = at;
        at += row.bytes();
        let row_json = serde_json::json!({
            "dtype": row.dtype.to_string(), "shape": row.shape, "data_offsets": [begin, at],
        });
        (row.name.as_str(), row_json)
    });
    let first = std::iter::once(("__metadata__", serde_json::json!(metadata)));
    serde_json::Serializer::new(&mut json)
        .collect_map(first.chain(table))
        .map_err(|error| unwritable(&error))?;
    json.resize(json.len().next_multiple_of(8), b' ');
    let mut header = (json.len() as u64).to_le_bytes().to_vec();
    header.extend(json);
    Ok(header)
}

fn unwritable(error: &serde_json::Error) -> Error {
    Error::WeightsMetadata(error.to_string())
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}
