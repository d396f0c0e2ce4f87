//! Weights: the safetensors header, what a file says about itself, quantised tensors, tensors by their checkpoint names, and
//! the assembly of a model from a stream of bytes. Everything here reads untrusted bytes and answers with an
//! [`Error`](crate::Error), never with a panic. `docs/weights-format.md` describes the format.

mod assembly;
mod checkpoint;
mod contents;
#[cfg(feature = "cli")]
pub mod convert;
mod element;
mod findings;
mod header;
mod incoming;
mod index;
mod json;
mod kind;
mod metadata;
pub(crate) mod order;
mod quantized;
mod reliability;
mod scene_file;
mod tensors;

pub use assembly::Assembly;
pub use checkpoint::{Checkpoint, Progress, TextFiles};
pub(crate) use contents::text_features_name;
pub use contents::{Contents, ModelTensor, Storage, TEXT_FEATURES};
pub use findings::{FaultClaim, findings};
pub use header::{Header, TensorInfo};
pub use index::{Index, IndexFile};
pub use kind::check_kind;
pub use metadata::{FORMAT_VERSION, Metadata};
#[cfg(feature = "cli")]
pub(crate) use metadata::{hex, photo};
pub use quantized::{Quantization, QuantizedLayout, scale_name};
pub use reliability::{INTERVAL_LEVEL, Measured, Reliability, reliability};
pub use scene_file::network_hash;
pub use tensors::{Matrix, Scope, Tensors};
