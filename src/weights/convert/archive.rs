//! The zip archive that a `.pth` is since PyTorch 1.6: a pickle, and a file for each storage.

use std::collections::HashMap;
use std::io::Read;

use flate2::read::DeflateDecoder;
use rawzip::{CompressionMethod, RECOMMENDED_BUFFER_SIZE, ReaderAt, ZipArchive, ZipArchiveEntryWayfinder, ZipLocator};

use super::machine;
use super::pickle::{Pickle, refused, shown};
use crate::{Error, Result};

/// The most files of an archive; a published checkpoint has 491.
const MAX_FILES: usize = 1 << 20;

struct Entry {
    wayfinder: ZipArchiveEntryWayfinder,
    method: CompressionMethod,
}

/// An opened archive.
pub struct Archive<R> {
    archive: ZipArchive<R>,
    entries: HashMap<String, Entry>,
    /// The folder that everything lies in, with its slash.
    root: String,
}

impl<R: ReaderAt> Archive<R> {
    /// Reads the directory and the pickle. `length` is the file's in bytes.
    ///
    /// # Errors
    /// [`Error::PthDamaged`], [`Error::PickleRefused`] or [`Error::PickleDamaged`].
    pub fn open(reader: R, length: u64) -> Result<(Self, Pickle)> {
        let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
        let archive = ZipLocator::new().locate_in_reader(reader, &mut buffer, length);
        let archive = archive.map_err(|(_, error)| broken(&error))?;
        let entries = directory(&archive, &mut buffer)?;
        let mut roots = entries.keys().filter_map(|name| name.strip_suffix("data.pkl"));
        let mut roots: Vec<String> = (roots.by_ref().filter(|root| root.is_empty() || root.ends_with('/')))
            .map(str::to_owned)
            .collect();
        let root = match (roots.pop(), roots.is_empty()) {
            (Some(root), true) => root,
            (Some(_), false) => return Err(Error::PthDamaged("it holds more than one data.pkl".into())),
            (None, _) => {
                let reason = "it is a zip archive without a data.pkl, so nothing that `torch.save` wrote";
                return Err(Error::PthDamaged(reason.into()));
            }
        };
        let archive = Self { archive, entries, root };
        archive.check_byte_order()?;
        let bytes = archive.entry("data.pkl", 0, machine::MAX_BYTES)?;
        let (pickle, _) = machine::read(&bytes, 0)?;
        Ok((archive, pickle))
    }

    /// Bytes `start..` of a storage, at most `limit` of them.
    ///
    /// # Errors
    /// [`Error::PthDamaged`].
    pub fn storage(&self, key: &str, start: u64, limit: u64) -> Result<Vec<u8>> {
        self.entry(&format!("data/{key}"), start, limit)
    }

    fn check_byte_order(&self) -> Result<()> {
        if !self.entries.contains_key(&format!("{}byteorder", self.root)) {
            return Ok(());
        }
        match self.entry("byteorder", 0, 16)?.as_slice() {
            b"little" => Ok(()),
            other => Err(refused(format!(
                "it was saved on a machine of byte order `{}`; save it again on a little-endian one",
                shown(&String::from_utf8_lossy(other))
            ))),
        }
    }

    /// Bytes `start..` of a file of the archive, at most `limit` of them. The whole file is read, so that its
    /// checksum is known to hold.
    fn entry(&self, name: &str, start: u64, limit: u64) -> Result<Vec<u8>> {
        let name = format!("{}{name}", self.root);
        let entry = self.entries.get(&name);
        let entry = entry.ok_or_else(|| Error::PthDamaged(format!("its file `{}` is missing", shown(&name))))?;
        let located = self
            .archive
            .get_entry(entry.wayfinder)
            .map_err(|error| broken(&error))?;
        let mut reader: Box<dyn Read> = match entry.method {
            CompressionMethod::STORE => Box::new(located.verifying_reader(located.reader())),
            CompressionMethod::DEFLATE => Box::new(located.verifying_reader(DeflateDecoder::new(located.reader()))),
            method => {
                let reason = format!(
                    "its file `{}` is compressed by {method:?}; stored and deflated can be read",
                    shown(&name)
                );
                return Err(Error::PthDamaged(reason));
            }
        };
        let failed = |source: std::io::Error| Error::PthDamaged(format!("its file `{}`: {source}", shown(&name)));
        let mut sink = std::io::sink();
        let passed = std::io::copy(&mut reader.by_ref().take(start), &mut sink).map_err(failed)?;
        let mut bytes = Vec::new();
        reader.by_ref().take(limit).read_to_end(&mut bytes).map_err(failed)?;
        let rest = std::io::copy(&mut reader, &mut sink).map_err(failed)?;
        if name.ends_with("data.pkl") && (passed, rest) != (0, 0) {
            return Err(refused(format!("its pickle has more than {limit} bytes")));
        }
        Ok(bytes)
    }
}

fn directory<R: ReaderAt>(archive: &ZipArchive<R>, buffer: &mut [u8]) -> Result<HashMap<String, Entry>> {
    let mut found = HashMap::new();
    let mut entries = archive.entries(buffer);
    while let Some(entry) = entries.next_entry().map_err(|error| broken(&error))? {
        if found.len() == MAX_FILES {
            return Err(Error::PthDamaged(format!("it has more than {MAX_FILES} files")));
        }
        let name = String::from_utf8(entry.file_path().as_ref().to_vec())
            .map_err(|_| Error::PthDamaged("the name of a file in it is not UTF-8".into()))?;
        let at = Entry {
            wayfinder: entry.wayfinder(),
            method: entry.compression_method(),
        };
        if found.contains_key(&name) {
            return Err(Error::PthDamaged(format!("it has two files `{}`", shown(&name))));
        }
        found.insert(name, at);
    }
    Ok(found)
}

fn broken(error: &rawzip::Error) -> Error {
    Error::PthDamaged(format!("its zip archive: {error}"))
}
