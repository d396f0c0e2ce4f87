//! Shaders in WGSL on WebGPU: a device, buffers on it, and launches that are recorded until somebody reads.
//!
//! Commands run in the order in which they are recorded. So a buffer that nobody holds any more can be written by the next launch,
//! though the commands that read it have not run yet: memory stays as small as if each launch were waited for.

mod buffer;
mod device;
#[cfg(feature = "faults")]
pub mod faults;
mod launch;
mod pool;
mod read;

pub use buffer::{Buffer, upload};
pub use device::{Gpu, open};
pub use launch::{Shader, in_two_axes, launch, launch_onto};
pub use read::read;
/// What the device and its adapter are types of.
pub use wgpu;
