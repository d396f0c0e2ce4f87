//! PyTorch's `.pth`: a zip archive of a pickle and a file for each storage, read one tensor at a time.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;

use flate2::read::DeflateDecoder;
use rawzip::{CompressionMethod, RECOMMENDED_BUFFER_SIZE, ReaderAt, ZipArchive, ZipArchiveEntryWayfinder, ZipLocator};

use super::machine;
use super::pickle::{Pickle, Value, damaged, refused, shown};
use super::source::{Source, SourceTensor};
use super::tensor_ref::{StorageRef, TensorRef};
use crate::{Error, Result};

/// The most files of an archive; a published checkpoint has 491.
const MAX_FILES: usize = 1 << 20;
/// How a pickle begins that lies in no archive, as all of PyTorch's files before version 1.6 do.
const BARE_PICKLE: &[u8] = b"\x80\x02";
/// Under which keys checkpoints keep their state dict.
const STATE_DICTS: [&str; 4] = ["params", "state_dict", "model_state_dict", "model"];

struct Entry {
    wayfinder: ZipArchiveEntryWayfinder,
    method: CompressionMethod,
}

/// An opened `.pth`.
pub struct Pth<R> {
    path: String,
    archive: ZipArchive<R>,
    entries: HashMap<String, Entry>,
    /// The folder that everything lies in, with its slash.
    root: String,
    tensors: Vec<SourceTensor>,
    places: HashMap<String, (StorageRef, TensorRef)>,
    metadata: BTreeMap<String, String>,
    dropped: Vec<String>,
}

impl<R: ReaderAt> Pth<R> {
    /// Reads the archive's directory and its pickle. `path` names the file in errors, `length` is the file's in bytes.
    ///
    /// # Errors
    /// [`Error::PthDamaged`], [`Error::PickleRefused`], [`Error::PickleDamaged`] or [`Error::Io`].
    pub fn open(path: &str, reader: R, length: u64) -> Result<Self> {
        let mut start = [0; 2];
        let read = reader.read_at(&mut start, 0).map_err(|source| Error::Io {
            path: path.to_owned(),
            source,
        })?;
        if start.get(..read) == Some(BARE_PICKLE) {
            return Err(refused(
                "it is in PyTorch's format before version 1.6, or a bare pickle; load it in PyTorch and save it again \
                 with `torch.save(state_dict, path)`",
            ));
        }
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
        let mut pth = Self {
            path: path.to_owned(),
            archive,
            entries,
            root,
            tensors: Vec::new(),
            places: HashMap::new(),
            metadata: BTreeMap::new(),
            dropped: Vec::new(),
        };
        pth.check_byte_order()?;
        let bytes = pth.entry("data.pkl", 0, machine::MAX_BYTES)?;
        let pickle = machine::read(&bytes)?;
        pth.find_state_dict(&pickle)?;
        Ok(pth)
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

    fn find_state_dict(&mut self, pickle: &Pickle) -> Result<()> {
        let dict = |value: &Value| match value {
            Value::Dict(index) => pickle.dicts.get(*index),
            _ => None,
        };
        let none = || refused("it holds no state dict: a dict of tensors, alone or under `params` or `state_dict`");
        let root = dict(&pickle.root).ok_or_else(none)?;
        let inner = STATE_DICTS.iter().find_map(|key| {
            let found = root
                .iter()
                .rev()
                .find(|(name, _)| matches!(name, Value::Text(name) if &**name == *key));
            Some((*key, dict(&found?.1)?))
        });
        let state = match inner {
            None => root,
            Some((key, state)) => {
                let others = root
                    .iter()
                    .filter_map(|(name, _)| text(name))
                    .filter(|name| *name != key);
                self.dropped = others.map(shown).collect();
                state
            }
        };
        for (key, value) in state {
            let name = text(key).ok_or_else(|| refused("a name in its state dict is no text"))?;
            let Value::Tensor(index) = value else {
                self.dropped.push(shown(name));
                continue;
            };
            let (storage, tensor) = pickle
                .tensors
                .get(*index)
                .ok_or_else(|| damaged("it has no such tensor"))?;
            let storage = pickle
                .storages
                .get(*storage)
                .ok_or_else(|| damaged("it has no such storage"))?;
            self.places.insert(name.to_owned(), (storage.clone(), tensor.clone()));
        }
        if self.places.is_empty() {
            return Err(none());
        }
        let mut tensors: Vec<SourceTensor> = self
            .places
            .iter()
            .map(|(name, (storage, tensor))| SourceTensor {
                name: name.clone(),
                shape: tensor.shape.clone(),
                dtype: storage.element.name().to_owned(),
            })
            .collect();
        tensors.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        self.tensors = tensors;
        Ok(())
    }
}

impl<R: ReaderAt> Source for Pth<R> {
    fn tensors(&self) -> &[SourceTensor] {
        &self.tensors
    }

    fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    fn dropped(&self) -> &[String] {
        &self.dropped
    }

    fn read(&mut self, name: &str) -> Result<Vec<f32>> {
        let (storage, tensor) = self
            .places
            .get(name)
            .ok_or_else(|| Error::TensorMissing(name.to_owned()))?;
        let named = |error: Error| match error {
            Error::PickleDamaged(reason) => Error::PickleDamaged(format!("tensor `{name}`: {reason}")),
            Error::PickleRefused(reason) => Error::PickleRefused(format!("tensor `{name}`: {reason}")),
            Error::PthDamaged(reason) => Error::PthDamaged(format!("tensor `{name}`: {reason}")),
            other => other,
        };
        let span = tensor.span(storage).map_err(named)?;
        let size = storage.element.bytes();
        let start = tensor.offset.saturating_mul(size);
        let bytes = self
            .entry(&format!("data/{}", storage.key), start, span * size)
            .map_err(named)?;
        if bytes.len() as u64 != span * size {
            return Err(Error::PthDamaged(format!(
                "tensor `{name}`: its storage `{}` in {} is shorter than the pickle says",
                shown(&storage.key),
                self.path
            )));
        }
        let elements = storage.element.widen(&bytes).ok_or_else(|| Error::TensorDtype {
            name: name.to_owned(),
            dtype: storage.element.name().to_owned(),
        })?;
        drop(bytes);
        let values = tensor.gather(elements);
        if values.iter().any(|value| !value.is_finite()) {
            return Err(Error::TensorValue(name.to_owned()));
        }
        Ok(values)
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

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

fn broken(error: &rawzip::Error) -> Error {
    Error::PthDamaged(format!("its zip archive: {error}"))
}
