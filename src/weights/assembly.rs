//! A checkpoint put together from pieces of any size, as they arrive. At no time is more of it held in host memory
//! than its header and one tensor.

use burn::tensor::Device;

use super::{Header, TensorInfo, Tensors, element, header::LENGTH_BYTES};
use crate::{Error, Result, model::Config};

/// How much of a checkpoint has arrived.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Progress {
    /// Tensors in their place.
    pub tensors: usize,
    /// Tensors of the file; 0 until the header is complete.
    pub tensors_total: usize,
    /// Bytes taken in.
    pub bytes: u64,
    /// Bytes of the file; 0 until the header is complete.
    pub bytes_total: u64,
}

/// Everything a file of weights says: what model it is, its tensors, its metadata.
pub struct Checkpoint {
    /// Dimensions, read off the shapes.
    pub config: Config,
    /// Names, types, shapes and metadata.
    pub header: Header,
    /// The tensors, on their device.
    pub tensors: Tensors,
}

enum State {
    Length,
    Header { length: usize },
    Tensor { index: usize },
    Failed,
}

/// Takes one safetensors file in pieces of any size.
pub struct Assembly {
    state: State,
    /// Bytes of the part that is being received.
    part: Vec<u8>,
    header: Header,
    config: Option<Config>,
    tensors: Tensors,
    progress: Progress,
}

impl Assembly {
    /// An assembly that puts tensors on `device`.
    pub fn new(device: Device) -> Self {
        Self {
            state: State::Length,
            part: Vec::new(),
            header: Header::default(),
            config: None,
            tensors: Tensors::new(device),
            progress: Progress::default(),
        }
    }

    /// Takes the next bytes of the file.
    ///
    /// # Errors
    /// As soon as the bytes can be no checkpoint of a Gamma model. The assembly is useless then.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<Progress> {
        self.progress.bytes += bytes.len() as u64;
        let result = loop {
            match self.step(&mut bytes) {
                Ok(true) => {}
                Ok(false) => break Ok(self.progress),
                Err(error) => break Err(error),
            }
        };
        if result.is_err() {
            self.state = State::Failed;
            self.part = Vec::new();
        }
        result
    }

    /// The checkpoint, once every byte is there.
    ///
    /// # Errors
    /// [`Error::WeightsTruncated`] if bytes are missing.
    pub fn finish(self) -> Result<Checkpoint> {
        let received = self.progress.bytes;
        match (self.state, self.config) {
            (State::Tensor { index }, Some(config)) => match self.header.tensors.get(index) {
                None => Ok(Checkpoint {
                    config,
                    header: self.header,
                    tensors: self.tensors,
                }),
                Some(missing) => Err(Error::WeightsTruncated(format!(
                    "{received} of {} bytes came, tensor `{}` is incomplete",
                    self.progress.bytes_total, missing.name
                ))),
            },
            (State::Failed, _) => Err(Error::WeightsFormat("an earlier part of it was refused".into())),
            _ => Err(Error::WeightsTruncated(format!(
                "{received} bytes came, its header is incomplete"
            ))),
        }
    }

    /// Moves on by one part; `Ok(false)` when more bytes are needed.
    fn step(&mut self, bytes: &mut &[u8]) -> Result<bool> {
        match self.state {
            State::Length => {
                if !self.fill(bytes, LENGTH_BYTES)? {
                    return Ok(false);
                }
                let length = self.part.first_chunk().copied().unwrap_or_default();
                self.state = State::Header {
                    length: Header::length(length)?,
                };
                self.part.clear();
            }
            State::Header { length } => {
                if !self.fill(bytes, length)? {
                    return Ok(false);
                }
                self.header = Header::parse(&self.part)?;
                self.header.tensors.iter().try_for_each(element::check)?;
                self.config = Some(Config::from_header(&self.header)?);
                self.progress.tensors_total = self.header.tensors.len();
                self.progress.bytes_total = (LENGTH_BYTES + length) as u64 + self.header.data_bytes();
                self.part = Vec::new();
                self.state = State::Tensor { index: 0 };
            }
            State::Tensor { index } => {
                let Some(info) = self.header.tensors.get(index).cloned() else {
                    if bytes.is_empty() {
                        return Ok(false);
                    }
                    return Err(Error::WeightsTrailing(format!(
                        "{} bytes follow the last tensor",
                        self.progress.bytes - self.progress.bytes_total
                    )));
                };
                if !self.fill(bytes, info.bytes)? {
                    return Ok(false);
                }
                self.place(info)?;
                self.state = State::Tensor { index: index + 1 };
            }
            State::Failed => return Err(Error::WeightsFormat("an earlier part of it was refused".into())),
        }
        Ok(true)
    }

    /// Moves bytes into the current part until it has `length` of them. Memory grows with what arrived, never with
    /// what a header claims.
    fn fill(&mut self, bytes: &mut &[u8], length: usize) -> Result<bool> {
        let wanted = length.saturating_sub(self.part.len()).min(bytes.len());
        let (taken, rest) = bytes.split_at(wanted);
        self.part
            .try_reserve(wanted)
            .map_err(|_| Error::WeightsFormat(format!("a part of {length} bytes does not fit into memory")))?;
        self.part.extend_from_slice(taken);
        *bytes = rest;
        Ok(self.part.len() == length)
    }

    fn place(&mut self, info: TensorInfo) -> Result<()> {
        let values = element::widen(&info, &self.part)?;
        self.part.clear();
        self.tensors.insert(info.name, info.shape, values)?;
        self.progress.tensors += 1;
        Ok(())
    }
}
