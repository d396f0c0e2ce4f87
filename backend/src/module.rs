//! Layers: a table's rows, normalised rows, softmax, ReLU.

use burn_backend::{
    IntDType, Shape,
    ops::{
        ActivationOps, AttentionModuleOptions, ConvOptions, ConvTransposeOptions, DeformConv2dBackward,
        DeformConvOptions, InterpolateOptions, MaxPool2dBackward, MaxPool2dWithIndices, ModuleOps,
    },
};

use crate::{Flex, FlexTensor, Indices, Never, absent::absent, elementwise, reduce};

impl ModuleOps<Flex> for Flex {
    fn embedding(table: FlexTensor, rows: Indices) -> FlexTensor {
        let width = table.sides()[1];
        let row = |&row: &i32| &table.values()[row as usize * width..][..width];
        let values = rows.values.iter().flat_map(row).copied().collect();
        FlexTensor::new(values, Shape::from([&rows.shape[..], &[width]].concat()))
    }

    fn layer_norm(x: FlexTensor, gain: FlexTensor, shift: Option<FlexTensor>, epsilon: f64) -> FlexTensor {
        let zeros = || FlexTensor::new(vec![0.0; gain.values().len()], gain.layout().shape().clone());
        let shift = shift.unwrap_or_else(zeros);
        reduce::normalize(&x, gain.values(), shift.values(), epsilon as f32)
    }

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
}

impl ActivationOps<Flex> for Flex {
    fn relu(x: FlexTensor) -> FlexTensor {
        elementwise::map(x, |value| if value > 0.0 || value.is_nan() { value } else { 0.0 })
    }

    fn softmax(x: FlexTensor, axis: usize) -> FlexTensor {
        assert!(
            axis + 1 == x.sides().len(),
            "the forward pass has no softmax along another axis than the last"
        );
        reduce::softmax(&x)
    }
}
