//! Functions of each number, and of pairs of numbers whose tensors are stretched to one shape.

use burn_backend::Shape;

use super::copy;
use crate::{FlexTensor, layout};

/// `f` of each number, in place where nobody else has them.
pub(crate) fn map(mut tensor: FlexTensor, f: impl Fn(f32) -> f32) -> FlexTensor {
    if let Some(values) = tensor.unique() {
        for value in values {
            *value = f(*value);
        }
        return tensor;
    }
    let values = tensor.values().iter().map(|&value| f(value)).collect();
    FlexTensor::new(values, tensor.layout().shape().clone())
}

/// `f` of each pair; an axis of one is as long as the other tensor's.
pub(crate) fn zip(mut left: FlexTensor, mut right: FlexTensor, f: impl Fn(f32, f32) -> f32) -> FlexTensor {
    if left.sides() == right.sides() {
        if let Some(values) = left.unique() {
            for (value, &other) in values.iter_mut().zip(right.values()) {
                *value = f(*value, other);
            }
            return left;
        }
        if let Some(values) = right.unique() {
            for (value, &other) in values.iter_mut().zip(left.values()) {
                *value = f(other, *value);
            }
            return right;
        }
        let pairs = left.values().iter().zip(right.values());
        let values = pairs.map(|(&left, &right)| f(left, right)).collect();
        return FlexTensor::new(values, left.layout().shape().clone());
    }
    let sides = left.sides().iter().zip(right.sides());
    let sides: Vec<usize> = sides
        .map(|(&left, &right)| if left == 1 { right } else { left })
        .collect();
    let (l, r) = (
        layout::stretched(left.sides(), &sides),
        layout::stretched(right.sides(), &sides),
    );
    let length = sides.last().copied().unwrap_or(1);
    let steps = [&l, &r].map(|strides| strides.last().copied().unwrap_or(0));
    let (left, right) = (left.values(), right.values());
    let mut values = Vec::with_capacity(sides.iter().product());
    copy::for_each_run(&sides, [&l, &r], [0, 0], |[at, to]| match steps {
        [0, 0] => values.resize(values.len() + length, f(left[at], right[to])),
        [0, _] => values.extend(right[to..to + length].iter().map(|&right| f(left[at], right))),
        [_, 0] => values.extend(left[at..at + length].iter().map(|&left| f(left, right[to]))),
        _ => {
            let pairs = left[at..at + length].iter().zip(&right[to..to + length]);
            values.extend(pairs.map(|(&left, &right)| f(left, right)));
        }
    });
    FlexTensor::new(values, Shape::from(sides))
}
