//! Where a command computes.

use clap::Args;
use gamma_wasm::ops::DeviceChoice;

#[derive(Debug, Args)]
pub struct DeviceArgs {
    /// Where it computes: cpu, gpu (an error without one), or auto (a GPU if there is a real one). GPUs need a build with --features wgpu.
    #[arg(id = "device", long = "device", value_name = "NAME", default_value = "cpu")]
    pub choice: DeviceChoice,
}
