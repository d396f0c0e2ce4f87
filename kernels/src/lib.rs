//! The loops of gamma-wasm that see every pixel or every number, on plain slices.
//!
//! Linear layers and attention are packed tiles of 4 rows by 8 outputs in SIMD registers; in the browser a general matrix product
//! reaches two thirds of their speed. Native builds use burn's own there, which know AVX and NEON, and compile ours for the tests
//! that compare it with the oracle. The kernels of Gamma-Lite's stem and the scaling of photos serve every CPU.
//!
//! What is exported is not generic over what a caller brings, and is never inlined: else it would be compiled with the caller, and
//! optimised as that is.

mod activation;
mod attention;
#[cfg(feature = "gradients")]
mod batch_norm;
mod codes;
#[cfg(feature = "photos")]
mod color;
#[cfg(feature = "photos")]
pub mod decoders;
mod depthwise;
mod exp;
mod integer;
mod integer_lanes;
#[cfg(feature = "photos")]
pub mod jpeg;
mod lanes;
mod layer_norm;
mod linear;
mod normalize;
#[cfg(feature = "photos")]
mod orientation;
mod patches;
mod resample;
mod rows;
#[cfg(feature = "photos")]
mod spliced;
mod sums;
#[cfg(feature = "formats")]
pub mod tiff;
mod window;

#[cfg(feature = "gradients")]
pub use activation::relu6_gradient;
pub use activation::{Activation, bias_relu6, quick_gelu};
pub use attention::{Sizes, attention};
#[cfg(feature = "gradients")]
pub use batch_norm::{BatchNorm, EPSILON as BATCH_NORM_EPSILON, moments};
pub use codes::{Row, unpack};
#[cfg(feature = "photos")]
pub use color::{Treatment, to_rgb};
#[cfg(feature = "gradients")]
pub use depthwise::{channels_first, depthwise, input_gradient, weight_gradient};
pub use depthwise::{channels_last, depthwise_relu6};
pub use integer::{Codes, multiply_in_7_bits, multiply_in_15_bits, span};
pub use layer_norm::layer_norm;
pub use linear::{Dense, Rows, matmul_transposed};
pub use normalize::normalize;
#[cfg(feature = "photos")]
pub use orientation::{swaps_sides, turn};
pub use patches::patches;
pub use resample::{Reduced, resample, resample_reduced};
#[cfg(feature = "photos")]
pub use spliced::Spliced;
pub use sums::Epilogue;
pub use window::Window;

/// PNG's checksum of bytes that follow one another.
#[cfg(feature = "photos")]
#[inline(never)]
pub fn crc32(pieces: &[&[u8]]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    pieces.iter().for_each(|piece| hasher.update(piece));
    hasher.finalize()
}
