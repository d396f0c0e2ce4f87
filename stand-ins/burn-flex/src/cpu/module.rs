//! Layers: a table's rows, normalised rows, softmax, ReLU.

use burn_backend::{
    IntDType, Shape,
    ops::{
        ActivationOps, AttentionModuleOptions, ConvOptions, ConvTransposeOptions, DeformConv2dBackward,
        DeformConvOptions, InterpolateOptions, MaxPool2dBackward, MaxPool2dWithIndices, ModuleOps,
    },
};

use super::{elementwise, reduce};
use crate::{
    Flex, FlexTensor, Indices, Never,
    absent::{absent, absent_module},
};

impl ModuleOps<Flex> for Flex {
    fn embedding(table: FlexTensor, rows: Indices) -> FlexTensor {
        let width = table.sides()[1];
        let row = |&row: &i32| &table.values()[row as usize * width..][..width];
        let values = rows.values.iter().flat_map(row).copied().collect();
        FlexTensor::new(values, Shape::from([&rows.shape[..], &[width]].concat()))
    }

    fn layer_norm(x: FlexTensor, gain: FlexTensor, shift: Option<FlexTensor>, epsilon: f64) -> FlexTensor {
        let zeros = || FlexTensor::new(vec![0.0; gain.values().len()], gain.layout().shape().clone());
        let shift = shift.unwrap_or_else(zeros);
        reduce::normalize(&x, gain.values(), shift.values(), epsilon as f32)
    }

    absent_module!();
}

impl ActivationOps<Flex> for Flex {
    fn relu(x: FlexTensor) -> FlexTensor {
        elementwise::map(x, |value| if value > 0.0 || value.is_nan() { value } else { 0.0 })
    }

    fn softmax(x: FlexTensor, axis: usize) -> FlexTensor {
        assert!(
            axis + 1 == x.sides().len(),
            "the forward pass has no softmax along another axis than the last"
        );
        reduce::softmax(&x)
    }
}
