//! Weights: the safetensors header, tensors by their checkpoint names, and the assembly of a model from a stream of
//! bytes. Everything here reads untrusted bytes and answers with an [`Error`](crate::Error), never with a panic.

mod assembly;
#[cfg(feature = "cli")]
pub mod convert;
mod element;
mod header;
mod quantized;
mod tensors;

pub use assembly::{Assembly, Checkpoint, Progress};
pub use header::{Header, TensorInfo};
pub use quantized::{Quantization, QuantizedLayout, scale_name};
pub use tensors::{Scope, Tensors};
