//! What a pickle of tensors may hold: containers, text, numbers, storages, and the two functions that make tensors of them.
//! A global is one of the few known names, or the pickle is refused.

use std::rc::Rc;

use super::tensor_ref::{Element, StorageRef, TensorRef};
use crate::{Error, Result};

/// What the machine knows of a value.
#[derive(Debug, Clone)]
pub enum Value {
    /// Something that tensors do not depend on: a float, bytes.
    Other,
    /// `None`.
    None,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A string.
    Text(Rc<str>),
    /// A tuple or list: an index into [`Pickle::sequences`].
    Sequence(usize),
    /// A dict or OrderedDict: an index into [`Pickle::dicts`].
    Dict(usize),
    /// A known global.
    Global(Global),
    /// An index into [`Pickle::storages`].
    Storage(usize),
    /// An index into [`Pickle::tensors`].
    Tensor(usize),
}

/// The globals that a checkpoint may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Global {
    /// `collections.OrderedDict`.
    OrderedDict,
    /// `torch._utils._rebuild_tensor_v2`, and `_rebuild_tensor` of the first versions, which takes fewer arguments.
    RebuildTensor,
    /// `torch._utils._rebuild_parameter`.
    RebuildParameter,
    /// `torch.Size`.
    Size,
    /// `torch.FloatStorage` and its like.
    Storage(Element),
}

impl Global {
    pub(super) fn find(module: &str, name: &str) -> Result<Self> {
        let known = match (module, name) {
            ("collections", "OrderedDict") => Some(Self::OrderedDict),
            ("torch._utils", "_rebuild_tensor_v2" | "_rebuild_tensor") => Some(Self::RebuildTensor),
            ("torch._utils", "_rebuild_parameter") => Some(Self::RebuildParameter),
            ("torch", "Size") => Some(Self::Size),
            ("torch", storage) => Element::of_storage(storage).map(Self::Storage),
            _ => None,
        };
        known.ok_or_else(|| {
            refused(format!(
                "its pickle asks for the global `{}`, which tensors do not need; save only the state dict",
                shown(&format!("{module}.{name}"))
            ))
        })
    }
}

/// A pickle that was read to its end.
pub struct Pickle {
    /// What it holds.
    pub root: Value,
    /// Tuples and lists.
    pub sequences: Vec<Vec<Value>>,
    /// Keys and values of dicts, in the order in which they were set.
    pub dicts: Vec<Vec<(Value, Value)>>,
    /// Storages that tensors lie in.
    pub storages: Vec<StorageRef>,
    /// Tensors, and the index of the storage of each.
    pub tensors: Vec<(usize, TensorRef)>,
}

impl Pickle {
    /// Keys and values, if `value` is a dict.
    pub(super) fn dict(&self, value: &Value) -> Option<&[(Value, Value)]> {
        match value {
            Value::Dict(index) => self.dicts.get(*index).map(Vec::as_slice),
            _ => None,
        }
    }

    /// Elements, if `value` is a tuple or list.
    pub(super) fn sequence(&self, value: &Value) -> Option<&[Value]> {
        match value {
            Value::Sequence(index) => self.sequences.get(*index).map(Vec::as_slice),
            _ => None,
        }
    }

    /// The storage that a persistent id stands for: `('storage', FloatStorage, key, location, length)`, the only one that
    /// `torch.save` writes. Before version 1.6 it has a sixth element: what part of another storage it is, or `None`. Only
    /// PyTorch's first versions had storages that are parts of others.
    pub(super) fn storage(&self, id: &Value) -> Result<StorageRef> {
        let storage = match self.sequence(id) {
            Some(
                [
                    Value::Text(kind),
                    Value::Global(Global::Storage(element)),
                    Value::Text(key),
                    Value::Text(_),
                    Value::Int(length),
                    view @ ..,
                ],
            ) if &**kind == "storage" => match view {
                [] | [Value::None] => u64::try_from(*length).ok().map(|length| StorageRef {
                    key: Rc::clone(key),
                    element: *element,
                    length,
                }),
                [Value::Sequence(_)] => {
                    return Err(refused(format!(
                        "its storage `{}` is a part of another one; load it in PyTorch and save it again",
                        shown(key)
                    )));
                }
                _ => None,
            },
            _ => None,
        };
        storage.ok_or_else(|| damaged("a persistent id is not that of a storage"))
    }
}

/// The value of a key that is a string. Of a key that was set twice, the later value counts.
pub(super) fn lookup<'a>(dict: &'a [(Value, Value)], key: &str) -> Option<&'a Value> {
    let found = dict.iter().rev().find(|(name, _)| text(name) == Some(key));
    found.map(|(_, value)| value)
}

/// The string that a value is.
pub(super) fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// Keys and values, as they lie on the stack in turn.
pub(super) fn pairs(values: Vec<Value>) -> Result<Vec<(Value, Value)>> {
    if !values.len().is_multiple_of(2) {
        return Err(damaged("a dict has a key without a value"));
    }
    let mut values = values.into_iter();
    Ok(std::iter::from_fn(|| Some((values.next()?, values.next()?))).collect())
}

/// Operations that exist, but that no state dict needs, by their names in Python's `pickletools`.
pub(super) fn unknown(operation: u8) -> Error {
    let name = match operation {
        b'i' => "INST",
        b'o' => "OBJ",
        0x81 => "NEWOBJ",
        0x92 => "NEWOBJ_EX",
        b'P' => "PERSID",
        0x82..=0x84 => "EXT",
        0x8b => "LONG4",
        0x8f..=0x91 => "a set",
        0x97 | 0x98 => "a buffer outside the pickle",
        b'I' | b'L' | b'F' | b'S' | b'V' | b'g' | b'p' => "a text of protocol 0",
        0x80 => "PROTO, a second time",
        other => return damaged(format!("byte {other:#04x} is no operation")),
    };
    refused(format!(
        "its pickle uses {name}, which tensors do not need; save only the state dict"
    ))
}

pub(super) fn refused(reason: impl Into<String>) -> Error {
    Error::PickleRefused(reason.into())
}

pub(super) fn damaged(reason: impl Into<String>) -> Error {
    Error::PickleDamaged(reason.into())
}

/// A name from a file as a message shows it: cut, since it may be of any length.
pub(super) fn shown(name: &str) -> String {
    const LONGEST: usize = 120;
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", name.get(..end).unwrap_or_default()),
        None => name.to_owned(),
    }
}
