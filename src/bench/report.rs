//! What was measured, for people and as JSON.

use std::fmt;

use burn::tensor::Device;
use serde::Serialize;

use super::{Adapter, Effort, Kernel, LeftOut, Model, halves, kernels, model};
use crate::Result;

/// All that is measured of one implementation on one adapter.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// What computes: `burn-wgpu` or `our shaders`.
    pub implementation: &'static str,
    /// Where.
    pub adapter: Adapter,
    /// Each kernel.
    pub kernels: Vec<Kernel>,
    /// Each model.
    pub models: Vec<Model>,
}

impl Report {
    /// Measures all kernels, then each of `models`, given as the bytes of its file. `device_bytes` tells what is allocated on the device.
    ///
    /// # Errors
    /// What is wrong with a model, or [`Error::Device`](crate::Error::Device) if the device fails.
    pub async fn measure(
        implementation: &'static str,
        adapter: Adapter,
        device: &Device,
        device_bytes: impl Fn() -> Option<u64>,
        models: impl IntoIterator<Item = Result<Vec<u8>>>,
        effort: &Effort,
    ) -> Result<Self> {
        let kernels = kernels(device, effort).await?;
        let mut measured = Vec::new();
        for bytes in models {
            let bytes = bytes?;
            for half in halves().await {
                measured.push(model(&bytes, device, effort, half, &device_bytes).await?);
            }
        }
        Ok(Self {
            implementation,
            adapter,
            kernels,
            models: measured,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let adapter = &self.adapter;
        writeln!(out, "{} on {}", self.implementation, adapter.name)?;
        writeln!(out, "  {}, {}, {}", adapter.kind, adapter.interface, adapter.driver)?;
        if adapter.kind == "software" {
            writeln!(
                out,
                "  The processor plays this adapter: its figures say nothing of a GPU."
            )?;
        }
        for (name, has) in &adapter.features {
            writeln!(out, "  {name}: {}", if *has { "yes" } else { "no" })?;
        }
        for (name, limit) in &adapter.limits {
            writeln!(out, "  {name}: {limit}")?;
        }
        let [kernel, shape, ms, tflops, gbytes] = ["kernel", "shape", "ms", "TFLOP/s", "GB/s"];
        writeln!(out, "{kernel:<20} {shape:<20} {ms:>10} {tflops:>9} {gbytes:>9}")?;
        for kernel in &self.kernels {
            let Kernel {
                name,
                ms,
                tflops,
                gbytes,
                ..
            } = kernel;
            let shape: Vec<String> = kernel.shape.iter().map(usize::to_string).collect();
            let shape = shape.join(" x ");
            writeln!(out, "{name:<20} {shape:<20} {ms:>10.3} {tflops:>9.4} {gbytes:>9.2}")?;
        }
        self.models.iter().try_for_each(|model| write!(out, "{model}"))
    }
}

impl fmt::Display for Model {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let megabytes = |bytes: Option<u64>| match bytes {
            Some(bytes) => format!("{:.0} MB", bytes as f64 / 1e6),
            None => "not told".into(),
        };
        let Self {
            name,
            parameters,
            load_ms,
            ..
        } = self;
        writeln!(
            out,
            "{name}, {parameters} numbers{}: first crop {load_ms:.0} ms after its bytes",
            if self.half { ", f16" } else { "" }
        )?;
        let (device, peak) = (megabytes(self.device_bytes), megabytes(self.peak_bytes));
        writeln!(out, "  on the device: {device}; peak of the process: {peak}")?;
        for batch in &self.batches {
            let (crops, ms, tflops) = (batch.crops, batch.ms_a_crop, batch.tflops);
            writeln!(out, "  {crops:>3} at a time: {ms:.2} ms a crop, {tflops:.4} TFLOP/s")?;
        }
        for LeftOut { crops, why } in &self.left_out {
            writeln!(out, "  {crops:>3} at a time: left out, {why}")?;
        }
        Ok(())
    }
}
