//! Sums along an axis.

use burn_backend::Shape;
use gamma_webgpu::Shader;

use super::{FlexTensor, each};

const SOURCE: &str = concat!(
    "
struct Info { count: u32, length: u32, inner: u32, divisor: f32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<storage, read> info: Info;
",
    each!(),
    "
  let start = at / info.inner * info.length * info.inner + at % info.inner;
  var sum = 0.0;
  for (var i = 0u; i < info.length; i++) { sum += x[start + i * info.inner]; }
  y[at] = sum / info.divisor;
}
"
);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Sum;

impl Shader for Sum {
    fn source(&self) -> String {
        SOURCE.into()
    }
}

/// Sums along `axis`, which becomes one of length 1, over `divisor`.
pub(crate) fn sum_along(x: &FlexTensor, axis: usize, divisor: f32) -> FlexTensor {
    let mut sides = x.sides().to_vec();
    let (length, inner) = (sides[axis], sides[axis + 1..].iter().product::<usize>());
    sides[axis] = 1;
    let count: usize = sides.iter().product();
    let numbers = [count, length, inner, divisor.to_bits() as usize];
    FlexTensor::computed(Sum, &[x], &numbers, Shape::from(sides))
}
