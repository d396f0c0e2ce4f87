//! Shaders as operations on burn's tensors.

use burn::tensor::{Shape, Tensor};
use gamma_webgpu::{Buffer, Shader};

use super::burn_slot::{Gpu, GpuTensor};

/// The numbers of a tensor, row by row.
pub(super) fn buffer<const D: usize>(tensor: Tensor<D>) -> Buffer {
    match tensor.try_into_primitive::<Gpu>() {
        Ok(tensor) => tensor.into_buffer(),
        Err(error) => unreachable!("a module for WebGPU has one backend: {error:?}"),
    }
}

/// Runs `shader` in `workgroups` (x, y, z) over `inputs` and makes a tensor of `shape`, of `f32`. `numbers` are what the shader knows as
/// its `Info`, each of them a `u32`.
pub(super) fn launch<const D: usize>(
    shader: impl Shader,
    workgroups: [usize; 3],
    inputs: &[&Buffer],
    numbers: &[usize],
    shape: [usize; D],
) -> Tensor<D> {
    let length = shape.iter().product::<usize>() * size_of::<f32>();
    let output = gamma_webgpu::launch(shader, workgroups, inputs, numbers, length);
    Tensor::from_primitive::<Gpu>(GpuTensor::new(output, Shape::from(shape)))
}
