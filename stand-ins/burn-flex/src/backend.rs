//! The backend and its one device.

use std::fmt;

use burn_backend::{
    Backend, BackendTypes, BoolStore, DType, DTypeUsage, DTypeUsageSet, DeviceId, DeviceOps, ExecutionError,
    GraphUnsupported, distributed::DistributedOps, ops::TransactionOps,
};
use burn_std::{DeviceSettings, device::Device};

use crate::{FlexTensor, Indices, Never};

/// The processor, or the GPU that `gamma_webgpu` has opened.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct FlexDevice;

impl Device for FlexDevice {
    fn to_id(&self) -> DeviceId {
        DeviceId::new(0, 0)
    }

    fn from_id(_: DeviceId) -> Self {
        Self
    }
}

impl DeviceOps for FlexDevice {
    fn defaults(&self) -> DeviceSettings {
        DeviceSettings::new(
            DType::F32,
            DType::I32,
            DType::Bool(BoolStore::Native),
            Default::default(),
        )
    }
}

impl fmt::Display for FlexDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(crate::device::NAME)
    }
}

impl fmt::Debug for FlexDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(crate::device::NAME)
    }
}

/// The backend.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flex;

impl BackendTypes for Flex {
    type Device = FlexDevice;
    type FloatTensorPrimitive = FlexTensor;
    type IntTensorPrimitive = Indices;
    type BoolTensorPrimitive = Never;
    type QuantizedTensorPrimitive = Never;
    type GraphPrimitive = GraphUnsupported;
}

impl Backend for Flex {
    fn name(_: &FlexDevice) -> String {
        "flex".into()
    }

    fn seed(_: &FlexDevice, _: u64) {}

    fn device_count(_: u16) -> usize {
        1
    }

    fn dtype_usage(_: &FlexDevice, dtype: DType) -> DTypeUsageSet {
        match dtype {
            DType::F32 => DTypeUsage::Storage | DTypeUsage::Arithmetic,
            _ => DTypeUsageSet::empty(),
        }
    }

    fn flush(_: &FlexDevice) -> Result<(), ExecutionError> {
        Ok(())
    }
}

impl TransactionOps<Flex> for Flex {}

impl DistributedOps<Flex> for Flex {}
