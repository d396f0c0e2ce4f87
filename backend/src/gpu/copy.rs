//! Copies of tensors, and of parts of them, in another order.

use burn_backend::Shape;
use gamma_webgpu::{Buffer, Shader, in_two_axes, launch_onto};

use super::{AXES, FlexTensor, WORKGROUP, each, padded};
use crate::{layout::strides, view::View};

const SOURCE: &str = concat!(
    "
struct Info { count: u32, start: u32, begin: u32, sides: array<u32, 6>, strides: array<u32, 6>, onto: array<u32, 6> }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<storage, read> info: Info;
",
    each!(),
    "
  var rest = at;
  var from_ = info.start;
  var onto = info.begin;
  for (var axis = 6u; axis > 0u; axis--) {
    let place = rest % info.sides[axis - 1u];
    rest /= info.sides[axis - 1u];
    from_ += place * info.strides[axis - 1u];
    onto += place * info.onto[axis - 1u];
  }
  y[onto] = x[from_];
}
"
);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Strided;

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
