//! Layers: a table's rows, ReLU. All others are shaders of `gamma-wasm`.

use burn_backend::{
    IntDType, Shape,
    ops::{
        ActivationOps, AttentionModuleOptions, ConvOptions, ConvTransposeOptions, DeformConv2dBackward,
        DeformConvOptions, InterpolateOptions, MaxPool2dBackward, MaxPool2dWithIndices, ModuleOps,
    },
};
use gamma_webgpu::{Shader, upload};

use super::{
    FlexTensor,
    elementwise::{Map, map},
};
use crate::{
    Flex, Indices, Never,
    absent::{absent, absent_module},
};

const SOURCE: &str = include_str!("shaders/embedding.wgsl");

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Embedding;

/// The text of the shader of this file.
pub(super) fn source() -> String {
    Embedding.source()
}

impl Shader for Embedding {
    fn source(&self) -> String {
        SOURCE.into()
    }
}

impl ModuleOps<Flex> for Flex {
    fn embedding(table: FlexTensor, rows: Indices) -> FlexTensor {
        let width = table.sides()[1];
        let bytes: Vec<u8> = rows.values.iter().flat_map(|row| row.to_le_bytes()).collect();
        let numbers = FlexTensor::new(upload(&bytes), rows.shape.clone());
        let shape = Shape::from([&rows.shape[..], &[width]].concat());
        FlexTensor::computed(Embedding, &[&table, &numbers], &[shape.num_elements(), width], shape)
    }

    absent_module!();
}

impl ActivationOps<Flex> for Flex {
    fn relu(x: FlexTensor) -> FlexTensor {
        map(&x, Map::AtLeast, 0.0)
    }
}
