//! A pickle machine for what a checkpoint of tensors needs. Nothing is ever executed.
//!
//! Every value lives in an arena and refers to others by index, so that no nesting, however deep, recurses, and memory
//! stays within a fixed multiple of the operations, which are limited.

use std::collections::HashMap;

use super::pickle::{Global, Pickle, Value, damaged, pairs, refused, unknown};
use super::tensor_ref::TensorRef;
use crate::Result;

/// The longest pickle that is read, in bytes; that of a published checkpoint has 0.1 MB.
pub const MAX_BYTES: u64 = 16 << 20;
/// The most operations that are carried out; a published checkpoint has some 15,000.
const MAX_OPERATIONS: usize = 2_000_000;
/// The most marks that may be open; a checkpoint has three.
const MAX_DEPTH: usize = 256;

/// Reads the pickle that begins at byte `start`, and says where it ends. What follows it is left alone.
///
/// # Errors
/// [`Error::PickleRefused`](crate::Error::PickleRefused) for what no tensor needs,
/// [`Error::PickleDamaged`](crate::Error::PickleDamaged) if it breaks its own format.
pub fn read(bytes: &[u8], start: usize) -> Result<(Pickle, usize)> {
    Machine {
        bytes,
        at: start,
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
        pickle: Pickle {
            root: Value::Other,
            sequences: Vec::new(),
            dicts: Vec::new(),
            storages: Vec::new(),
            tensors: Vec::new(),
        },
    }
    .run()
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    stack: Vec<Value>,
    /// Heights of the stack where marks lie.
    marks: Vec<usize>,
    memo: HashMap<u64, Value>,
    pickle: Pickle,
}

impl Machine<'_> {
    fn run(mut self) -> Result<(Pickle, usize)> {
        if self.bytes.len() as u64 > MAX_BYTES {
            return Err(refused(format!("its pickle has more than {MAX_BYTES} bytes")));
        }
        match self.take(2)? {
            [0x80, 2..=5] => {}
            [0x80, version] => {
                return Err(refused(format!(
                    "its pickle is of protocol {version}; 2 to 5 can be read"
                )));
            }
            _ => return Err(damaged("it does not begin as a pickle of protocol 2 to 5 does")),
        }
        for _ in 0..MAX_OPERATIONS {
            let operation = self.byte()?;
            if operation == b'.' {
                self.pickle.root = self.pop()?;
                return Ok((self.pickle, self.at));
            }
            self.step(operation)?;
        }
        Err(refused(format!("its pickle has more than {MAX_OPERATIONS} operations")))
    }

    fn step(&mut self, operation: u8) -> Result<()> {
        match operation {
            // Framing only tells a reader how much to buffer.
            0x95 => {
                self.take(8)?;
            }
            b'(' if self.marks.len() >= MAX_DEPTH => {
                return Err(refused(format!("its pickle nests deeper than {MAX_DEPTH}")));
            }
            b'(' => self.marks.push(self.stack.len()),
            b'0' => {
                self.pop()?;
            }
            b'1' => {
                self.pop_mark()?;
            }
            b'2' => {
                let top = self.top()?.clone();
                self.stack.push(top);
            }
            b'N' => self.stack.push(Value::None),
            0x88 | 0x89 => self.stack.push(Value::Bool(operation == 0x88)),
            b'G' => self.skipped(8)?,
            b'J' | b'K' | b'M' | 0x8a => self.integer(operation)?,
            b'X' | b'U' | b'T' | 0x8c | 0x8d => self.text(operation)?,
            b'B' | b'C' | 0x8e | 0x96 => {
                let length = self.length(match operation {
                    b'C' => 1,
                    b'B' => 4,
                    _ => 8,
                })?;
                self.skipped(length)?;
            }
            b')' => self.push_sequence(Vec::new()),
            b']' => self.push_sequence(Vec::new()),
            b't' | b'l' => {
                let values = self.pop_mark()?;
                self.push_sequence(values);
            }
            0x85..=0x87 => {
                let count = usize::from(operation - 0x84);
                let start = self.floor(count)?;
                let values = self.stack.split_off(start);
                self.push_sequence(values);
            }
            b'}' => self.push_dict(Vec::new()),
            b'd' => {
                let values = self.pop_mark()?;
                self.push_dict(pairs(values)?);
            }
            b'a' => {
                let value = self.pop()?;
                self.append(vec![value])?;
            }
            b'e' => {
                let values = self.pop_mark()?;
                self.append(values)?;
            }
            b's' => {
                let start = self.floor(2)?;
                let values = self.stack.split_off(start);
                self.set(values)?;
            }
            b'u' => {
                let values = self.pop_mark()?;
                self.set(values)?;
            }
            b'q' | b'r' | 0x94 => {
                let key = match operation {
                    b'q' => self.length(1)? as u64,
                    b'r' => self.length(4)? as u64,
                    _ => self.memo.len() as u64,
                };
                let value = self.top()?.clone();
                self.memo.insert(key, value);
            }
            b'h' | b'j' => {
                let key = self.length(if operation == b'h' { 1 } else { 4 })? as u64;
                let value = self.memo.get(&key).cloned();
                self.stack
                    .push(value.ok_or_else(|| damaged(format!("memo {key} is read before it is written")))?);
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.stack.push(Value::Global(Global::find(&module, &name)?));
            }
            0x93 => match (self.pop()?, self.pop()?) {
                (Value::Text(name), Value::Text(module)) => {
                    self.stack.push(Value::Global(Global::find(&module, &name)?));
                }
                _ => return Err(damaged("a global has no name")),
            },
            b'Q' => self.persistent_id()?,
            b'R' => self.reduce()?,
            b'b' => self.build()?,
            other => return Err(unknown(other)),
        }
        Ok(())
    }

    fn integer(&mut self, operation: u8) -> Result<()> {
        let value = match operation {
            b'K' => i64::from(self.byte()?),
            b'M' => self.length(2)? as i64,
            b'J' => i64::from(i32::from_le_bytes(self.array()?)),
            _ => {
                let length = self.length(1)?;
                if length > 8 {
                    return Err(refused(format!("its pickle holds a whole number of {length} bytes")));
                }
                let digits = self.take(length)?;
                let negative = digits.last().is_some_and(|&last| last >= 0x80);
                let mut whole = if negative { [0xff; 8] } else { [0; 8] };
                whole.iter_mut().zip(digits).for_each(|(to, &from)| *to = from);
                i64::from_le_bytes(whole)
            }
        };
        self.stack.push(Value::Int(value));
        Ok(())
    }

    fn text(&mut self, operation: u8) -> Result<()> {
        let length = self.length(match operation {
            b'X' | b'T' => 4,
            b'U' | 0x8c => 1,
            _ => 8,
        })?;
        let text = match (std::str::from_utf8(self.take(length)?), operation) {
            (Ok(text), _) => Value::Text(text.into()),
            // What Python 2 calls a string may be any bytes.
            (Err(_), b'U' | b'T') => Value::Other,
            (Err(_), _) => return Err(damaged("a string is not UTF-8")),
        };
        self.stack.push(text);
        Ok(())
    }

    fn persistent_id(&mut self) -> Result<()> {
        let id = self.pop()?;
        let storage = self.pickle.storage(&id)?;
        self.pickle.storages.push(storage);
        self.stack.push(Value::Storage(self.pickle.storages.len() - 1));
        Ok(())
    }

    fn reduce(&mut self) -> Result<()> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let Some(values) = self.pickle.sequence(&arguments) else {
            return Err(damaged("a function is called without a tuple of arguments"));
        };
        match (function, values) {
            (Value::Global(Global::OrderedDict), []) => self.push_dict(Vec::new()),
            (Value::Global(Global::Size), [Value::Sequence(index)]) => self.stack.push(Value::Sequence(*index)),
            (Value::Global(Global::RebuildParameter), [Value::Tensor(index), ..]) => {
                self.stack.push(Value::Tensor(*index));
            }
            (
                Value::Global(Global::RebuildTensor),
                [
                    Value::Storage(storage),
                    Value::Int(offset),
                    Value::Sequence(shape),
                    Value::Sequence(strides),
                    ..,
                ],
            ) => {
                let tensor = TensorRef::new(*offset, &self.numbers(*shape)?, &self.numbers(*strides)?)?;
                self.pickle.tensors.push((*storage, tensor));
                self.stack.push(Value::Tensor(self.pickle.tensors.len() - 1));
            }
            (Value::Global(global), _) => {
                return Err(damaged(format!(
                    "{global:?} is called with arguments that it does not take"
                )));
            }
            _ => return Err(damaged("something is called that is no function")),
        }
        Ok(())
    }

    /// Sets the attributes of an object: those of a state dict and of tensors (`_metadata`, hooks) mean nothing here.
    fn build(&mut self) -> Result<()> {
        self.pop()?;
        match self.top()? {
            Value::Dict(_) | Value::Tensor(_) => Ok(()),
            _ => Err(refused("its pickle sets attributes of something that is no state dict")),
        }
    }

    fn append(&mut self, values: Vec<Value>) -> Result<()> {
        match self.top()? {
            Value::Sequence(index) => {
                let index = *index;
                let list = self.pickle.sequences.get_mut(index);
                list.ok_or_else(|| damaged("it has no such list"))?.extend(values);
                Ok(())
            }
            _ => Err(damaged("something is appended to what is no list")),
        }
    }

    fn set(&mut self, values: Vec<Value>) -> Result<()> {
        let pairs = pairs(values)?;
        match self.top()? {
            Value::Dict(index) => {
                let index = *index;
                let dict = self.pickle.dicts.get_mut(index);
                dict.ok_or_else(|| damaged("it has no such dict"))?.extend(pairs);
                Ok(())
            }
            _ => Err(damaged("an item is set in what is no dict")),
        }
    }

    fn numbers(&self, sequence: usize) -> Result<Vec<i64>> {
        let values = self.pickle.sequences.get(sequence).into_iter().flatten();
        values
            .map(|value| match value {
                Value::Int(number) => Ok(*number),
                _ => Err(damaged("a shape holds something that is no whole number")),
            })
            .collect()
    }

    fn push_sequence(&mut self, values: Vec<Value>) {
        self.pickle.sequences.push(values);
        self.stack.push(Value::Sequence(self.pickle.sequences.len() - 1));
    }

    fn push_dict(&mut self, pairs: Vec<(Value, Value)>) {
        self.pickle.dicts.push(pairs);
        self.stack.push(Value::Dict(self.pickle.dicts.len() - 1));
    }

    /// Where the last `count` values begin, none of them under a mark.
    fn floor(&self, count: usize) -> Result<usize> {
        let start = self.stack.len().checked_sub(count);
        start
            .filter(|start| *start >= self.marks.last().copied().unwrap_or(0))
            .ok_or_else(|| damaged("an operation finds too few values"))
    }

    fn top(&self) -> Result<&Value> {
        let start = self.floor(1)?;
        self.stack
            .get(start)
            .ok_or_else(|| damaged("an operation finds no value"))
    }

    fn pop(&mut self) -> Result<Value> {
        self.floor(1)?;
        self.stack.pop().ok_or_else(|| damaged("an operation finds no value"))
    }

    fn pop_mark(&mut self) -> Result<Vec<Value>> {
        let mark = self.marks.pop().ok_or_else(|| damaged("an operation finds no mark"))?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    /// Passes over the bytes of a value that no tensor depends on.
    fn skipped(&mut self, length: usize) -> Result<()> {
        self.take(length)?;
        self.stack.push(Value::Other);
        Ok(())
    }

    fn take(&mut self, count: usize) -> Result<&[u8]> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = rest.get(..count).ok_or_else(|| match self.bytes.len() as u64 {
            MAX_BYTES => refused(format!("its pickle has more than {MAX_BYTES} bytes")),
            length => damaged(format!("it ends after {length} bytes, in the middle")),
        })?;
        self.at += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let taken = self.take(N)?;
        taken
            .first_chunk()
            .copied()
            .ok_or_else(|| damaged("it ends in the middle"))
    }

    fn byte(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    /// A little-endian number of `width` bytes.
    fn length(&mut self, width: usize) -> Result<usize> {
        let mut whole = [0; 8];
        whole
            .iter_mut()
            .zip(self.take(width)?)
            .for_each(|(to, &from)| *to = from);
        usize::try_from(u64::from_le_bytes(whole)).map_err(|_| damaged("a length is beyond memory"))
    }

    fn line(&mut self) -> Result<String> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let end = rest.iter().position(|&byte| byte == b'\n');
        let line = self.take(end.unwrap_or(rest.len()).saturating_add(1))?;
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        String::from_utf8(line.to_vec()).map_err(|_| damaged("the name of a global is not UTF-8"))
    }
}
