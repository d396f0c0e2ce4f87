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
    FlexTensor, each,
    elementwise::{Map, map},
};
use crate::{
    Flex, Indices, Never,
    absent::{absent, absent_module},
};

const SOURCE: &str = concat!(
    "
struct Info { count: u32, width: u32 }
@group(0) @binding(0) var<storage, read> table: array<f32>;
@group(0) @binding(1) var<storage, read> rows: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read> info: Info;
",
    each!(),
    "
  y[at] = table[rows[at / info.width] * info.width + at % info.width];
}
"
);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Embedding;

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
