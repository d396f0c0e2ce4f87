//! What a driver states of its adapter.

use std::collections::BTreeMap;

use serde::Serialize;

#[cfg(not(feature = "gpu"))]
use burn::tensor::wgpu::wgpu;
#[cfg(feature = "gpu")]
use gamma_webgpu::wgpu;

/// An adapter as its driver states it. No driver states a peak of operations or bytes a second.
#[derive(Debug, Clone, Serialize)]
pub struct Adapter {
    /// Its name.
    pub name: String,
    /// `discrete`, `integrated`, `virtual`, `software` (the processor plays it) or `other`.
    pub kind: &'static str,
    /// The interface to its driver: `vulkan`, `metal` or `dx12`.
    pub interface: String,
    /// The driver with its version.
    pub driver: String,
    /// Whether it has half precision (`f16`), and `subgroups`, which no shader of ours uses: wgpu cannot ask a browser for them.
    pub features: BTreeMap<&'static str, bool>,
    /// Its limits, in bytes or counts.
    pub limits: BTreeMap<&'static str, u64>,
}

impl From<&wgpu::Adapter> for Adapter {
    fn from(adapter: &wgpu::Adapter) -> Self {
        let (info, limits, features) = (adapter.get_info(), adapter.limits(), adapter.features());
        Self {
            name: info.name,
            kind: match info.device_type {
                wgpu::DeviceType::DiscreteGpu => "discrete",
                wgpu::DeviceType::IntegratedGpu => "integrated",
                wgpu::DeviceType::VirtualGpu => "virtual",
                wgpu::DeviceType::Cpu => "software",
                wgpu::DeviceType::Other => "other",
            },
            interface: info.backend.to_string(),
            driver: format!("{} {}", info.driver, info.driver_info).trim().into(),
            features: [
                ("f16", features.contains(wgpu::Features::SHADER_F16)),
                ("subgroups", features.contains(wgpu::Features::SUBGROUP)),
            ]
            .into(),
            limits: [
                ("buffer_bytes", limits.max_buffer_size),
                ("binding_bytes", limits.max_storage_buffer_binding_size),
                ("workgroup_bytes", limits.max_compute_workgroup_storage_size.into()),
                (
                    "workgroup_invocations",
                    limits.max_compute_invocations_per_workgroup.into(),
                ),
                ("workgroups_an_axis", limits.max_compute_workgroups_per_dimension.into()),
            ]
            .into(),
        }
    }
}
