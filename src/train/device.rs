//! The device that a run asks for.

use burn::tensor::Device;

use crate::{
    Error, Result,
    ops::{self, DeviceChoice},
};

/// `cpu` (or `flex`, burn's name of it), `gpu`, `auto`, or with the feature `train-libtorch` also `libtorch` and `libtorch-cuda`.
///
/// # Errors
/// [`Error::Train`] for another name, or as [`ops::open`].
pub fn open_device(name: &str) -> Result<Device> {
    match name {
        "flex" => Ok(Device::flex()),
        #[cfg(feature = "train-libtorch")]
        #[allow(
            deprecated,
            reason = "the only backend with fast convolutions on a CPU; burn means to drop it, and this feature with it"
        )]
        "libtorch" => Ok(Device::libtorch()),
        #[cfg(feature = "train-libtorch")]
        #[allow(deprecated, reason = "as above")]
        "libtorch-cuda" => Ok(Device::libtorch_cuda(0)),
        other => match other.parse::<DeviceChoice>() {
            Ok(choice) => ops::open(choice).map(|opened| opened.device),
            Err(_) => Err(Error::Train(format!(
                "device `{other}` is not in this build; it has {}",
                if cfg!(feature = "train-libtorch") {
                    "cpu, gpu, auto, libtorch and libtorch-cuda"
                } else {
                    "cpu, gpu and auto (build with --features train-libtorch for libtorch)"
                }
            ))),
        },
    }
}
