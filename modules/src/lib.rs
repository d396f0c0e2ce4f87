//! The surface of `gamma_wasm::web`, whose functions wasm-bindgen exports.

pub use gamma_wasm::*;
