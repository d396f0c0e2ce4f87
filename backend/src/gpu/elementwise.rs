//! Functions of each number, and of pairs of numbers whose tensors are stretched to one shape.

use burn_backend::Shape;
use gamma_webgpu::Shader;

use super::{FlexTensor, each, padded};
use crate::layout::stretched;

/// A function of `v` and of a number `s` of the launch.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
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
        let begin = each!();
        format!(
            "
struct Info {{ count: u32, scalar: f32 }}
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<storage, read> info: Info;
{begin}
  let v = x[at];
  let s = info.scalar;
  y[at] = {function};
}}
"
        )
    }
}

/// `function` of each number.
pub(crate) fn map(x: &FlexTensor, function: Map, scalar: f32) -> FlexTensor {
    let numbers = [x.count(), scalar.to_bits() as usize];
    FlexTensor::computed(function, &[x], &numbers, Shape::from(x.sides()))
}

/// A function of two numbers.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
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
        let begin = each!();
        format!(
            "
struct Info {{ count: u32, sides: array<u32, 6>, left: array<u32, 6>, right: array<u32, 6> }}
@group(0) @binding(0) var<storage, read> left: array<f32>;
@group(0) @binding(1) var<storage, read> right: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read> info: Info;
{begin}
  var rest = at;
  var l = 0u;
  var r = 0u;
  for (var axis = 6u; axis > 0u; axis--) {{
    let place = rest % info.sides[axis - 1u];
    rest /= info.sides[axis - 1u];
    l += place * info.left[axis - 1u];
    r += place * info.right[axis - 1u];
  }}
  y[at] = left[l] {operator} right[r];
}}
"
        )
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
