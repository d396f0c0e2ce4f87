//! Checkpoints to files of weights: what `gamma convert` does. Native only.

mod allocate;
mod archive;
mod layout;
mod legacy;
mod machine;
mod output;
mod pickle;
mod plan;
mod pth;
mod quantize;
mod report;
mod run;
mod scenes;
mod select;
mod source;
mod tensor_ref;
mod writer;

pub use plan::Scheme;
pub use pth::Pth;
pub use report::{Report, Sums, TensorReport};
pub use run::{Options, Step, Target, convert};
pub use scenes::Scenes;
pub use source::{INDEX, Safetensors, Source, SourceTensor, open};
