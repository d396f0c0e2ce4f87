//! The surface of `gamma_wasm::web`, whose functions wasm-bindgen exports.

pub use gamma_wasm::*;

/// Several threads allocate.
#[cfg(feature = "cpu-threads")]
#[global_allocator]
static ALLOCATOR: gamma_threads::Allocator = gamma_threads::Allocator::new();
