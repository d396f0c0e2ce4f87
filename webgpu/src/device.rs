//! The one device of a module, and what is kept for it.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use wgpu::{
    Adapter, Device, DeviceDescriptor, DeviceType, Features, Instance, InstanceDescriptor, PowerPreference, Queue,
    RequestAdapterOptions,
};

use crate::{launch::Launches, pool::Pool};

static GPU: OnceLock<Gpu> = OnceLock::new();

/// A GPU that is open.
pub struct Gpu {
    /// What it is.
    pub adapter: Adapter,
    /// Tells of errors, and of its loss.
    pub device: Device,
    pub(crate) queue: Queue,
    launches: Mutex<Launches>,
    pool: Mutex<Pool>,
}

impl Gpu {
    /// Whether the processor plays it.
    pub fn is_software(&self) -> bool {
        self.adapter.get_info().device_type == DeviceType::Cpu
    }

    /// Whether shaders may say `enable f16;`.
    pub fn has_half(&self) -> bool {
        self.device.features().contains(Features::SHADER_F16)
    }

    pub(crate) fn launches(&self) -> MutexGuard<'_, Launches> {
        self.launches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The fastest GPU there is, or the one that is open already.
///
/// # Errors
/// What the browser said, if it has no adapter or gives no device.
pub async fn open() -> Result<&'static Gpu, String> {
    if let Some(gpu) = GPU.get() {
        return Ok(gpu);
    }
    let instance = Instance::new(InstanceDescriptor::new_without_display_handle());
    let wanted = RequestAdapterOptions {
        power_preference: PowerPreference::HighPerformance,
        ..Default::default()
    };
    let adapter = match instance.request_adapter(&wanted).await {
        Ok(adapter) => adapter,
        // Some browsers show their emulated adapter only to those who ask for it.
        Err(error) => {
            let emulated = RequestAdapterOptions {
                force_fallback_adapter: true,
                ..Default::default()
            };
            let found = instance.request_adapter(&emulated).await;
            found.map_err(|_| error.to_string())?
        }
    };
    let descriptor = DeviceDescriptor {
        required_features: adapter.features() & Features::SHADER_F16,
        // A matrix may be larger than what every device can bind.
        required_limits: adapter.limits(),
        ..Default::default()
    };
    let (device, queue) = adapter
        .request_device(&descriptor)
        .await
        .map_err(|error| error.to_string())?;
    Ok(GPU.get_or_init(|| Gpu {
        adapter,
        device,
        queue,
        launches: Mutex::default(),
        pool: Mutex::default(),
    }))
}

/// The GPU, which whoever has a buffer or makes one has opened.
pub(crate) fn gpu() -> &'static Gpu {
    GPU.get().expect("a GPU is opened before it is used")
}
