//! Copies of tensors, and of parts of them, in another order.

use burn_backend::Shape;
use gamma_webgpu::{Buffer, Shader, in_two_axes, launch_onto};

use super::{AXES, FlexTensor, WORKGROUP, padded};
use crate::{layout::strides, view::View};

const SOURCE: &str = include_str!("shaders/strided.wgsl");

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Strided;

/// The text of the shader of this file.
pub(super) fn source() -> String {
    Strided.source()
}

impl Shader for Strided {
    fn source(&self) -> String {
        SOURCE.into()
    }
}

/// The numbers of a view of `tensor`, row by row.
pub(crate) fn copy(tensor: &FlexTensor, view: &View) -> FlexTensor {
    let numbers = numbers(&view.sides, [view.start, 0], [&view.strides, &strides(&view.sides)]);
    FlexTensor::computed(Strided, &[tensor], &numbers, Shape::from(view.sides.as_slice()))
}

/// Copies all of `x` into a part of `onto`, which begins at `begin` and is walked by `steps`.
pub(crate) fn write(x: &FlexTensor, onto: &Buffer, begin: usize, steps: &[usize]) {
    let groups = in_two_axes(x.count().div_ceil(WORKGROUP));
    let numbers = numbers(x.sides(), [0, begin], [&strides(x.sides()), steps]);
    launch_onto(Strided, groups, &[x.buffer()], &numbers, onto);
}

/// The fields of `Info`.
fn numbers(sides: &[usize], starts: [usize; 2], [from, onto]: [&[usize]; 2]) -> Vec<usize> {
    let count: usize = sides.iter().product();
    let axes: [[usize; AXES]; 3] = [padded(sides, 1), padded(from, 0), padded(onto, 0)];
    [&[count][..], &starts, axes.as_flattened()].concat()
}
