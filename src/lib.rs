//! Gamma image assessment ("Toward Generic Image Assessment with Mixture of Assessment Experts", arXiv 2503.06678):
//! a photo gets the score that the paper's model gives it, natively and in a browser, on the CPU and on WebGPU.
//!
//! Data goes one way: bytes → [`image`] (pixels, crops) → [`model`] (features) → levels → score. [`scorer`] is where
//! it meets; [`weights`] fills the model, [`prompt`] asks it, [`ops`] computes what is worth code of our own.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(all(feature = "bench", any(feature = "gpu", feature = "wgpu")))]
pub mod bench;
pub mod error;
#[cfg(all(feature = "formats", feature = "prompts"))]
pub mod group;
pub mod image;
#[cfg(feature = "cli")]
pub mod metrics;
#[cfg(any(feature = "cpu", feature = "gpu"))]
pub mod model;
#[cfg(any(feature = "cpu", feature = "gpu"))]
pub mod ops;
pub mod prompt;
#[cfg(any(feature = "cpu", feature = "gpu"))]
pub mod scorer;
#[cfg(feature = "train")]
pub mod train;
#[cfg(feature = "web")]
mod web;
#[cfg(any(feature = "cpu", feature = "gpu"))]
pub mod weights;

pub use error::{Error, Result};
