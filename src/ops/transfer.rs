//! Numbers of the host as tensors, and back. `Tensor::from_data` takes any element type and converts it to the device's; a module that calls it
//! holds the conversions of all types to all others, which are a tenth of its size.

use burn::{
    backend::{
        Dispatch,
        ops::{FloatTensorOps, IntTensorOps},
    },
    tensor::{Device, Int, Tensor, TensorData},
};

use crate::{Error, Result};

/// `values`, row by row, on a device.
pub fn upload<const D: usize>(values: Vec<f32>, shape: [usize; D], device: &Device) -> Tensor<D> {
    let data = TensorData::new(values, shape);
    Tensor::from_dispatch(Dispatch::float_from_data(data, device.as_dispatch()))
}

/// Whole numbers, row by row, on a device.
pub fn upload_whole<const D: usize>(values: Vec<i32>, shape: [usize; D], device: &Device) -> Tensor<D, Int> {
    let data = TensorData::new(values, shape);
    Tensor::from_dispatch(Dispatch::int_from_data(data, device.as_dispatch()))
}

/// Reads a tensor back, the only way that works in a browser too.
pub(crate) async fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    let data = tensor
        .into_data_async()
        .await
        .map_err(|error| Error::Device(format!("while reading: {error}")))?;
    data.try_into_vec::<f32>()
        .map_err(|error| Error::Device(format!("while reading: {error:?}")))
}
