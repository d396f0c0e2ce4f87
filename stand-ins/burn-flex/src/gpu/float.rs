//! The operations on tensors of `f32`.

use burn_backend::{
    BoolDType, Distribution, ExecutionError, FloatDType, IntDType, Scalar, Shape, Slice, TensorData,
    ops::FloatTensorOps, tensor::IndexingUpdateOp,
};
use gamma_webgpu::Buffer;

use super::{
    copy::{copy, write},
    elementwise::{Map, Zip, map, zip},
    reduce,
};
use crate::{
    Flex, FlexDevice, FlexTensor, Indices, Never,
    absent::{absent, absent_float},
    layout,
    scalar::number,
    view::{View, float_views},
};

impl FloatTensorOps<Flex> for Flex {
    fn float_from_data(data: TensorData, _: &FlexDevice) -> FlexTensor {
        FlexTensor::from_data(&data)
    }

    async fn float_into_data(tensor: FlexTensor) -> Result<TensorData, ExecutionError> {
        tensor.into_data().await
    }

    fn float_to_device(tensor: FlexTensor, _: &FlexDevice) -> FlexTensor {
        tensor
    }

    fn float_add(left: FlexTensor, right: FlexTensor) -> FlexTensor {
        zip(&left, &right, Zip::Add)
    }

    fn float_add_scalar(left: FlexTensor, right: Scalar) -> FlexTensor {
        map(&left, Map::Add, number(right))
    }

    fn float_sub(left: FlexTensor, right: FlexTensor) -> FlexTensor {
        zip(&left, &right, Zip::Sub)
    }

    fn float_sub_scalar(left: FlexTensor, right: Scalar) -> FlexTensor {
        map(&left, Map::Sub, number(right))
    }

    fn float_mul(left: FlexTensor, right: FlexTensor) -> FlexTensor {
        zip(&left, &right, Zip::Mul)
    }

    fn float_mul_scalar(left: FlexTensor, right: Scalar) -> FlexTensor {
        map(&left, Map::Mul, number(right))
    }

    fn float_div(left: FlexTensor, right: FlexTensor) -> FlexTensor {
        zip(&left, &right, Zip::Div)
    }

    fn float_div_scalar(left: FlexTensor, right: Scalar) -> FlexTensor {
        map(&left, Map::Div, number(right))
    }

    fn float_exp(tensor: FlexTensor) -> FlexTensor {
        map(&tensor, Map::Exp, 0.0)
    }

    fn float_sqrt(tensor: FlexTensor) -> FlexTensor {
        map(&tensor, Map::Sqrt, 0.0)
    }

    fn float_clamp_min(tensor: FlexTensor, min: Scalar) -> FlexTensor {
        map(&tensor, Map::AtLeast, number(min))
    }

    fn float_sum_dim(tensor: FlexTensor, axis: usize) -> FlexTensor {
        reduce::sum_along(&tensor, axis, 1.0)
    }

    fn float_mean_dim(tensor: FlexTensor, axis: usize) -> FlexTensor {
        let count = tensor.sides()[axis];
        reduce::sum_along(&tensor, axis, count as f32)
    }

    fn float_cat(tensors: Vec<FlexTensor>, axis: usize) -> FlexTensor {
        let mut sides = tensors[0].sides().to_vec();
        sides[axis] = tensors.iter().map(|tensor| tensor.sides()[axis]).sum();
        let strides = layout::strides(&sides);
        let whole = Buffer::new(sides.iter().product::<usize>() * size_of::<f32>());
        let mut begin = 0;
        for tensor in &tensors {
            write(tensor, &whole, begin * strides[axis], &strides);
            begin += tensor.sides()[axis];
        }
        FlexTensor::new(whole, Shape::from(sides))
    }

    absent! {
        fn float_matmul(lhs: FlexTensor, rhs: FlexTensor) -> FlexTensor;
    }
    float_views!();
    absent_float!();
}
