//! burn's CPU backend for the browser's modules: the operations of Gamma's forward pass on `f32`, and no others.
//!
//! The crate of this name on crates.io computes everything that burn can ask for, on twelve element types, and each operation
//! that is reached brings code for all of them. This one takes its place where modules are built (`[patch]` in
//! `modules/Cargo.toml`); native builds, training and tests keep the original, which is its oracle (`tests/`).
//!
//! A tensor is a shape and its numbers row by row, shared by its clones. Views are copies: those of the forward pass are small,
//! and what is large goes through the kernels of `gamma-wasm`, which enter by burn's backend extension.

mod absent;
mod backend;
mod elementwise;
mod float;
mod layout;
mod module;
mod reduce;
mod tensor;

pub use backend::{Flex, FlexDevice};
pub use layout::Layout;
pub use tensor::{FlexTensor, Indices, Never};
