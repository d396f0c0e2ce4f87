//! Tensors of indices, which are counted on the host, and those that never are.

use std::sync::Arc;

use burn_backend::{BoolStore, DType, Shape, TensorMetadata};

use crate::FlexDevice;

/// Rows of a table, by their numbers.
#[derive(Clone, Debug)]
pub struct Indices {
    pub(crate) values: Arc<Vec<i32>>,
    pub(crate) shape: Shape,
}

impl TensorMetadata for Indices {
    type Device = FlexDevice;

    fn dtype(&self) -> DType {
        DType::I32
    }

    fn shape(&self) -> Shape {
        self.shape.clone()
    }

    fn device(&self) -> FlexDevice {
        FlexDevice
    }

    fn can_mut(&self) -> bool {
        false
    }
}

/// A tensor of a kind that the forward pass has none of: truth values, and burn's own quantised numbers.
#[derive(Clone, Debug)]
pub enum Never {}

impl TensorMetadata for Never {
    type Device = FlexDevice;

    fn dtype(&self) -> DType {
        DType::Bool(BoolStore::Native)
    }

    fn shape(&self) -> Shape {
        match *self {}
    }

    fn device(&self) -> FlexDevice {
        match *self {}
    }

    fn can_mut(&self) -> bool {
        match *self {}
    }
}
