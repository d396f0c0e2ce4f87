//! Parts of a tensor, and other orders of its numbers.

use burn_backend::Slice;

use crate::layout::{stretched, strides};

/// Which numbers of a tensor make another one: that at place `i, j, ...` lies at `start + i * strides[0] + j * strides[1] + ...`.
pub(crate) struct View {
    /// Where the first one lies.
    pub start: usize,
    /// The sides of the other tensor.
    pub sides: Vec<usize>,
    /// For each of its axes.
    pub strides: Vec<usize>,
}

impl View {
    /// The axes of a tensor of `own` sides in another order.
    pub fn permuted(own: &[usize], axes: &[usize]) -> Self {
        let strides = strides(own);
        Self {
            start: 0,
            sides: axes.iter().map(|&axis| own[axis]).collect(),
            strides: axes.iter().map(|&axis| strides[axis]).collect(),
        }
    }

    /// Two axes of a tensor of `own` sides exchanged.
    pub fn swapped(own: &[usize], first: usize, second: usize) -> Self {
        let mut axes: Vec<usize> = (0..own.len()).collect();
        axes.swap(first, second);
        Self::permuted(own, &axes)
    }

    /// A tensor of `own` sides as one of `sides`, which may have more axes before them: axes of one are walked on the spot.
    pub fn expanded(own: &[usize], sides: &[usize]) -> Self {
        let own = [&vec![1; sides.len() - own.len()], own].concat();
        Self {
            start: 0,
            sides: sides.to_vec(),
            strides: stretched(&own, sides),
        }
    }

    /// A range of each axis of a tensor of `own` sides.
    pub fn cut(own: &[usize], slices: &[Slice]) -> Self {
        let mut view = Self {
            start: 0,
            sides: own.to_vec(),
            strides: strides(own),
        };
        for (axis, slice) in slices.iter().enumerate() {
            assert!(slice.step == 1, "the browser's backend has no slices with steps");
            let range = slice.to_range(own[axis]);
            view.start += range.start * view.strides[axis];
            view.sides[axis] = range.len();
        }
        view
    }
}

/// Writes out the operations on tensors of `f32` that are views.
macro_rules! float_views {
    () => {
        fn float_reshape(tensor: FlexTensor, shape: Shape) -> FlexTensor {
            tensor.reshaped(shape)
        }

        fn float_swap_dims(tensor: FlexTensor, first: usize, second: usize) -> FlexTensor {
            copy(&tensor, &View::swapped(tensor.sides(), first, second))
        }

        fn float_permute(tensor: FlexTensor, axes: &[usize]) -> FlexTensor {
            copy(&tensor, &View::permuted(tensor.sides(), axes))
        }

        fn float_expand(tensor: FlexTensor, shape: Shape) -> FlexTensor {
            copy(&tensor, &View::expanded(tensor.sides(), &shape))
        }

        fn float_slice(tensor: FlexTensor, slices: &[Slice]) -> FlexTensor {
            let view = View::cut(tensor.sides(), slices);
            if view.sides == tensor.sides() {
                return tensor;
            }
            copy(&tensor, &view)
        }
    };
}
pub(crate) use float_views;
