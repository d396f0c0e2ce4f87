//! burn's backends for the browser's modules: the operations of Gamma's forward pass on `f32`, and no others, on the processor or, with
//! the feature `webgpu`, on a GPU.
//!
//! burn's dispatch names its backends in its own code, so that another one cannot be added; this crate takes the place of one of them where
//! modules are built (`[patch]` in `modules/Cargo.toml`), under its name, Flex. The crate of this name on crates.io computes everything that
//! burn can ask for, on twelve element types, and each operation that is reached brings code for all of them. burn's own backend for GPUs
//! comes with a compiler for kernels written in Rust, which shaders have no use for. Native builds, training and tests keep the original,
//! the oracle of the processor's operations (`tests/`); a GPU's are tried in a browser, which alone has one.

mod absent;
mod backend;
mod layout;
mod scalar;
mod tensor;
mod view;

#[cfg(not(feature = "webgpu"))]
mod cpu;
#[cfg(feature = "webgpu")]
mod gpu;

#[cfg(not(feature = "webgpu"))]
use cpu as device;
#[cfg(feature = "webgpu")]
use gpu as device;

pub use backend::{Flex, FlexDevice};
pub use device::FlexTensor;
#[cfg(feature = "webgpu")]
pub use device::shader_variants;
pub use layout::Layout;
pub use tensor::{Indices, Never};
