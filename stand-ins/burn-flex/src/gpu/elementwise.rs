//! Functions of each number, and of pairs of numbers whose tensors are stretched to one shape.

use burn_backend::Shape;
use gamma_webgpu::Shader;

use super::{FlexTensor, padded};
use crate::layout::stretched;

/// A function of `v` and of a number `s` of the launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Map {
    Add,
    Sub,
    Mul,
    Div,
    AtLeast,
    Exp,
    Sqrt,
}

impl Shader for Map {
    fn source(&self) -> String {
        let function = match self {
            Self::Add => "v + s",
            Self::Sub => "v - s",
            Self::Mul => "v * s",
            Self::Div => "v / s",
            Self::AtLeast => "max(v, s)",
            Self::Exp => "exp(v)",
            Self::Sqrt => "sqrt(v)",
        };
        include_str!("shaders/map.wgsl").replace("{{function}}", function)
    }
}

/// `function` of each number.
pub(crate) fn map(x: &FlexTensor, function: Map, scalar: f32) -> FlexTensor {
    let numbers = [x.count(), scalar.to_bits() as usize];
    FlexTensor::computed(function, &[x], &numbers, Shape::from(x.sides()))
}

/// A function of two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Zip {
    Add,
    Sub,
    Mul,
    Div,
}

impl Shader for Zip {
    fn source(&self) -> String {
        let operator = match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
        };
        include_str!("shaders/zip.wgsl").replace("{{operator}}", operator)
    }
}

/// `function` of each pair; an axis of one is as long as the other tensor's.
pub(crate) fn zip(left: &FlexTensor, right: &FlexTensor, function: Zip) -> FlexTensor {
    let sides = left.sides().iter().zip(right.sides());
    let sides: Vec<usize> = sides
        .map(|(&left, &right)| if left == 1 { right } else { left })
        .collect();
    let strides = [left, right].map(|tensor| padded(&stretched(tensor.sides(), &sides), 0));
    let count: usize = sides.iter().product();
    let numbers = [&[count], &padded(&sides, 1)[..], strides.as_flattened()].concat();
    FlexTensor::computed(function, &[left, right], &numbers, Shape::from(sides))
}

/// All shaders of this file.
pub(super) fn variants() -> Vec<(String, String)> {
    let maps = [
        Map::Add,
        Map::Sub,
        Map::Mul,
        Map::Div,
        Map::AtLeast,
        Map::Exp,
        Map::Sqrt,
    ];
    let zips = [Zip::Add, Zip::Sub, Zip::Mul, Zip::Div];
    let maps = maps.map(|map| (format!("{map:?} of a number"), map.source()));
    let zips = zips.map(|zip| (format!("{zip:?} of two numbers"), zip.source()));
    [maps.as_slice(), &zips].concat()
}
