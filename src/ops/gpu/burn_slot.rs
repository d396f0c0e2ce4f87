//! Where the GPU stands in burn. burn's dispatch names its backends in its own code and has no place for another one, so a build for the GPU
//! patches the crate behind one of these names, `burn-flex`, with `stand-ins/burn-flex` (`modules/Cargo.toml`). What burn calls
//! Flex is then the GPU that `gamma_webgpu` has opened. No other file for the GPU says so.

use burn::tensor::Device;

/// The backend whose tensors are buffers on the GPU.
pub(super) use burn::backend::Flex as Gpu;
/// Its tensors.
pub(super) use burn_flex::FlexTensor as GpuTensor;

/// The GPU that [`gamma_webgpu::open`] has opened, as burn knows it.
pub fn gpu_device() -> Device {
    Device::flex()
}
