//! Batch normalisation as operations of burn's Flex backend, with their gradients: the stem has it while it learns, and none once it
//! is a model.

use burn::{
    backend::{
        Autodiff, Backend, Dispatch, Flex,
        autodiff::{
            NodeId,
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind},
        },
        backend_extension,
        tensor::FloatTensor,
    },
    tensor::Tensor,
};
use gamma_kernels as kernels;

use super::{
    slice,
    stem::{StemGradients, tensor, window},
};

/// What the stem needs while it learns, beside [`StemBackend`](super::stem::StemBackend).
#[backend_extension(Flex, Autodiff)]
pub trait BatchNormBackend: Backend {
    /// Means and variances of the channels: `[rows, channels]` → `[2, channels]`. No gradients: [`normalize_batch`](Self::normalize_batch)
    /// takes into account how they follow from `x`.
    fn moments(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// `[rows, channels]`, its moments `[2, channels]`, gain and offset `[channels]` → `[rows, channels]`.
    fn normalize_batch(
        x: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        offset: FloatTensor<Self>,
        relu6: bool,
    ) -> FloatTensor<Self>;

    /// A depthwise convolution alone: `[n, height, width, channels]`, `[channels, 1, kernel, kernel]` →
    /// `[n, output height, output width, channels]`.
    fn depthwise(x: FloatTensor<Self>, weight: FloatTensor<Self>, stride: usize) -> FloatTensor<Self>;
}

impl BatchNormBackend for Flex {
    fn moments(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let channels = x.layout().shape()[1];
        tensor(kernels::moments(slice(&x.to_contiguous()), channels), [2, channels])
    }

    fn normalize_batch(
        x: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        offset: FloatTensor<Self>,
        relu6: bool,
    ) -> FloatTensor<Self> {
        let shape = x.layout().shape().clone();
        let [x, moments, gain, offset] = [x, moments, gain, offset].map(|t| t.to_contiguous());
        let norm = norm([&moments, &gain, &offset], relu6);
        tensor(norm.forward(slice(&x)), [shape[0], shape[1]])
    }

    fn depthwise(x: FloatTensor<Self>, weight: FloatTensor<Self>, stride: usize) -> FloatTensor<Self> {
        let shape = x.layout().shape().clone();
        let window = window(&x, &weight, stride);
        let (x, weight) = (x.to_contiguous(), weight.to_contiguous());
        let weight = kernels::channels_last(slice(&weight), window.kernel);
        let out = kernels::depthwise(slice(&x), &weight, shape[3], &window);
        let [height, width] = window.output();
        tensor(out, [shape[0], height, width, shape[3]])
    }
}

/// Moments, gain and offset, which lie row-major.
fn norm([moments, gain, offset]: [&FloatTensor<Flex>; 3], relu6: bool) -> kernels::BatchNorm<'_> {
    kernels::BatchNorm {
        moments: slice(moments),
        gain: slice(gain),
        offset: slice(offset),
        relu6,
    }
}

/// What the backward pass asks of a backend.
pub trait BatchNormGradients: BatchNormBackend + StemGradients {
    /// The gradients of `x`, gain and offset for that of the output.
    fn batch_norm_gradient(
        gradient: FloatTensor<Self>,
        inputs: [FloatTensor<Self>; 4],
        relu6: bool,
    ) -> [FloatTensor<Self>; 3];
}

impl BatchNormGradients for Flex {
    fn batch_norm_gradient(
        gradient: FloatTensor<Self>,
        inputs: [FloatTensor<Self>; 4],
        relu6: bool,
    ) -> [FloatTensor<Self>; 3] {
        let gradient = gradient.to_contiguous();
        let [x, moments, gain, offset] = inputs.map(|t| t.to_contiguous());
        let [rows, channels] = [x.layout().shape()[0], x.layout().shape()[1]];
        let norm = norm([&moments, &gain, &offset], relu6);
        let [of_x, of_gain, of_offset] = norm.gradient(slice(&gradient), slice(&x));
        [
            tensor(of_x, [rows, channels]),
            tensor(of_gain, [channels]),
            tensor(of_offset, [channels]),
        ]
    }
}

/// Means and variances of the channels: `[rows, channels]` → `[2, channels]`, without gradients.
pub fn moments(x: Tensor<2>) -> Tensor<2> {
    Tensor::from_dispatch(<Dispatch as BatchNormBackend>::moments(x.into_dispatch()))
}

/// Batch normalisation by the moments of `x`, and ReLU6 if it is to follow; shapes as `BatchNormBackend::normalize_batch`.
pub fn batch_norm(x: Tensor<2>, moments: Tensor<2>, gain: Tensor<1>, offset: Tensor<1>, relu6: bool) -> Tensor<2> {
    Tensor::from_dispatch(<Dispatch as BatchNormBackend>::normalize_batch(
        x.into_dispatch(),
        moments.into_dispatch(),
        gain.into_dispatch(),
        offset.into_dispatch(),
        relu6,
    ))
}

/// A depthwise convolution alone; shapes as `BatchNormBackend::depthwise`.
pub fn depthwise(x: Tensor<4>, weight: Tensor<4>, stride: usize) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as BatchNormBackend>::depthwise(
        x.into_dispatch(),
        weight.into_dispatch(),
        stride,
    ))
}

#[derive(Debug)]
struct Norm;

impl<B: BatchNormGradients> Backward<B, 3> for Norm {
    type State = (NodeId, FloatTensor<B>, NodeId, NodeId, bool);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let nodes = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        let (x, moments, gain, offset, relu6) = ops.state;
        let mut saved = |node| checkpointer.retrieve_node_output::<FloatTensor<B>>(node);
        let inputs = [saved(x), moments, saved(gain), saved(offset)];
        let gradients = B::batch_norm_gradient(gradient, inputs, relu6);
        for (node, gradient) in nodes.into_iter().zip(gradients) {
            if let Some(node) = node {
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}

#[derive(Debug)]
struct Depthwise;

impl<B: BatchNormGradients> Backward<B, 2> for Depthwise {
    type State = (NodeId, NodeId, usize);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let nodes = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        let (x, weight, stride) = ops.state;
        let x = checkpointer.retrieve_node_output::<FloatTensor<B>>(x);
        let weight = checkpointer.retrieve_node_output::<FloatTensor<B>>(weight);
        let (of_x, of_weight) = B::depthwise_gradient(gradient, x, weight, stride);
        for (node, gradient) in nodes.into_iter().zip([of_x, of_weight]) {
            if let Some(node) = node {
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}

impl<B: BatchNormGradients, C: CheckpointStrategy> BatchNormBackend for Autodiff<B, C> {
    fn moments(x: FloatTensor<Self>) -> FloatTensor<Self> {
        FloatTensor::<Self>::new(B::moments(x.into_primitive()))
    }

    fn normalize_batch(
        x: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        offset: FloatTensor<Self>,
        relu6: bool,
    ) -> FloatTensor<Self> {
        let prepared = Norm
            .prepare::<C>([x.node(), gain.node(), offset.node()])
            .compute_bound()
            .stateful();
        let moments = moments.into_primitive();
        let forward = |x, moments, gain, offset| B::normalize_batch(x, moments, gain, offset, relu6);
        match prepared {
            OpsKind::Tracked(mut prepared) => {
                let [of_x, of_gain, of_offset] = [&x, &gain, &offset].map(|input| prepared.checkpoint(input));
                let (x, gain, offset) = (x.into_primitive(), gain.into_primitive(), offset.into_primitive());
                let out = forward(x, moments.clone(), gain, offset);
                prepared.finish((of_x, moments, of_gain, of_offset, relu6), out)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(forward(
                x.into_primitive(),
                moments,
                gain.into_primitive(),
                offset.into_primitive(),
            )),
        }
    }

    fn depthwise(x: FloatTensor<Self>, weight: FloatTensor<Self>, stride: usize) -> FloatTensor<Self> {
        let prepared = Depthwise
            .prepare::<C>([x.node(), weight.node()])
            .compute_bound()
            .stateful();
        match prepared {
            OpsKind::Tracked(mut prepared) => {
                let (of_x, of_weight) = (prepared.checkpoint(&x), prepared.checkpoint(&weight));
                let out = B::depthwise(x.into_primitive(), weight.into_primitive(), stride);
                prepared.finish((of_x, of_weight, stride), out)
            }
            OpsKind::UnTracked(prepared) => {
                prepared.finish(B::depthwise(x.into_primitive(), weight.into_primitive(), stride))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};
    use proptest::prelude::*;

    use super::*;
    use crate::image::random::SplitMix64;

    fn random<const D: usize>(seed: u64, shape: [usize; D], largest: f32) -> Tensor<D> {
        let mut random = SplitMix64::new(seed);
        let values: Vec<f32> = (0..shape.iter().product())
            .map(|_| (random.up_to(16_000) as f32 / 8000.0 - 0.999_97) * largest)
            .collect();
        Tensor::from_data(TensorData::new(values, shape), &Device::flex().autodiff())
    }

    fn numbers<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
        tensor.to_data().try_into_vec().expect("f32")
    }

    /// The same in plain burn.
    fn plain(x: Tensor<2>, gain: Tensor<1>, offset: Tensor<1>, relu6: bool) -> Tensor<2> {
        let centred = x.clone() - x.mean_dim(0);
        let variance = (centred.clone() * centred.clone()).mean_dim(0);
        let standard = centred / (variance + f64::from(kernels::BATCH_NORM_EPSILON)).sqrt();
        let y = standard * gain.unsqueeze() + offset.unsqueeze();
        if relu6 { y.clamp(0.0, 6.0) } else { y }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn batch_normalisation_and_its_gradients_are_those_of_plain_burn(
            rows in 2usize..700, channels in 1usize..37, relu6: bool, seed: u64,
        ) {
            let x = random(seed, [rows, channels], 9.0);
            let (gain, offset) = (random(seed ^ 1, [channels], 3.0), random(seed ^ 2, [channels], 4.0));
            if relu6 {
                // A number on an end of ReLU6 may lie on either side of it, with a gradient or without.
                let before = numbers(&plain(x.clone(), gain.clone(), offset.clone(), false));
                prop_assume!(before.iter().all(|y| y.abs() > 1e-5 && (y - 6.0).abs() > 1e-5));
            }
            // Where all numbers of a channel lie close together, the terms of the gradient cancel and leave their rounding errors.
            let steepest: Vec<f32> = kernels::moments(&numbers(&x), channels)[channels..]
                .iter()
                .map(|variance| 3.0 / (variance + kernels::BATCH_NORM_EPSILON).sqrt())
                .collect();
            let run = |op: &dyn Fn(Tensor<2>, Tensor<1>, Tensor<1>) -> Tensor<2>| {
                let x = x.clone().require_grad();
                let (gain, offset) = (gain.clone().require_grad(), offset.clone().require_grad());
                let out = op(x.clone(), gain.clone(), offset.clone());
                let gradients = (out.clone() * random(seed ^ 3, [rows, channels], 1.0)).sum().backward();
                [
                    numbers(&out),
                    numbers(&x.grad(&gradients).expect("of a leaf")),
                    numbers(&gain.grad(&gradients).expect("of a leaf")),
                    numbers(&offset.grad(&gradients).expect("of a leaf")),
                ]
            };
            let found = run(&|x, gain, offset| batch_norm(x.clone(), moments(x), gain, offset, relu6));
            let expected = run(&|x, gain, offset| plain(x, gain, offset, relu6));
            for (found, expected) in found.iter().zip(&expected) {
                let largest = expected.iter().fold(1.0_f32, |a, b| a.max(b.abs()));
                for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
                    let tolerance = 2e-4 * largest + 1e-5 * steepest[i % channels].powi(2);
                    prop_assert!((found - expected).abs() <= tolerance, "number {}: {} for {}", i, found, expected);
                }
            }
        }
    }
}
