//! Copies of parts of tensors.

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

/// The numbers of a view of `values`, row by row.
pub(crate) fn copy(values: &[f32], start: usize, shape: &[usize], strides: &[usize]) -> Vec<f32> {
    let (length, step) = (shape.last().copied().unwrap_or(1), strides.last().copied().unwrap_or(1));
    let mut copied = Vec::with_capacity(shape.iter().product());
    for_each_run(shape, [strides], [start], |[place]| match step {
        0 => copied.resize(copied.len() + length, values[place]),
        1 => copied.extend_from_slice(&values[place..place + length]),
        _ => copied.extend(values[place..].iter().step_by(step).take(length)),
    });
    copied
}
