//! Tensors of `f32` in host memory.

use std::sync::Arc;

use burn_backend::{DType, Shape, TensorData, TensorMetadata};

use crate::{FlexDevice, Layout};

/// Numbers row by row, shared by clones.
#[derive(Clone, Debug)]
pub struct FlexTensor {
    values: Arc<Vec<f32>>,
    layout: Layout,
}

impl FlexTensor {
    pub(crate) fn new(values: Vec<f32>, shape: Shape) -> Self {
        Self {
            values: Arc::new(values),
            layout: Layout(shape),
        }
    }

    /// A tensor of `data`, which is of `f32`.
    pub fn from_data(data: TensorData) -> Self {
        let shape = data.shape().clone();
        match data.try_into_vec() {
            Ok(values) => Self::new(values, shape),
            Err(_) => panic!("the browser's CPU backend computes with f32 alone"),
        }
    }

    /// The tensor's numbers and shape, not copied if no clone shares them.
    pub fn into_data(self) -> TensorData {
        let Self { values, layout } = self;
        TensorData::new(Arc::unwrap_or_clone(values), layout.0)
    }

    /// Shape and order.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Itself: every tensor lies row by row.
    pub fn to_contiguous(&self) -> Self {
        self.clone()
    }

    /// The numbers. They are of `f32`; the original names a type here.
    pub fn as_slice<E>(&self) -> Option<&[E]>
    where
        Self: AsRef<[E]>,
    {
        Some(self.as_ref())
    }

    pub(crate) fn values(&self) -> &[f32] {
        &self.values
    }

    pub(crate) fn sides(&self) -> &[usize] {
        &self.layout.0
    }

    /// The same numbers in another shape of as many.
    pub(crate) fn reshaped(self, shape: Shape) -> Self {
        Self {
            layout: Layout(shape),
            ..self
        }
    }

    /// The numbers where no clone shares them, to be overwritten.
    pub(crate) fn unique(&mut self) -> Option<&mut [f32]> {
        Arc::get_mut(&mut self.values).map(Vec::as_mut_slice)
    }
}

impl AsRef<[f32]> for FlexTensor {
    fn as_ref(&self) -> &[f32] {
        &self.values
    }
}

impl TensorMetadata for FlexTensor {
    type Device = FlexDevice;

    fn dtype(&self) -> DType {
        DType::F32
    }

    fn shape(&self) -> Shape {
        self.layout.0.clone()
    }

    fn device(&self) -> FlexDevice {
        FlexDevice
    }

    fn can_mut(&self) -> bool {
        Arc::strong_count(&self.values) == 1
    }
}
