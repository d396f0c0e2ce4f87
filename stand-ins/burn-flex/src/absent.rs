//! Operations that burn asks of every backend and the forward pass does not use. None of them is in a module: what calls none of
//! them brings none of them.

use burn_backend::{
    BoolDType, Distribution, ExecutionError, FloatDType, IntDType, Scalar, Shape, Slice, TensorData,
    ops::{BoolTensorOps, IntTensorOps, QTensorOps},
    quantization::{QuantScheme, QuantizationParametersPrimitive},
    tensor::IndexingUpdateOp,
};

use crate::{Flex, FlexDevice, FlexTensor, Indices, Never};
use std::sync::Arc;

/// Writes out operations that panic.
macro_rules! absent {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $output:ty;)*) => {
        $(fn $name($($argument: $type),*) -> $output {
            $(let _ = $argument;)*
            panic!(concat!("the browser's backend has no ", stringify!($name)))
        })*
    };
}

/// Writes out those among the operations on tensors of `f32`.
macro_rules! absent_float {
    () => {
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
    };
}

/// Writes out those among the layers.
macro_rules! absent_module {
    () => {
        absent! {
            fn avg_pool2d(x: FlexTensor, kernel_size: [usize; 2], stride: [usize; 2], padding: [usize; 2], count_include_pad: bool, ceil_mode: bool) -> FlexTensor;
            fn avg_pool2d_backward(x: FlexTensor, grad: FlexTensor, kernel_size: [usize; 2], stride: [usize; 2], padding: [usize; 2], count_include_pad: bool, ceil_mode: bool) -> FlexTensor;
            fn adaptive_avg_pool2d(x: FlexTensor, output_size: [usize; 2]) -> FlexTensor;
            fn adaptive_avg_pool3d(x: FlexTensor, output_size: [usize; 3]) -> FlexTensor;
            fn max_pool2d(x: FlexTensor, kernel_size: [usize; 2], stride: [usize; 2], padding: [usize; 2], dilation: [usize; 2], ceil_mode: bool) -> FlexTensor;
            fn max_pool2d_with_indices(x: FlexTensor, kernel_size: [usize; 2], stride: [usize; 2], padding: [usize; 2], dilation: [usize; 2], ceil_mode: bool, indices_dtype: IntDType) -> MaxPool2dWithIndices<Flex>;
            fn max_pool2d_with_indices_backward(x: FlexTensor, kernel_size: [usize; 2], stride: [usize; 2], padding: [usize; 2], dilation: [usize; 2], ceil_mode: bool, output_grad: FlexTensor, indices: Indices) -> MaxPool2dBackward<Flex>;
            fn interpolate(x: FlexTensor, output_size: [usize; 2], options: InterpolateOptions) -> FlexTensor;
            fn interpolate_backward(x: FlexTensor, grad: FlexTensor, output_size: [usize; 2], options: InterpolateOptions) -> FlexTensor;
            fn conv2d(x: FlexTensor, weight: FlexTensor, bias: Option<FlexTensor>, options: ConvOptions<2>) -> FlexTensor;
            fn deform_conv2d(x: FlexTensor, offset: FlexTensor, weight: FlexTensor, mask: Option<FlexTensor>, bias: Option<FlexTensor>, options: DeformConvOptions<2>) -> FlexTensor;
            fn deform_conv2d_backward(x: FlexTensor, offset: FlexTensor, weight: FlexTensor, mask: Option<FlexTensor>, bias: Option<FlexTensor>, output_grad: FlexTensor, options: DeformConvOptions<2>) -> DeformConv2dBackward<Self>;
            fn conv3d(x: FlexTensor, weight: FlexTensor, bias: Option<FlexTensor>, options: ConvOptions<3>) -> FlexTensor;
            fn conv_transpose2d(x: FlexTensor, weight: FlexTensor, bias: Option<FlexTensor>, options: ConvTransposeOptions<2>) -> FlexTensor;
            fn conv_transpose3d(x: FlexTensor, weight: FlexTensor, bias: Option<FlexTensor>, options: ConvTransposeOptions<3>) -> FlexTensor;
            fn adaptive_avg_pool2d_backward(x: FlexTensor, grad: FlexTensor) -> FlexTensor;
            fn adaptive_avg_pool3d_backward(x: FlexTensor, grad: FlexTensor) -> FlexTensor;
            fn attention(query: FlexTensor, key: FlexTensor, value: FlexTensor, mask: Option<Never>, attn_bias: Option<FlexTensor>, options: AttentionModuleOptions) -> FlexTensor;
        }
    };
}
pub(crate) use {absent, absent_float, absent_module};

impl IntTensorOps<Flex> for Flex {
    fn int_from_data(data: TensorData, _: &FlexDevice) -> Indices {
        let shape = data.shape().clone();
        match data.try_into_vec() {
            Ok(values) => Indices {
                values: Arc::new(values),
                shape,
            },
            Err(_) => panic!("the browser's backend counts in i32 alone"),
        }
    }

    fn int_to_device(tensor: Indices, _: &FlexDevice) -> Indices {
        tensor
    }

    async fn int_into_data(tensor: Indices) -> Result<TensorData, ExecutionError> {
        Ok(TensorData::new(Arc::unwrap_or_clone(tensor.values), tensor.shape))
    }

    absent! {
        fn int_empty(shape: Shape, device: &FlexDevice, dtype: IntDType) -> Indices;
        fn int_reshape(tensor: Indices, shape: Shape) -> Indices;
        fn int_slice(tensor: Indices, slices: &[Slice]) -> Indices;
        fn int_slice_assign(tensor: Indices, slices: &[Slice], value: Indices) -> Indices;
        fn int_into_float(tensor: Indices, out_dtype: FloatDType) -> FlexTensor;
        fn int_mask_where(tensor: Indices, mask: Never, value: Indices) -> Indices;
        fn int_mask_fill(tensor: Indices, mask: Never, value: Scalar) -> Indices;
        fn int_gather(dim: usize, tensor: Indices, indices: Indices) -> Indices;
        fn int_scatter(dim: usize, tensor: Indices, indices: Indices, value: Indices, update: IndexingUpdateOp) -> Indices;
        fn int_select(tensor: Indices, dim: usize, indices: Indices) -> Indices;
        fn int_select_assign(tensor: Indices, dim: usize, indices: Indices, value: Indices, update: IndexingUpdateOp) -> Indices;
        fn int_equal(lhs: Indices, rhs: Indices, out_dtype: BoolDType) -> Never;
        fn int_equal_elem(lhs: Indices, rhs: Scalar, out_dtype: BoolDType) -> Never;
        fn int_greater(lhs: Indices, rhs: Indices, out_dtype: BoolDType) -> Never;
        fn int_greater_elem(lhs: Indices, rhs: Scalar, out_dtype: BoolDType) -> Never;
        fn int_greater_equal(lhs: Indices, rhs: Indices, out_dtype: BoolDType) -> Never;
        fn int_greater_equal_elem(lhs: Indices, rhs: Scalar, out_dtype: BoolDType) -> Never;
        fn int_lower(lhs: Indices, rhs: Indices, out_dtype: BoolDType) -> Never;
        fn int_lower_elem(lhs: Indices, rhs: Scalar, out_dtype: BoolDType) -> Never;
        fn int_lower_equal(lhs: Indices, rhs: Indices, out_dtype: BoolDType) -> Never;
        fn int_lower_equal_elem(lhs: Indices, rhs: Scalar, out_dtype: BoolDType) -> Never;
        fn int_add(lhs: Indices, rhs: Indices) -> Indices;
        fn int_add_scalar(lhs: Indices, rhs: Scalar) -> Indices;
        fn int_sub(lhs: Indices, rhs: Indices) -> Indices;
        fn int_sub_scalar(lhs: Indices, rhs: Scalar) -> Indices;
        fn int_mul(lhs: Indices, rhs: Indices) -> Indices;
        fn int_mul_scalar(lhs: Indices, rhs: Scalar) -> Indices;
        fn int_div(lhs: Indices, rhs: Indices) -> Indices;
        fn int_div_scalar(lhs: Indices, rhs: Scalar) -> Indices;
        fn int_remainder(lhs: Indices, rhs: Indices) -> Indices;
        fn int_remainder_scalar(lhs: Indices, rhs: Scalar) -> Indices;
        fn int_matmul(lhs: Indices, rhs: Indices) -> Indices;
        fn int_sum(tensor: Indices) -> Indices;
        fn int_sum_dim(tensor: Indices, dim: usize) -> Indices;
        fn int_prod(tensor: Indices) -> Indices;
        fn int_prod_dim(tensor: Indices, dim: usize) -> Indices;
        fn int_mean_dim(tensor: Indices, dim: usize) -> Indices;
        fn int_cumsum(tensor: Indices, dim: usize) -> Indices;
        fn int_cumprod(tensor: Indices, dim: usize) -> Indices;
        fn int_cummin(tensor: Indices, dim: usize) -> Indices;
        fn int_cummax(tensor: Indices, dim: usize) -> Indices;
        fn int_argmax(tensor: Indices, dim: usize) -> Indices;
        fn int_argmin(tensor: Indices, dim: usize) -> Indices;
        fn int_abs(tensor: Indices) -> Indices;
        fn int_swap_dims(tensor: Indices, dim1: usize, dim2: usize) -> Indices;
        fn int_permute(tensor: Indices, axes: &[usize]) -> Indices;
        fn int_flip(tensor: Indices, axes: &[usize]) -> Indices;
        fn int_random(shape: Shape, distribution: Distribution, device: &FlexDevice, dtype: IntDType) -> Indices;
        fn int_expand(tensor: Indices, shape: Shape) -> Indices;
        fn bitwise_and(lhs: Indices, rhs: Indices) -> Indices;
        fn bitwise_and_scalar(lhs: Indices, rhs: Scalar) -> Indices;
        fn bitwise_or(lhs: Indices, rhs: Indices) -> Indices;
        fn bitwise_or_scalar(lhs: Indices, rhs: Scalar) -> Indices;
        fn bitwise_xor(lhs: Indices, rhs: Indices) -> Indices;
        fn bitwise_xor_scalar(lhs: Indices, rhs: Scalar) -> Indices;
        fn bitwise_not(tensor: Indices) -> Indices;
        fn bitwise_left_shift(lhs: Indices, rhs: Indices) -> Indices;
        fn bitwise_left_shift_scalar(lhs: Indices, rhs: Scalar) -> Indices;
        fn bitwise_right_shift(lhs: Indices, rhs: Indices) -> Indices;
        fn bitwise_right_shift_scalar(lhs: Indices, rhs: Scalar) -> Indices;
        fn int_cast(tensor: Indices, dtype: IntDType) -> Indices;
        fn int_unfold(tensor: Indices, dim: usize, size: usize, step: usize) -> Indices;
    }
}

impl BoolTensorOps<Flex> for Flex {
    async fn bool_into_data(tensor: Never) -> Result<TensorData, ExecutionError> {
        match tensor {}
    }

    absent! {
        fn bool_empty(shape: Shape, device: &FlexDevice, dtype: BoolDType) -> Never;
        fn bool_zeros(shape: Shape, device: &FlexDevice, dtype: BoolDType) -> Never;
        fn bool_ones(shape: Shape, device: &FlexDevice, dtype: BoolDType) -> Never;
        fn bool_from_data(data: TensorData, device: &FlexDevice) -> Never;
        fn bool_into_int(tensor: Never, out_dtype: IntDType) -> Indices;
        fn bool_into_float(tensor: Never, out_dtype: FloatDType) -> FlexTensor;
        fn bool_to_device(tensor: Never, device: &FlexDevice) -> Never;
        fn bool_reshape(tensor: Never, shape: Shape) -> Never;
        fn bool_slice(tensor: Never, slices: &[Slice]) -> Never;
        fn bool_slice_assign(tensor: Never, slices: &[Slice], value: Never) -> Never;
        fn bool_mask_where(tensor: Never, mask: Never, value: Never) -> Never;
        fn bool_mask_fill(tensor: Never, mask: Never, value: Scalar) -> Never;
        fn bool_gather(dim: usize, tensor: Never, indices: Indices) -> Never;
        fn bool_scatter_or(dim: usize, tensor: Never, indices: Indices, value: Never) -> Never;
        fn bool_select(tensor: Never, dim: usize, indices: Indices) -> Never;
        fn bool_select_or(tensor: Never, dim: usize, indices: Indices, value: Never) -> Never;
        fn bool_equal(lhs: Never, rhs: Never) -> Never;
        fn bool_equal_elem(lhs: Never, rhs: Scalar) -> Never;
        fn bool_not(tensor: Never) -> Never;
        fn bool_and(lhs: Never, rhs: Never) -> Never;
        fn bool_or(lhs: Never, rhs: Never) -> Never;
        fn bool_swap_dims(tensor: Never, dim1: usize, dim2: usize) -> Never;
        fn bool_permute(tensor: Never, axes: &[usize]) -> Never;
        fn bool_flip(tensor: Never, axes: &[usize]) -> Never;
        fn bool_expand(tensor: Never, shape: Shape) -> Never;
        fn bool_unfold(tensor: Never, dim: usize, size: usize, step: usize) -> Never;
    }
}

impl QTensorOps<Flex> for Flex {
    async fn q_into_data(tensor: Never) -> Result<TensorData, ExecutionError> {
        match tensor {}
    }

    absent! {
        fn q_from_data(data: TensorData, device: &FlexDevice) -> Never;
        fn quantize(tensor: FlexTensor, scheme: &QuantScheme, qparams: QuantizationParametersPrimitive<Self>) -> Never;
        fn dequantize(tensor: Never, dtype: FloatDType) -> FlexTensor;
        fn q_to_device(tensor: Never, device: &FlexDevice) -> Never;
        fn q_reshape(tensor: Never, shape: Shape) -> Never;
        fn q_swap_dims(tensor: Never, dim1: usize, dim2: usize) -> Never;
        fn q_permute(tensor: Never, axes: &[usize]) -> Never;
        fn q_flip(tensor: Never, axes: &[usize]) -> Never;
    }
}
