//! A shader as a kernel of burn's runtime.

use std::{fmt::Debug, hash::Hash};

use burn::tensor::{DType, Shape, Tensor};
use burn_cubecl::{CubeBackend, kernel::into_contiguous, tensor::CubeTensor};
use cubecl::{
    CubeCount, CubeKernel, ExecutionMode, PrecompiledSource,
    ir::{AddressType, ElemType, Scope, UIntKind, metadata::Info, settings::KernelSettings},
    prelude::{KernelDefinition, KernelId, KernelMetadata},
    server::{KernelArguments, MetadataBindingInfo},
};

/// A shader and what its text depends on. Its entry point is `main`; its bindings, all in group 0, are the inputs of a launch in their
/// order, the output, and the numbers of the launch.
pub(super) trait Shader: Copy + Debug + Eq + Hash + Send + Sync + 'static {
    /// WGSL.
    fn source(&self) -> String;
}

struct Kernel<S>(S);

impl<S: Shader> KernelMetadata for Kernel<S> {
    fn id(&self) -> KernelId {
        KernelId::new::<Self>().info(self.0)
    }

    fn address_type(&self) -> ElemType {
        UIntKind::U32.into()
    }
}

impl<S: Shader> CubeKernel for Kernel<S> {
    /// Never compiled: [`source`](Self::source) stands in for it.
    fn define(&self) -> KernelDefinition {
        let settings = KernelSettings::new(self.id().cube_dim, ExecutionMode::Checked, AddressType::U32);
        KernelDefinition {
            body: Scope::root(settings.clone()),
            info: Info::default(),
            settings,
        }
    }

    fn source(&self) -> Option<PrecompiledSource> {
        Some(PrecompiledSource {
            source: self.0.source(),
            entrypoint_name: "main".into(),
            lang: "wgsl",
        })
    }
}

/// So many workgroups in two axes: along one a device may have no more than 65535.
pub(super) fn in_two_axes(workgroups: usize) -> [usize; 3] {
    const AXIS: usize = 65535;
    [workgroups.min(AXIS), workgroups.div_ceil(AXIS), 1]
}

/// A tensor that lies row-major in its buffer.
pub(super) fn buffer<const D: usize>(tensor: Tensor<D>) -> CubeTensor {
    match tensor.try_into_primitive::<CubeBackend>() {
        Ok(tensor) => into_contiguous(tensor),
        Err(error) => unreachable!("a module for WebGPU has one backend: {error:?}"),
    }
}

/// Runs `shader` in `workgroups` (x, y, z) over `inputs` and makes a tensor of `shape`, of `f32`. `numbers` are what the shader knows as
/// its `Info`, each of them a `u32`.
pub(super) fn launch<const D: usize>(
    shader: impl Shader,
    workgroups: [usize; 3],
    inputs: &[&CubeTensor],
    numbers: &[usize],
    shape: [usize; D],
) -> Tensor<D> {
    let first = inputs[0];
    let (client, device) = (first.client.clone(), first.device.clone());
    let length: usize = shape.iter().product();
    let output = client.empty(length * size_of::<f32>());
    let pairs = numbers.chunks(2).map(|pair| {
        let [low, high] = [pair[0], pair.get(1).copied().unwrap_or(0)];
        (high as u64) << 32 | low as u64
    });
    let arguments = inputs
        .iter()
        .map(|input| &input.handle)
        .chain([&output])
        .fold(KernelArguments::new(), |all, handle| {
            all.with_buffer(handle.clone().binding())
        })
        .with_info(MetadataBindingInfo::custom(pairs.collect()));
    let [x, y, z] = workgroups.map(|count| count as u32);
    client.launch(Box::new(Kernel(shader)), CubeCount::Static(x, y, z), arguments);
    let output = CubeTensor::new_contiguous(client, device, Shape::from(shape), output, DType::F32);
    Tensor::from_primitive::<CubeBackend>(output)
}
