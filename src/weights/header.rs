//! The safetensors header: a JSON table of names, element types, shapes and byte ranges.
//! Format: <https://github.com/huggingface/safetensors#format>.
//!
//! The checks are ours, not the `safetensors` crate's, because each rule that a file breaks has an error code of its own.

use std::{collections::BTreeMap, fmt, io::Read};

use safetensors::Dtype;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IntoDeserializer, MapAccess, Visitor},
};

use super::order::{order, sorted};
use super::{
    check_kind,
    json::{Table, Whole, depth},
};
use crate::{
    Error, Result,
    error::HeaderFault::{self, *},
};

/// Bytes before the JSON: its length as a little-endian `u64`.
pub(super) const LENGTH_BYTES: usize = 8;
/// The longest header that the format allows, in bytes.
const MAX_HEADER_BYTES: u64 = 100_000_000;
/// The table, a row in it, an array in that.
const DEPTH: usize = 3;

/// One row of the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// Name as in the checkpoint.
    pub name: String,
    /// Element type.
    pub dtype: Dtype,
    /// Dimensions, outermost first; empty for a scalar.
    pub shape: Vec<usize>,
    /// Where the tensor's data begins, in bytes after the header.
    pub offset: u64,
    /// Length of the tensor's data in bytes.
    pub bytes: usize,
}

/// A checked header: its tensors follow each other in the file without hole or overlap.
#[derive(Debug, Clone, Default)]
pub struct Header {
    /// Tensors in the order of their data.
    pub tensors: Vec<TensorInfo>,
    /// The `__metadata__` table.
    pub metadata: BTreeMap<String, String>,
    /// Where the data begins: bytes of the header and of its length.
    pub data_start: u64,
    /// Indices of `tensors`, in the order of their names.
    by_name: Vec<usize>,
}

impl Header {
    /// The length of the JSON, from the first eight bytes of a file that is `file` bytes long, if that is known.
    ///
    /// # Errors
    /// [`Error::WeightsFormat`] for another kind of file, [`Error::Header`] if no header can have that length.
    pub fn length(bytes: [u8; LENGTH_BYTES], file: Option<u64>) -> Result<usize> {
        check_kind(&bytes)?;
        let length = u64::from_le_bytes(bytes);
        if length < 2 {
            return fault(Empty, format!("it claims {length} bytes; 2 is the least"));
        }
        if length > MAX_HEADER_BYTES {
            let reason = format!("it claims {length} bytes; {MAX_HEADER_BYTES} are the most");
            return fault(TooLarge, reason);
        }
        match file {
            Some(file) if length > file.saturating_sub(LENGTH_BYTES as u64) => {
                fault(BeyondFile, format!("it claims {length} bytes, the file has {file}"))
            }
            _ => Ok(length as usize),
        }
    }

    /// Reads length and JSON from the start of a file; no data is read.
    ///
    /// `file`: the file's length, if it is known. `name`: what an error of reading calls it.
    ///
    /// # Errors
    /// As [`length`](Self::length) and [`parse`](Self::parse), [`Error::WeightsTruncated`] if the file ends before,
    /// [`Error::Io`] if it cannot be read.
    pub fn read(reader: impl Read, file: Option<u64>, name: &str) -> Result<Self> {
        let mut reader = reader;
        let mut bytes = |length: usize| {
            let mut bytes = Vec::new();
            match reader.by_ref().take(length as u64).read_to_end(&mut bytes) {
                Ok(_) => Ok(bytes),
                Err(source) => Err(Error::Io {
                    path: name.to_owned(),
                    source,
                }),
            }
        };
        let start = bytes(LENGTH_BYTES)?;
        let Some(start) = start.first_chunk().copied() else {
            let reason = format!("{} bytes are no safetensors file", start.len());
            return Err(Error::WeightsTruncated(reason));
        };
        let length = Self::length(start, file)?;
        let json = bytes(length)?;
        if json.len() < length {
            let reason = format!("its header has {} of {length} bytes", json.len());
            return Err(Error::WeightsTruncated(reason));
        }
        Self::parse(&json)
    }

    /// Reads the JSON of a header.
    ///
    /// # Errors
    /// [`Error::Header`] if it is not the JSON of a header, or if its ranges overlap, leave holes or disagree with shapes
    /// and element types; [`Error::TensorDtype`] for an element type that the format does not have.
    pub fn parse(json: &[u8]) -> Result<Self> {
        let rows = match std::str::from_utf8(json) {
            Ok(text) => rows(text)?,
            Err(error) => return fault(Utf8, format!("byte {} of it", error.valid_up_to())),
        };
        let mut metadata = BTreeMap::new();
        let mut tensors = Vec::with_capacity(rows.len().saturating_sub(1));
        let mut tables = 0;
        for (name, row) in rows {
            match row {
                Row::Metadata(_) if tables > 0 => return fault(Duplicate, "`__metadata__` stands twice".into()),
                Row::Metadata(table) => {
                    tables += 1;
                    let twice = |key| header_fault(Duplicate, format!("`{key}` stands twice in `__metadata__`"));
                    metadata = table.unique().map_err(twice)?;
                }
                Row::Tensor(row) => tensors.push(row.check(name)?),
            }
        }
        // A tensor of no elements has no bytes, and comes before the one that begins where it does.
        let tensors = sorted(tensors, |a, b| (a.offset, a.bytes).cmp(&(b.offset, b.bytes)));
        let name = |index: usize| tensors.get(index).map(|tensor: &TensorInfo| tensor.name.as_str());
        let by_name = order(tensors.len(), &|a, b| name(a).cmp(&name(b)));
        if let Some(&[index, _]) = by_name.array_windows().find(|&&[a, b]| name(a) == name(b)) {
            let name = name(index).unwrap_or_default();
            return fault(Duplicate, format!("tensor `{name}` stands twice"));
        }
        contiguous(&tensors)?;
        Ok(Self {
            tensors,
            metadata,
            data_start: (LENGTH_BYTES + json.len()) as u64,
            by_name,
        })
    }

    /// The names and shapes of a checkpoint of another kind, to read dimensions off.
    #[cfg(feature = "cli")]
    pub(crate) fn of_shapes(shapes: impl IntoIterator<Item = (String, Vec<usize>)>) -> Self {
        let tensor = |(name, shape)| TensorInfo {
            name,
            dtype: Dtype::F32,
            shape,
            offset: 0,
            bytes: 0,
        };
        let mut tensors: Vec<TensorInfo> = shapes.into_iter().map(tensor).collect();
        tensors.sort_by(|a, b| a.name.cmp(&b.name));
        Self {
            by_name: (0..tensors.len()).collect(),
            tensors,
            ..Self::default()
        }
    }

    /// Bytes of tensor data after the header.
    pub fn data_bytes(&self) -> u64 {
        self.tensors.last().map_or(0, |last| last.offset + last.bytes as u64)
    }

    /// Length of the whole file in bytes.
    pub fn file_bytes(&self) -> u64 {
        self.data_start.saturating_add(self.data_bytes())
    }

    /// Compares with the length of the file, where that is known.
    ///
    /// # Errors
    /// [`Error::Header`] (`header-range`) naming the first tensor that ends outside of the file,
    /// [`Error::WeightsTrailing`] if the file is longer than its tensors.
    pub fn check_length(&self, file: u64) -> Result<()> {
        let end = |tensor: &TensorInfo| self.data_start + tensor.offset + tensor.bytes as u64;
        if let Some(tensor) = self.tensors.iter().find(|tensor| end(tensor) > file) {
            let (name, end) = (&tensor.name, end(tensor));
            let reason = format!("tensor `{name}` ends at byte {end}, the file has {file}; was it cut off?");
            return fault(Range, reason);
        }
        match file.saturating_sub(self.file_bytes()) {
            0 => Ok(()),
            more => Err(Error::WeightsTrailing(format!("{more} bytes follow the last tensor"))),
        }
    }

    /// The place of a tensor in [`tensors`](Self::tensors), if the file has it.
    pub fn position(&self, name: &str) -> Option<usize> {
        let order = |&index: &usize| {
            self.tensors
                .get(index)
                .map_or("", |tensor| tensor.name.as_str())
                .cmp(name)
        };
        let found = self.by_name.binary_search_by(order).ok()?;
        self.by_name.get(found).copied()
    }

    /// A tensor by its name, if the file has it.
    pub fn tensor(&self, name: &str) -> Option<&TensorInfo> {
        self.tensors.get(self.position(name)?)
    }

    /// The shape of a tensor, if the file has it.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensor(name).map(|tensor| tensor.shape.as_slice())
    }
}

fn header_fault(fault: HeaderFault, reason: String) -> Error {
    Error::Header { fault, reason }
}

fn fault<T>(fault: HeaderFault, reason: String) -> Result<T> {
    Err(header_fault(fault, reason))
}

enum Row {
    Metadata(Table<String>),
    Tensor(TensorRow),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TensorRow {
    dtype: String,
    shape: Vec<Whole>,
    data_offsets: [Whole; 2],
}

/// The rows of the table in the order in which they are written.
fn rows(text: &str) -> Result<Vec<(String, Row)>> {
    let deep = depth(text);
    if deep > DEPTH {
        return fault(Nesting, format!("{deep} levels; a header has {DEPTH}"));
    }
    if !text.starts_with('{') {
        return fault(Json, "it does not begin with {".into());
    }
    serde_json::from_str(text)
        .map(|Rows(rows)| rows)
        .map_err(|error| json_fault(&error))
}

/// The rows in their order. The name decides what a row is.
struct Rows(Vec<(String, Row)>);

impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ByName;
        impl<'de> Visitor<'de> for ByName {
            type Value = Rows;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Rows, A::Error> {
                let mut rows = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    let row = match name.as_str() {
                        "__metadata__" => map.next_value().map(Row::Metadata),
                        _ => map.next_value().map(Row::Tensor),
                    };
                    let row = row.map_err(|error| A::Error::custom(format_args!("row `{name}`: {error}")))?;
                    rows.push((name, row));
                }
                Ok(Rows(rows))
            }
        }
        deserializer.deserialize_map(ByName)
    }
}

/// What serde_json found. Nearly always that is no JSON or no row; the others have no variant of their own there.
fn json_fault(error: &serde_json::Error) -> Error {
    let reason = error.to_string();
    let fault = if reason.contains("number out of range") {
        Offsets
    } else if reason.contains("duplicate field") {
        Duplicate
    } else {
        Json
    };
    header_fault(fault, reason)
}

impl TensorRow {
    fn check(self, name: String) -> Result<TensorInfo> {
        let dtype_name: serde::de::value::StrDeserializer<'_, serde::de::value::Error> =
            self.dtype.as_str().into_deserializer();
        let Ok(dtype) = Dtype::deserialize(dtype_name) else {
            return Err(Error::TensorDtype {
                name,
                dtype: self.dtype,
            });
        };
        let [begin, end] = self.data_offsets.map(|Whole(offset)| {
            let reason = |found| format!("tensor `{name}` lies at {found}; offsets are whole numbers below 2^64");
            offset.map_err(|found| header_fault(Offsets, reason(found)))
        });
        let (begin, end) = (begin?, end?);
        let Some(bytes) = end.checked_sub(begin) else {
            return fault(
                Range,
                format!("tensor `{name}` ends at {end}, before it begins at {begin}"),
            );
        };
        let wrong_shape = |reason: &str| header_fault(Shape, format!("the shape of tensor `{name}` {reason}"));
        let shape: Vec<usize> = self
            .shape
            .into_iter()
            .map(|Whole(side)| side.ok().and_then(|side| usize::try_from(side).ok()))
            .collect::<Option<_>>()
            .ok_or_else(|| wrong_shape("holds a side that no tensor has"))?;
        let bits = shape
            .iter()
            .try_fold(1u64, |product, &side| product.checked_mul(side as u64))
            .and_then(|elements| elements.checked_mul(dtype.bitsize() as u64))
            .ok_or_else(|| wrong_shape("overflows"))?;
        if bits % 8 != 0 || bits / 8 != bytes {
            let reason = format!("tensor `{name}` has {bytes} bytes, its shape {shape:?} of {dtype} makes {bits} bits");
            return fault(Size, reason);
        }
        let bytes = usize::try_from(bytes).map_err(|_| wrong_shape("is larger than this machine's memory"))?;
        Ok(TensorInfo {
            name,
            dtype,
            shape,
            offset: begin,
            bytes,
        })
    }
}

/// Refuses overlaps and holes. `tensors`: in the order of their data.
fn contiguous(tensors: &[TensorInfo]) -> Result<()> {
    let mut end = 0u64;
    for TensorInfo {
        name, offset, bytes, ..
    } in tensors
    {
        if *offset < end {
            let reason = format!("tensor `{name}` begins at {offset}, the one before ends at {end}");
            return fault(Overlap, reason);
        }
        if *offset > end {
            let reason = format!("the {} bytes before tensor `{name}` belong to no tensor", offset - end);
            return fault(Hole, reason);
        }
        end = offset
            .checked_add(*bytes as u64)
            .ok_or_else(|| header_fault(Offsets, format!("tensor `{name}` ends beyond 2^64")))?;
    }
    Ok(())
}
