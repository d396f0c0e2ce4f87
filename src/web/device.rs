//! Opens the device that this module was built for.

use std::cell::RefCell;

use burn::tensor::Device;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::{error::Failure, object};
use crate::{Error, Result, ops, scorer::Scorer};

thread_local! {
    static DEVICE: RefCell<Option<Device>> = const { RefCell::new(None) };
}

/// What was opened.
#[derive(Serialize)]
pub(super) struct DeviceInfo {
    kind: &'static str,
    name: String,
    software: bool,
    /// Whether large matrices in codes are multiplied in half precision.
    half: bool,
}

/// Opens the device and runs a known-answer self-test on it.
#[wasm_bindgen]
pub async fn open_device() -> Result<JsValue, Failure> {
    let (device, mut info) = open().await?;
    ops::self_test(&device).await?;
    info.half = choose_half_precision(&device).await?;
    check()?;
    DEVICE.with(|slot| slot.replace(Some(device)));
    object(&info)
}

/// Tries every kernel on shapes drawn with `seed`: the property test of a GPU that only a browser has.
#[cfg(feature = "gpu")]
#[wasm_bindgen]
pub async fn try_kernels(seed: u32) -> Result<(), Failure> {
    ops::random_shapes(&opened()?, seed.into()).await?;
    Ok(check()?)
}

/// The device that [`open_device`] opened.
pub(super) fn opened() -> Result<Device> {
    DEVICE
        .with(|slot| slot.borrow().clone())
        .ok_or_else(|| Error::Device("none is open; call open_device first".into()))
}

/// Lets a GPU compile, while the model is loaded, what is left to be compiled.
pub(super) async fn warm_up(scorer: &Scorer) -> Result<()> {
    if cfg!(feature = "gpu") {
        scorer.warm_up().await?;
    }
    check()
}

#[cfg(not(feature = "gpu"))]
pub(super) use cpu::{check, choose_half_precision, open};
#[cfg(feature = "gpu")]
pub(super) use gpu::{check, choose_half_precision, open};

#[cfg(not(feature = "gpu"))]
mod cpu {
    use super::*;

    pub async fn open() -> Result<(Device, DeviceInfo)> {
        let name = if cfg!(feature = "relaxed-simd") {
            "relaxed SIMD"
        } else {
            "SIMD"
        };
        Ok((
            Device::flex(),
            DeviceInfo {
                kind: "cpu",
                name: name.into(),
                software: false,
                half: false,
            },
        ))
    }

    pub async fn choose_half_precision(_device: &Device) -> Result<bool> {
        Ok(false)
    }

    pub fn check() -> Result<()> {
        Ok(())
    }
}

#[cfg(feature = "gpu")]
mod gpu {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// The first error that the GPU reported on its own. WebGPU reports a shader that failed to compile this way, and
    /// computes zeros with it.
    static REPORTED: Mutex<Option<String>> = Mutex::new(None);

    pub async fn open() -> Result<(Device, DeviceInfo)> {
        let gpu = gamma_webgpu::open().await;
        let gpu = gpu.map_err(|error| Error::Device(format!("no WebGPU device: {error}")))?;
        gpu.device
            .on_uncaptured_error(Arc::new(|error| report(&error.to_string())));
        gpu.device
            .set_device_lost_callback(|reason, message| report(&format!("lost ({reason:?}) {message}")));
        let info = gpu.adapter.get_info();
        let software = gpu.is_software();
        let name = if info.name.is_empty() {
            "WebGPU".into()
        } else {
            info.name
        };
        Ok((
            ops::gpu_device(),
            DeviceInfo {
                kind: "webgpu",
                name,
                software,
                half: false,
            },
        ))
    }

    pub async fn choose_half_precision(device: &Device) -> Result<bool> {
        ops::choose_half_precision(device, crate::web::clock::now).await
    }

    fn report(message: &str) {
        if let Ok(mut reported) = REPORTED.lock() {
            reported.get_or_insert_with(|| message.to_owned());
        }
    }

    /// Fails if the GPU reported an error since it was opened: nothing that it computed can be trusted then.
    pub fn check() -> Result<()> {
        match REPORTED.lock().ok().and_then(|reported| reported.clone()) {
            Some(message) => Err(Error::Device(format!("the GPU reported: {message}"))),
            None => Ok(()),
        }
    }
}
