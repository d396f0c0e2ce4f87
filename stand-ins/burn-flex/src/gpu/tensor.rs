//! Tensors of `f32` on the device.

use burn_backend::{DType, ExecutionError, Shape, TensorData, TensorMetadata};
use gamma_webgpu::{Buffer, Shader, in_two_axes, launch, read, upload};

use super::WORKGROUP;
use crate::FlexDevice;

/// Numbers row by row, shared by clones.
#[derive(Clone, Debug)]
pub struct FlexTensor {
    buffer: Buffer,
    shape: Shape,
}

impl FlexTensor {
    /// The numbers in `buffer`, row by row, as a tensor.
    pub fn new(buffer: Buffer, shape: Shape) -> Self {
        Self { buffer, shape }
    }

    /// The numbers, row by row.
    pub fn into_buffer(self) -> Buffer {
        self.buffer
    }

    /// A tensor of `data`, which is of `f32`.
    pub(crate) fn from_data(data: &TensorData) -> Self {
        assert!(
            data.dtype() == DType::F32,
            "the browser's backend computes with f32 alone"
        );
        Self::new(upload(data.as_bytes()), data.shape().clone())
    }

    pub(crate) async fn into_data(self) -> Result<TensorData, ExecutionError> {
        let read = read(&self.buffer).await;
        let bytes = read.map_err(|reason| ExecutionError::WithContext { reason })?;
        Ok(TensorData::from_bytes_vec(bytes, self.shape, DType::F32))
    }

    /// What `shader` makes of `inputs`, an invocation for each number.
    pub(crate) fn computed(shader: impl Shader, inputs: &[&Self], numbers: &[usize], shape: Shape) -> Self {
        let count = shape.num_elements();
        let buffers: Vec<&Buffer> = inputs.iter().map(|input| &input.buffer).collect();
        let groups = in_two_axes(count.div_ceil(WORKGROUP));
        let buffer = launch(shader, groups, &buffers, numbers, count * size_of::<f32>());
        Self::new(buffer, shape)
    }

    pub(crate) fn buffer(&self) -> &Buffer {
        &self.buffer
    }

    pub(crate) fn sides(&self) -> &[usize] {
        &self.shape
    }

    pub(crate) fn count(&self) -> usize {
        self.shape.num_elements()
    }

    /// The same numbers in another shape of as many.
    pub(crate) fn reshaped(self, shape: Shape) -> Self {
        Self { shape, ..self }
    }
}

impl TensorMetadata for FlexTensor {
    type Device = FlexDevice;

    fn dtype(&self) -> DType {
        DType::F32
    }

    fn shape(&self) -> Shape {
        self.shape.clone()
    }

    fn device(&self) -> FlexDevice {
        FlexDevice
    }

    fn can_mut(&self) -> bool {
        self.buffer.is_unique()
    }
}
