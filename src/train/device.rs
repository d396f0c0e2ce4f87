//! The device that a run asks for.

use burn::tensor::Device;

use crate::{Error, Result};

/// `flex`, or with the feature `train-libtorch` also `libtorch` and `libtorch-cuda`.
///
/// # Errors
/// [`Error::Train`] for another name.
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
        other => Err(Error::Train(format!(
            "device `{other}` is not in this build; it has {}",
            if cfg!(feature = "train-libtorch") {
                "flex, libtorch and libtorch-cuda"
            } else {
                "flex (build with --features train-libtorch for libtorch)"
            }
        ))),
    }
}
