//! Kernels of the browser's CPU modules. Linear layers and attention are packed tiles of 4 rows by 8 outputs in SIMD
//! registers, where a general matrix product reaches two thirds of their speed. Native builds use burn's own operations,
//! which know AVX and NEON; their tests compile this too, to compare it with the oracle.

mod activation;
mod attention;
mod exp;
mod lanes;
mod linear;

#[cfg(target_arch = "wasm32")]
mod extension;

#[cfg(target_arch = "wasm32")]
pub(super) use extension::{attention, matmul_quantized, matmul_transposed, quick_gelu};
