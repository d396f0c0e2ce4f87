//! Copies of parts of tensors.

use burn_backend::Shape;

use crate::{FlexTensor, view::View};

/// Calls `visit` with the place of each run along the last axis of `shape`, in each of `N` tensors that are walked by
/// `strides` from `starts`.
pub(crate) fn for_each_run<const N: usize>(
    shape: &[usize],
    strides: [&[usize]; N],
    starts: [usize; N],
    mut visit: impl FnMut([usize; N]),
) {
    if shape.contains(&0) {
        return;
    }
    let outer = shape.len().saturating_sub(1);
    let mut index = vec![0; outer];
    let mut places = starts;
    loop {
        visit(places);
        let mut axis = outer;
        loop {
            if axis == 0 {
                return;
            }
            axis -= 1;
            index[axis] += 1;
            let done = index[axis] == shape[axis];
            for (place, strides) in places.iter_mut().zip(strides) {
                match done {
                    true => *place -= (shape[axis] - 1) * strides[axis],
                    false => *place += strides[axis],
                }
            }
            if !done {
                break;
            }
            index[axis] = 0;
        }
    }
}

/// The numbers of a view of `tensor`, row by row.
pub(crate) fn copy(tensor: &FlexTensor, view: &View) -> FlexTensor {
    let (values, sides) = (tensor.values(), &view.sides);
    let length = sides.last().copied().unwrap_or(1);
    let step = view.strides.last().copied().unwrap_or(1);
    let mut copied = Vec::with_capacity(sides.iter().product());
    for_each_run(sides, [&view.strides], [view.start], |[place]| match step {
        0 => copied.resize(copied.len() + length, values[place]),
        1 => copied.extend_from_slice(&values[place..place + length]),
        _ => copied.extend(values[place..].iter().step_by(step).take(length)),
    });
    FlexTensor::new(copied, Shape::from(sides.as_slice()))
}
