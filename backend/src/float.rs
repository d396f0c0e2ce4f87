//! The operations on tensors of `f32`.

use burn_backend::{
    BoolDType, Distribution, ExecutionError, FloatDType, IntDType, Scalar, Shape, Slice, TensorData,
    ops::FloatTensorOps, tensor::IndexingUpdateOp,
};

use crate::{Flex, FlexDevice, FlexTensor, Indices, Never, absent::absent, elementwise, layout, reduce};

/// A scalar that burn hands over, as a number.
fn number(scalar: Scalar) -> f32 {
    match scalar {
        Scalar::Float(value) => value as f32,
        Scalar::Int(value) => value as f32,
        Scalar::UInt(value) => value as f32,
        Scalar::Bool(value) => f32::from(u8::from(value)),
    }
}

impl FloatTensorOps<Flex> for Flex {
    fn float_from_data(data: TensorData, _: &FlexDevice) -> FlexTensor {
        FlexTensor::from_data(data)
    }

    async fn float_into_data(tensor: FlexTensor) -> Result<TensorData, ExecutionError> {
        Ok(tensor.into_data())
    }

    fn float_to_device(tensor: FlexTensor, _: &FlexDevice) -> FlexTensor {
        tensor
    }

    fn float_add(left: FlexTensor, right: FlexTensor) -> FlexTensor {
        elementwise::zip(left, right, |left, right| left + right)
    }

    fn float_add_scalar(left: FlexTensor, right: Scalar) -> FlexTensor {
        let right = number(right);
        elementwise::map(left, |left| left + right)
    }

    fn float_sub(left: FlexTensor, right: FlexTensor) -> FlexTensor {
        elementwise::zip(left, right, |left, right| left - right)
    }

    fn float_sub_scalar(left: FlexTensor, right: Scalar) -> FlexTensor {
        let right = number(right);
        elementwise::map(left, |left| left - right)
    }

    fn float_mul(left: FlexTensor, right: FlexTensor) -> FlexTensor {
        elementwise::zip(left, right, |left, right| left * right)
    }

    fn float_mul_scalar(left: FlexTensor, right: Scalar) -> FlexTensor {
        let right = number(right);
        elementwise::map(left, |left| left * right)
    }

    fn float_div(left: FlexTensor, right: FlexTensor) -> FlexTensor {
        elementwise::zip(left, right, |left, right| left / right)
    }

    fn float_div_scalar(left: FlexTensor, right: Scalar) -> FlexTensor {
        let right = number(right);
        elementwise::map(left, |left| left / right)
    }

    fn float_exp(tensor: FlexTensor) -> FlexTensor {
        elementwise::map(tensor, f32::exp)
    }

    fn float_sqrt(tensor: FlexTensor) -> FlexTensor {
        elementwise::map(tensor, f32::sqrt)
    }

    fn float_clamp_min(tensor: FlexTensor, min: Scalar) -> FlexTensor {
        let min = number(min);
        elementwise::map(tensor, |value| if value < min { min } else { value })
    }

    fn float_matmul(left: FlexTensor, right: FlexTensor) -> FlexTensor {
        let (&[rows, inner], &[_, columns]) = (left.sides(), right.sides()) else {
            panic!("the browser's CPU backend multiplies matrices alone");
        };
        let mut values = vec![0.0; rows * columns];
        let products = values
            .chunks_exact_mut(columns.max(1))
            .zip(left.values().chunks_exact(inner.max(1)));
        for (sums, row) in products {
            for (&factor, row) in row.iter().zip(right.values().chunks_exact(columns.max(1))) {
                for (sum, &value) in sums.iter_mut().zip(row) {
                    *sum += factor * value;
                }
            }
        }
        FlexTensor::new(values, Shape::from([rows, columns]))
    }

    fn float_sum_dim(tensor: FlexTensor, axis: usize) -> FlexTensor {
        reduce::sum_along(&tensor, axis)
    }

    fn float_mean_dim(tensor: FlexTensor, axis: usize) -> FlexTensor {
        let count = tensor.sides()[axis] as f32;
        elementwise::map(reduce::sum_along(&tensor, axis), |sum| sum / count)
    }

    fn float_reshape(tensor: FlexTensor, shape: Shape) -> FlexTensor {
        tensor.reshaped(shape)
    }

    fn float_swap_dims(tensor: FlexTensor, first: usize, second: usize) -> FlexTensor {
        let mut axes: Vec<usize> = (0..tensor.sides().len()).collect();
        axes.swap(first, second);
        Self::float_permute(tensor, &axes)
    }

    fn float_permute(tensor: FlexTensor, axes: &[usize]) -> FlexTensor {
        let strides = layout::strides(tensor.layout().shape());
        let sides: Vec<usize> = axes.iter().map(|&axis| tensor.sides()[axis]).collect();
        let strides: Vec<usize> = axes.iter().map(|&axis| strides[axis]).collect();
        let values = layout::copy(tensor.values(), 0, &sides, &strides);
        FlexTensor::new(values, Shape::from(sides))
    }

    fn float_expand(tensor: FlexTensor, shape: Shape) -> FlexTensor {
        let axes = shape.num_dims() - tensor.sides().len();
        let own = [&vec![1; axes][..], tensor.sides()].concat();
        let tensor = tensor.reshaped(Shape::from(own));
        let strides = elementwise::stretched(&tensor, &shape);
        FlexTensor::new(layout::copy(tensor.values(), 0, &shape, &strides), shape)
    }

    fn float_slice(tensor: FlexTensor, slices: &[Slice]) -> FlexTensor {
        let mut sides = tensor.layout().shape().clone();
        let strides = layout::strides(&sides);
        let mut start = 0;
        for (axis, slice) in slices.iter().enumerate() {
            assert!(slice.step == 1, "the browser's CPU backend has no slices with steps");
            let range = slice.to_range(sides[axis]);
            start += range.start * strides[axis];
            sides[axis] = range.len();
        }
        if sides == *tensor.layout().shape() {
            return tensor;
        }
        FlexTensor::new(layout::copy(tensor.values(), start, &sides, &strides), sides)
    }

    fn float_cat(tensors: Vec<FlexTensor>, axis: usize) -> FlexTensor {
        let mut shape = tensors[0].layout().shape().clone();
        let inner: usize = shape[axis + 1..].iter().product();
        let outer: usize = shape[..axis].iter().product();
        shape[axis] = tensors.iter().map(|tensor| tensor.sides()[axis]).sum();
        let mut values = Vec::with_capacity(shape.iter().product());
        for block in 0..outer {
            for tensor in &tensors {
                let length = tensor.sides()[axis] * inner;
                values.extend_from_slice(&tensor.values()[block * length..][..length]);
            }
        }
        FlexTensor::new(values, shape)
    }

    absent! {
        fn float_random(shape: Shape, distribution: Distribution, device: &FlexDevice, dtype: FloatDType) -> FlexTensor;
        fn float_into_int(tensor: FlexTensor, out_dtype: IntDType) -> Indices;
        fn float_empty(shape: Shape, device: &FlexDevice, dtype: FloatDType) -> FlexTensor;
        fn float_remainder(lhs: FlexTensor, rhs: FlexTensor) -> FlexTensor;
        fn float_remainder_scalar(lhs: FlexTensor, rhs: Scalar) -> FlexTensor;
        fn float_cross(lhs: FlexTensor, rhs: FlexTensor, dim: usize) -> FlexTensor;
        fn float_recip(tensor: FlexTensor) -> FlexTensor;
        fn float_flip(tensor: FlexTensor, axes: &[usize]) -> FlexTensor;
        fn float_gather(dim: usize, tensor: FlexTensor, indices: Indices) -> FlexTensor;
        fn float_scatter(dim: usize, tensor: FlexTensor, indices: Indices, value: FlexTensor, update: IndexingUpdateOp) -> FlexTensor;
        fn float_select(tensor: FlexTensor, dim: usize, indices: Indices) -> FlexTensor;
        fn float_select_assign(tensor: FlexTensor, dim: usize, indices: Indices, value: FlexTensor, update: IndexingUpdateOp) -> FlexTensor;
        fn float_slice_assign(tensor: FlexTensor, slices: &[Slice], value: FlexTensor) -> FlexTensor;
        fn float_mask_where(tensor: FlexTensor, mask: Never, value: FlexTensor) -> FlexTensor;
        fn float_mask_fill(tensor: FlexTensor, mask: Never, value: Scalar) -> FlexTensor;
        fn float_equal(lhs: FlexTensor, rhs: FlexTensor, out_dtype: BoolDType) -> Never;
        fn float_equal_elem(lhs: FlexTensor, rhs: Scalar, out_dtype: BoolDType) -> Never;
        fn float_greater(lhs: FlexTensor, rhs: FlexTensor, out_dtype: BoolDType) -> Never;
        fn float_greater_elem(lhs: FlexTensor, rhs: Scalar, out_dtype: BoolDType) -> Never;
        fn float_greater_equal(lhs: FlexTensor, rhs: FlexTensor, out_dtype: BoolDType) -> Never;
        fn float_greater_equal_elem(lhs: FlexTensor, rhs: Scalar, out_dtype: BoolDType) -> Never;
        fn float_lower(lhs: FlexTensor, rhs: FlexTensor, out_dtype: BoolDType) -> Never;
        fn float_lower_elem(lhs: FlexTensor, rhs: Scalar, out_dtype: BoolDType) -> Never;
        fn float_lower_equal(lhs: FlexTensor, rhs: FlexTensor, out_dtype: BoolDType) -> Never;
        fn float_lower_equal_elem(lhs: FlexTensor, rhs: Scalar, out_dtype: BoolDType) -> Never;
        fn float_sum(tensor: FlexTensor) -> FlexTensor;
        fn float_cumsum(tensor: FlexTensor, dim: usize) -> FlexTensor;
        fn float_cumprod(tensor: FlexTensor, dim: usize) -> FlexTensor;
        fn float_cummin(tensor: FlexTensor, dim: usize) -> FlexTensor;
        fn float_cummax(tensor: FlexTensor, dim: usize) -> FlexTensor;
        fn float_cast(tensor: FlexTensor, dtype: FloatDType) -> FlexTensor;
        fn float_log(tensor: FlexTensor) -> FlexTensor;
        fn float_log1p(tensor: FlexTensor) -> FlexTensor;
        fn float_powf(lhs: FlexTensor, rhs: FlexTensor) -> FlexTensor;
        fn float_powf_scalar_impl(tensor: FlexTensor, value: Scalar) -> FlexTensor;
        fn float_abs(tensor: FlexTensor) -> FlexTensor;
        fn float_cos(tensor: FlexTensor) -> FlexTensor;
        fn float_sin(tensor: FlexTensor) -> FlexTensor;
        fn float_tan(tensor: FlexTensor) -> FlexTensor;
        fn float_cosh(tensor: FlexTensor) -> FlexTensor;
        fn float_sinh(tensor: FlexTensor) -> FlexTensor;
        fn float_tanh(tensor: FlexTensor) -> FlexTensor;
        fn float_acos(tensor: FlexTensor) -> FlexTensor;
        fn float_acosh(tensor: FlexTensor) -> FlexTensor;
        fn float_asin(tensor: FlexTensor) -> FlexTensor;
        fn float_asinh(tensor: FlexTensor) -> FlexTensor;
        fn float_atan(tensor: FlexTensor) -> FlexTensor;
        fn float_atanh(tensor: FlexTensor) -> FlexTensor;
        fn float_atan2(lhs: FlexTensor, rhs: FlexTensor) -> FlexTensor;
        fn float_round(tensor: FlexTensor) -> FlexTensor;
        fn float_floor(tensor: FlexTensor) -> FlexTensor;
        fn float_ceil(tensor: FlexTensor) -> FlexTensor;
        fn float_trunc(tensor: FlexTensor) -> FlexTensor;
        fn float_erf(tensor: FlexTensor) -> FlexTensor;
        fn float_argmax(tensor: FlexTensor, dim: usize, out_dtype: IntDType) -> Indices;
        fn float_argmin(tensor: FlexTensor, dim: usize, out_dtype: IntDType) -> Indices;
        fn float_unfold(tensor: FlexTensor, dim: usize, size: usize, step: usize) -> FlexTensor;
    }
}
