//! Sums along an axis.

use burn_backend::Shape;
use gamma_webgpu::Shader;

use super::FlexTensor;

const SOURCE: &str = include_str!("shaders/sum.wgsl");

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Sum;

/// The text of the shader of this file.
pub(super) fn source() -> String {
    Sum.source()
}

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
