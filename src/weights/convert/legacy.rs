//! What `torch.save` wrote before PyTorch 1.6: pickles in a row, then each storage as its number of elements and its bytes.

use std::collections::HashMap;
use std::rc::Rc;

use rawzip::ReaderAt;

use super::machine;
use super::pickle::{Pickle, Value, damaged, lookup, refused, shown, text};
use super::tensor_ref::StorageRef;
use crate::{Error, Result};

/// The pickled number that such a file begins with, without the pickle's first two bytes: 0x1950a86a20f9469cfc6c.
const MAGIC: &[u8] = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
/// The only version of the format.
const VERSION: i64 = 1001;

/// An opened file.
pub struct Legacy<R> {
    path: String,
    reader: R,
    /// Where the bytes of each storage begin.
    starts: HashMap<Rc<str>, u64>,
}

impl<R: ReaderAt> Legacy<R> {
    /// Reads the pickles and finds the storages. `path` names the file in errors, `length` is the file's in bytes.
    ///
    /// # Errors
    /// [`Error::PthDamaged`], [`Error::PickleRefused`], [`Error::PickleDamaged`] or [`Error::Io`].
    pub fn open(path: &str, reader: R, length: u64) -> Result<(Self, Pickle)> {
        let mut legacy = Self {
            path: path.to_owned(),
            reader,
            starts: HashMap::new(),
        };
        let mut head = vec![0; length.min(machine::MAX_BYTES) as usize];
        let filled = legacy.fill(&mut head, 0)?;
        head.truncate(filled);
        let mut at = after_magic(&head)?;
        let mut next = || -> Result<Pickle> {
            let (pickle, end) = machine::read(&head, at)?;
            at = end;
            Ok(pickle)
        };
        check_version(&next()?)?;
        check_byte_order(&next()?)?;
        let (pickle, keys) = (next()?, next()?);
        legacy.locate(&pickle, &keys, at as u64, length)?;
        Ok((legacy, pickle))
    }

    /// Bytes `start..` of a storage, at most `limit` of them. The caller keeps within the storage.
    ///
    /// # Errors
    /// [`Error::PthDamaged`] or [`Error::Io`].
    pub fn storage(&self, key: &str, start: u64, limit: u64) -> Result<Vec<u8>> {
        let at = self.starts.get(key).and_then(|at| at.checked_add(start));
        let at = at.ok_or_else(|| missing(key))?;
        let mut bytes = vec![0; limit as usize];
        let filled = self.fill(&mut bytes, at)?;
        bytes.truncate(filled);
        Ok(bytes)
    }

    /// Notes where each storage begins: behind the pickles, in the order of the list of their keys. `at` is the first
    /// byte behind the pickles.
    fn locate(&mut self, pickle: &Pickle, keys: &Pickle, mut at: u64, length: u64) -> Result<()> {
        let mut described: HashMap<&str, &StorageRef> = HashMap::new();
        for storage in &pickle.storages {
            if *described.entry(&storage.key).or_insert(storage) != storage {
                let reason = format!("its storage `{}` is described in two ways", shown(&storage.key));
                return Err(damaged(reason));
            }
        }
        let keys = keys.sequence(&keys.root);
        for key in keys.ok_or_else(|| damaged("its list of storages is no list"))? {
            let key = text(key).ok_or_else(|| damaged("a name in its list of storages is no text"))?;
            let storage = described
                .get(key)
                .ok_or_else(|| damaged(format!("no tensor lies in its storage `{}`", shown(key))))?;
            let cut = || Error::PthDamaged(format!("it ends in the middle of its storage `{}`", shown(key)));
            let mut count = [0; 8];
            if self.fill(&mut count, at)? != count.len() {
                return Err(cut());
            }
            let count = i64::from_le_bytes(count);
            if u64::try_from(count) != Ok(storage.length) {
                return Err(Error::PthDamaged(format!(
                    "its storage `{}` has {count} elements, not {} as its pickle says",
                    shown(key),
                    storage.length
                )));
            }
            let start = at.saturating_add(8);
            let bytes = storage.length.checked_mul(storage.element.bytes());
            let end = bytes.and_then(|bytes| start.checked_add(bytes));
            at = end.filter(|end| *end <= length).ok_or_else(cut)?;
            if self.starts.insert(Rc::clone(&storage.key), start).is_some() {
                return Err(Error::PthDamaged(format!(
                    "it lists its storage `{}` twice",
                    shown(key)
                )));
            }
        }
        let unlisted = pickle
            .storages
            .iter()
            .find(|storage| !self.starts.contains_key(&storage.key));
        match (unlisted, length.saturating_sub(at)) {
            (Some(storage), _) => Err(missing(&storage.key)),
            (None, 0) => Ok(()),
            (None, more) => Err(Error::PthDamaged(format!("{more} bytes follow its last storage"))),
        }
    }

    /// Fills `buffer` with the file's bytes from `offset` on, and says how many there were.
    fn fill(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let read = self.reader.read_at(rest, offset.saturating_add(filled as u64));
            match read.map_err(|source| Error::Io {
                path: self.path.clone(),
                source,
            })? {
                0 => break,
                read => filled += read,
            }
        }
        Ok(filled)
    }
}

/// Where the first pickle ends, which holds the format's magic number alone.
fn after_magic(head: &[u8]) -> Result<usize> {
    // From protocol 4 on, a pickle says how many bytes follow.
    let frame = [&[0x95, MAGIC.len() as u8, 0, 0, 0, 0, 0, 0, 0], MAGIC].concat();
    let found = [MAGIC, &frame]
        .into_iter()
        .find(|magic| head.get(2..).is_some_and(|rest| rest.starts_with(magic)));
    found.map(|magic| 2 + magic.len()).ok_or_else(|| {
        refused(
            "it is a bare pickle, and no file that `torch.save` wrote; save its tensors in PyTorch with \
             `torch.save(state_dict, path)`",
        )
    })
}

fn check_version(pickle: &Pickle) -> Result<()> {
    match pickle.root {
        Value::Int(VERSION) => Ok(()),
        Value::Int(other) => Err(refused(format!(
            "it is of PyTorch's format version {other}; {VERSION} can be read"
        ))),
        _ => Err(damaged("it does not say what version of PyTorch's format it is of")),
    }
}

fn check_byte_order(pickle: &Pickle) -> Result<()> {
    let system = pickle.dict(&pickle.root);
    match system.and_then(|system| lookup(system, "little_endian")) {
        Some(Value::Bool(true)) => Ok(()),
        Some(Value::Bool(false)) => Err(refused(
            "it was saved on a big-endian machine; save it again on a little-endian one",
        )),
        _ => Err(damaged("it does not say in what byte order it was saved")),
    }
}

fn missing(key: &str) -> Error {
    Error::PthDamaged(format!("its storage `{}` is missing", shown(key)))
}
