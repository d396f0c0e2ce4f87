//! Training, native only: so far the distorted photos that Gamma-Lite learns from, and their labels.

pub mod distortion;
pub mod quality;
