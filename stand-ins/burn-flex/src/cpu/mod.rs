//! The processor: tensors are numbers in host memory, row by row, shared by their clones. Views are copies: those of the forward pass are
//! small, and what is large goes through the kernels of `gamma-wasm`.

mod copy;
mod elementwise;
mod float;
mod module;
mod reduce;
mod tensor;

pub use tensor::FlexTensor;

/// As burn shows the device.
pub(crate) const NAME: &str = "Cpu";
