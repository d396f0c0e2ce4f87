//! How the numbers of a tensor lie.

use burn_backend::Shape;

/// A shape whose numbers lie row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout(pub(crate) Shape);

impl Layout {
    /// The sides of the tensor.
    pub fn shape(&self) -> &Shape {
        &self.0
    }
}

/// For each axis of a tensor that lies row by row, how far apart neighbours are.
pub(crate) fn strides(shape: &[usize]) -> Vec<usize> {
    let mut stride = 1;
    let mut strides = vec![0; shape.len()];
    for (place, &side) in strides.iter_mut().zip(shape.iter()).rev() {
        *place = stride;
        stride *= side;
    }
    strides
}

/// The strides of a tensor of `own` sides as one of `sides`: axes of one are walked on the spot.
pub(crate) fn stretched(own: &[usize], sides: &[usize]) -> Vec<usize> {
    let mut strides = strides(own);
    for ((stride, &own), &wanted) in strides.iter_mut().zip(own).zip(sides) {
        assert!(
            own == wanted || own == 1,
            "an axis of {own} cannot become one of {wanted}"
        );
        if own == 1 {
            *stride = 0;
        }
    }
    strides
}
