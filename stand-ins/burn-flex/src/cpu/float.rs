//! The operations on tensors of `f32`.

use burn_backend::{
    BoolDType, Distribution, ExecutionError, FloatDType, IntDType, Scalar, Shape, Slice, TensorData,
    ops::FloatTensorOps, tensor::IndexingUpdateOp,
};

use super::{copy::copy, elementwise, reduce};
use crate::{
    Flex, FlexDevice, FlexTensor, Indices, Never,
    absent::{absent, absent_float},
    scalar::number,
    view::{View, float_views},
};

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
            panic!("the browser's backend multiplies matrices alone");
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

    float_views!();
    absent_float!();
}
