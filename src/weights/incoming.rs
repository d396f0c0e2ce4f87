//! One safetensors file on its way in: length, header, then tensor by tensor, from pieces of any size.

use super::{Header, Progress, header::LENGTH_BYTES};
use crate::{Error, Result};

/// Memory that a part takes at a time before its bytes are there. A part grows by as much at once, without doubling: memory
/// of a browser's module never shrinks, so that each block left behind stays.
const STEP: usize = 4 << 20;

/// What has become complete.
pub(super) enum Event {
    /// The header; it lies in [`Incoming::header`].
    Header,
    /// The data of a tensor.
    Tensor {
        /// Its place in [`Header::tensors`].
        index: usize,
        /// Its bytes.
        data: Vec<u8>,
    },
}

enum Stage {
    Length,
    Header { length: usize },
    Tensor { index: usize },
}

/// A file that is being received.
pub(super) struct Incoming {
    /// Its length in bytes, if it is known.
    length: Option<u64>,
    stage: Stage,
    /// Bytes of the part that is being received.
    part: Vec<u8>,
    /// Empty until it is complete.
    pub header: Header,
    pub progress: Progress,
}

impl Incoming {
    /// A file of `length` bytes, if that is known.
    pub fn new(length: Option<u64>) -> Self {
        Self {
            length,
            stage: Stage::Length,
            part: Vec::new(),
            header: Header::default(),
            progress: Progress::default(),
        }
    }

    /// Takes bytes off the front until something is complete; `None` when more are needed.
    pub fn step(&mut self, bytes: &mut &[u8]) -> Result<Option<Event>> {
        if let Stage::Length = self.stage {
            if !self.fill(bytes, LENGTH_BYTES)? {
                return Ok(None);
            }
            let length = self.part.first_chunk().copied().unwrap_or_default();
            let length = Header::length(length, self.length)?;
            self.stage = Stage::Header { length };
            self.part = Vec::new();
        }
        match self.stage {
            Stage::Length => Ok(None),
            Stage::Header { length } => {
                if !self.fill(bytes, length)? {
                    return Ok(None);
                }
                self.header = Header::parse(&std::mem::take(&mut self.part))?;
                if let Some(length) = self.length {
                    self.header.check_length(length)?;
                }
                self.progress.tensors_total = self.header.tensors.len();
                self.progress.bytes_total = self.header.file_bytes();
                self.stage = Stage::Tensor { index: 0 };
                Ok(Some(Event::Header))
            }
            Stage::Tensor { index } => {
                let Some(length) = self.header.tensors.get(index).map(|tensor| tensor.bytes) else {
                    return match bytes.len() {
                        0 => Ok(None),
                        more => Err(Error::WeightsTrailing(format!("{more} bytes follow the last tensor"))),
                    };
                };
                if !self.fill(bytes, length)? {
                    return Ok(None);
                }
                self.stage = Stage::Tensor { index: index + 1 };
                self.progress.tensors += 1;
                let data = std::mem::take(&mut self.part);
                Ok(Some(Event::Tensor { index, data }))
            }
        }
    }

    /// Refuses a file that is not complete.
    ///
    /// # Errors
    /// [`Error::WeightsTruncated`].
    pub fn check_complete(&self) -> Result<()> {
        let Progress { bytes, bytes_total, .. } = self.progress;
        let Stage::Tensor { index } = self.stage else {
            let reason = format!("{bytes} bytes came, its header is incomplete");
            return Err(Error::WeightsTruncated(reason));
        };
        match self.header.tensors.get(index) {
            None => Ok(()),
            Some(missing) => Err(Error::WeightsTruncated(format!(
                "{bytes} of {bytes_total} bytes came, tensor `{}` is incomplete",
                missing.name
            ))),
        }
    }

    /// Moves bytes into the current part until it has `length` of them. Memory goes with what arrived, never with what a
    /// header claims: at most [`STEP`] is taken ahead.
    fn fill(&mut self, bytes: &mut &[u8], length: usize) -> Result<bool> {
        let missing = length.saturating_sub(self.part.len());
        let wanted = missing.min(bytes.len());
        let (taken, rest) = bytes.split_at(wanted);
        if self.part.capacity() - self.part.len() < wanted {
            self.part
                .try_reserve_exact(missing.min(wanted.max(STEP)))
                .map_err(|_| Error::WeightsFormat(format!("a part of {length} bytes does not fit into memory")))?;
        }
        self.part.extend_from_slice(taken);
        self.progress.bytes += wanted as u64;
        *bytes = rest;
        Ok(self.part.len() == length)
    }
}
