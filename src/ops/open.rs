//! The device that a native run asks for: the one function that chooses.

use std::str::FromStr;

use burn::tensor::Device;
#[cfg(feature = "wgpu")]
use burn::tensor::wgpu::WgpuSetup;

use crate::{Error, Result};

/// What a caller asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The processor.
    #[default]
    Cpu,
    /// This machine's GPU, by burn-wgpu, or an error; also one that the processor plays.
    Gpu,
    /// A real GPU that passes its test, else the processor.
    Auto,
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "cpu" => Ok(Self::Cpu),
            "gpu" => Ok(Self::Gpu),
            "auto" => Ok(Self::Auto),
            _ => Err("it is one of cpu, gpu and auto".into()),
        }
    }
}

/// A device that is open.
#[derive(Debug, Clone)]
pub struct Opened {
    /// Where tensors are put.
    pub device: Device,
    /// What it is, for people; of a GPU the name that its driver gives.
    pub name: String,
    /// Whether it is a GPU that the processor plays.
    pub software: bool,
    /// Of [`DeviceChoice::Auto`] why it is no GPU, if it is none.
    pub reason: Option<String>,
    /// The handles of a GPU, which tell of its limits and memory.
    #[cfg(feature = "wgpu")]
    pub setup: Option<WgpuSetup>,
}

/// Opens a device. A GPU has passed the self-test then.
///
/// # Errors
/// [`Error::Device`] if a GPU is asked for and there is none, it fails its test, or the build has none.
pub fn open(choice: DeviceChoice) -> Result<Opened> {
    let cpu = |reason| Opened {
        device: Device::flex(),
        name: "CPU".into(),
        software: false,
        reason,
        #[cfg(feature = "wgpu")]
        setup: None,
    };
    match choice {
        DeviceChoice::Cpu => Ok(cpu(None)),
        DeviceChoice::Gpu => gpu(),
        DeviceChoice::Auto => Ok(match gpu() {
            Ok(gpu) if gpu.software => cpu(Some(format!("{} is only emulated", gpu.name))),
            Ok(gpu) => gpu,
            Err(error) => cpu(Some(error.to_string())),
        }),
    }
}

/// How many crops are best scored at a time on a device: enough to fill a GPU. On the processor more at once take more memory and are no
/// faster: with the published size, 2, 5 and 10 are within the noise of 1.
pub fn batch(device: &Device) -> usize {
    match is_cpu(device) {
        true => 1,
        false => 16,
    }
}

/// Whether tensors of this device lie in burn's Flex, which our own kernels know. A build may have others beside it.
pub(crate) fn is_cpu(device: &Device) -> bool {
    #[cfg(feature = "train")]
    if *device == Device::flex().autodiff() {
        return true;
    }
    *device == Device::flex()
}

#[cfg(not(feature = "wgpu"))]
fn gpu() -> Result<Opened> {
    Err(Error::Device(
        "this build has no GPU; build with --features wgpu, which takes minutes".into(),
    ))
}

#[cfg(feature = "wgpu")]
fn gpu() -> Result<Opened> {
    use std::sync::OnceLock;

    use burn::tensor::wgpu::wgpu::DeviceType;

    /// burn-wgpu's device is registered once in a process.
    static GPU: OnceLock<Result<Opened, String>> = OnceLock::new();

    let opened = GPU.get_or_init(|| {
        let found = Device::wgpu_options().init_with_setup();
        let (device, setup) = found.map_err(|error| {
            format!(
                "no GPU was found; it needs a driver of Vulkan, Metal or DirectX 12, on Debian: apt-get install libvulkan1 \
                 mesa-vulkan-drivers ({error})"
            )
        })?;
        let info = setup.adapter.get_info();
        let opened = Opened {
            device,
            name: info.name,
            software: info.device_type == DeviceType::Cpu,
            reason: None,
            setup: Some(setup),
        };
        let passed = pollster::block_on(super::self_test(&opened.device));
        passed.map_err(|error| format!("{}: {error}", opened.name))?;
        Ok(opened)
    });
    opened.clone().map_err(Error::Device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_named_by_one_of_three_words() {
        for (name, choice) in [
            ("cpu", DeviceChoice::Cpu),
            ("gpu", DeviceChoice::Gpu),
            ("auto", DeviceChoice::Auto),
        ] {
            assert_eq!(name.parse(), Ok(choice));
        }
        assert!("cuda".parse::<DeviceChoice>().is_err());
    }

    #[test]
    #[cfg(not(feature = "wgpu"))]
    fn a_build_without_a_gpu_says_so() {
        let error = open(DeviceChoice::Gpu).expect_err("there is none");
        assert_eq!(error.code(), "device");
        assert!(error.to_string().contains("--features wgpu"), "{error}");
        let auto = open(DeviceChoice::Auto).expect("a processor is always there");
        assert!(is_cpu(&auto.device) && auto.reason.is_some());
    }
}
