//! The stem's kernels as operations of burn's Flex backend, with their gradients for training.

use burn::{
    backend::{Backend, Dispatch, Flex, backend_extension, tensor::FloatTensor},
    tensor::{Tensor, TensorData},
};
use gamma_kernels as kernels;

use super::{numbers, slice};
use crate::ops::Window;

/// Operations of Gamma-Lite's stem on pictures with channels last; padding is as [`Window`] says.
#[backend_extension(Flex, Autodiff: cfg(feature = "train"))]
pub trait StemBackend: Backend {
    /// `[n, channels, height, width]` → `[n * output height * output width, channels * kernel * kernel]`. Gradients end here:
    /// it is for photos.
    fn patches(x: FloatTensor<Self>, kernel: usize, stride: usize) -> FloatTensor<Self>;

    /// `[rows, channels]` plus `[channels]`, between 0 and 6.
    #[cfg_attr(
        target_arch = "wasm32",
        allow(dead_code, reason = "there it is a part of the linear layer")
    )]
    fn bias_relu6(x: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self>;

    /// `[n, height, width, channels]`, `[channels, 1, kernel, kernel]`, `[channels]` →
    /// `[n, output height, output width, channels]`, between 0 and 6.
    fn depthwise_relu6(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        stride: usize,
    ) -> FloatTensor<Self>;
}

impl StemBackend for Flex {
    fn patches(x: FloatTensor<Self>, kernel: usize, stride: usize) -> FloatTensor<Self> {
        let shape = x.layout().shape().clone();
        let window = Window {
            input: [shape[2], shape[3]],
            kernel,
            stride,
        };
        let rows = shape[0] * window.output().iter().product::<usize>();
        let x = x.to_contiguous();
        let out = kernels::patches(slice(&x), shape[1], &window);
        tensor(out, [rows, shape[1] * kernel * kernel])
    }

    fn bias_relu6(x: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        let shape = x.layout().shape().clone();
        let mut values = numbers(x);
        kernels::bias_relu6(&mut values, slice(&bias.to_contiguous()));
        tensor(values, [shape[0], shape[1]])
    }

    fn depthwise_relu6(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        stride: usize,
    ) -> FloatTensor<Self> {
        let shape = x.layout().shape().clone();
        let window = window(&x, &weight, stride);
        let (x, weight, bias) = (x.to_contiguous(), weight.to_contiguous(), bias.to_contiguous());
        let weight = kernels::channels_last(slice(&weight), window.kernel);
        let out = kernels::depthwise_relu6(slice(&x), &weight, slice(&bias), &window);
        let [height, width] = window.output();
        tensor(out, [shape[0], height, width, shape[3]])
    }
}

/// How `[channels, 1, kernel, kernel]` moves over `[n, height, width, channels]`.
pub(super) fn window(x: &FloatTensor<Flex>, weight: &FloatTensor<Flex>, stride: usize) -> Window {
    let shape = x.layout().shape();
    Window {
        input: [shape[1], shape[2]],
        kernel: weight.layout().shape()[2],
        stride,
    }
}

pub(super) fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> FloatTensor<Flex> {
    FloatTensor::<Flex>::from_data(TensorData::new(values, shape))
}

/// The patches under a window of `kernel` pixels a side, as rows; shapes as [`StemBackend::patches`].
pub fn patches(x: Tensor<4>, kernel: usize, stride: usize) -> Tensor<2> {
    Tensor::from_dispatch(<Dispatch as StemBackend>::patches(x.into_dispatch(), kernel, stride))
}

/// `min(max(x + bias, 0), 6)`; shapes as [`StemBackend::bias_relu6`].
#[cfg(not(target_arch = "wasm32"))]
pub fn bias_relu6(x: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    Tensor::from_dispatch(<Dispatch as StemBackend>::bias_relu6(
        x.into_dispatch(),
        bias.into_dispatch(),
    ))
}

/// Depthwise convolution and ReLU6; shapes as [`StemBackend::depthwise_relu6`].
pub fn depthwise_relu6(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, stride: usize) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as StemBackend>::depthwise_relu6(
        x.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
        stride,
    ))
}

#[cfg(feature = "train")]
pub(super) use gradients::StemGradients;

#[cfg(feature = "train")]
mod gradients {
    use burn::backend::{
        Autodiff,
        autodiff::{
            NodeId,
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind},
        },
    };

    use super::*;

    /// What the backward pass asks of a backend.
    pub trait StemGradients: StemBackend {
        /// The gradients before ReLU6 and of the bias, for the gradient of the output and the output, whose last axis is the
        /// bias's.
        fn relu6_gradient(
            gradient: FloatTensor<Self>,
            out: FloatTensor<Self>,
        ) -> (FloatTensor<Self>, FloatTensor<Self>);

        /// The gradients of input and weights of the depthwise convolution, for the gradient before ReLU6.
        fn depthwise_gradient(
            gradient: FloatTensor<Self>,
            x: FloatTensor<Self>,
            weight: FloatTensor<Self>,
            stride: usize,
        ) -> (FloatTensor<Self>, FloatTensor<Self>);
    }

    impl StemGradients for Flex {
        fn relu6_gradient(
            gradient: FloatTensor<Self>,
            out: FloatTensor<Self>,
        ) -> (FloatTensor<Self>, FloatTensor<Self>) {
            let shape = out.layout().shape().clone();
            let channels = shape[shape.num_dims() - 1];
            let (gradient, out) = (gradient.to_contiguous(), out.to_contiguous());
            let (gradient, bias) = kernels::relu6_gradient(slice(&gradient), slice(&out), channels);
            let gradient = FloatTensor::<Self>::from_data(TensorData::new(gradient, shape));
            (gradient, tensor(bias, [channels]))
        }

        fn depthwise_gradient(
            gradient: FloatTensor<Self>,
            x: FloatTensor<Self>,
            weight: FloatTensor<Self>,
            stride: usize,
        ) -> (FloatTensor<Self>, FloatTensor<Self>) {
            let shape = x.layout().shape().clone();
            let (channels, window) = (shape[3], window(&x, &weight, stride));
            let kernel = window.kernel;
            let (gradient, x, weight) = (gradient.to_contiguous(), x.to_contiguous(), weight.to_contiguous());
            let last = kernels::channels_last(slice(&weight), kernel);
            let input = kernels::input_gradient(slice(&gradient), &last, channels, &window);
            let weight = kernels::weight_gradient(slice(&x), slice(&gradient), channels, &window);
            (
                FloatTensor::<Self>::from_data(TensorData::new(input, shape)),
                tensor(
                    kernels::channels_first(&weight, channels),
                    [channels, 1, kernel, kernel],
                ),
            )
        }
    }

    #[derive(Debug)]
    struct BiasRelu6;

    impl<B: StemGradients> Backward<B, 2> for BiasRelu6 {
        type State = FloatTensor<B>;

        fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
            let [x, bias] = ops.parents;
            let gradient = grads.consume::<B>(&ops.node);
            let (gradient, of_bias) = B::relu6_gradient(gradient, ops.state);
            if let Some(node) = x {
                grads.register::<B>(node.id, gradient);
            }
            if let Some(node) = bias {
                grads.register::<B>(node.id, of_bias);
            }
        }
    }

    #[derive(Debug)]
    struct DepthwiseRelu6;

    impl<B: StemGradients> Backward<B, 3> for DepthwiseRelu6 {
        type State = (NodeId, NodeId, FloatTensor<B>, usize);

        fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
            let [x_node, weight_node, bias_node] = ops.parents;
            let gradient = grads.consume::<B>(&ops.node);
            let (x, weight, out, stride) = ops.state;
            let x = checkpointer.retrieve_node_output::<FloatTensor<B>>(x);
            let weight = checkpointer.retrieve_node_output::<FloatTensor<B>>(weight);
            let (gradient, of_bias) = B::relu6_gradient(gradient, out);
            let (of_x, of_weight) = B::depthwise_gradient(gradient, x, weight, stride);
            for (node, gradient) in [(x_node, of_x), (weight_node, of_weight), (bias_node, of_bias)] {
                if let Some(node) = node {
                    grads.register::<B>(node.id, gradient);
                }
            }
        }
    }

    impl<B: StemGradients, C: CheckpointStrategy> StemBackend for Autodiff<B, C> {
        fn patches(x: FloatTensor<Self>, kernel: usize, stride: usize) -> FloatTensor<Self> {
            FloatTensor::<Self>::new(B::patches(x.into_primitive(), kernel, stride))
        }

        fn bias_relu6(x: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
            let prepared = BiasRelu6
                .prepare::<C>([x.node(), bias.node()])
                .compute_bound()
                .stateful();
            let out = B::bias_relu6(x.into_primitive(), bias.into_primitive());
            match prepared {
                OpsKind::Tracked(prepared) => prepared.finish(out.clone(), out),
                OpsKind::UnTracked(prepared) => prepared.finish(out),
            }
        }

        fn depthwise_relu6(
            x: FloatTensor<Self>,
            weight: FloatTensor<Self>,
            bias: FloatTensor<Self>,
            stride: usize,
        ) -> FloatTensor<Self> {
            let prepared = DepthwiseRelu6
                .prepare::<C>([x.node(), weight.node(), bias.node()])
                .compute_bound()
                .stateful();
            let forward = |x, weight, bias| B::depthwise_relu6(x, weight, bias, stride);
            match prepared {
                OpsKind::Tracked(mut prepared) => {
                    let (x_state, weight_state) = (prepared.checkpoint(&x), prepared.checkpoint(&weight));
                    let out = forward(x.into_primitive(), weight.into_primitive(), bias.into_primitive());
                    prepared.finish((x_state, weight_state, out.clone(), stride), out)
                }
                OpsKind::UnTracked(prepared) => prepared.finish(forward(
                    x.into_primitive(),
                    weight.into_primitive(),
                    bias.into_primitive(),
                )),
            }
        }
    }
}

#[cfg(all(test, feature = "train"))]
mod tests {
    use burn::tensor::Device;
    use proptest::prelude::*;

    use super::*;
    use crate::{image::random::SplitMix64, ops, ops::reference};

    /// Numbers from -8 to 8, so that both ends of ReLU6 are met. None is a whole number, for on an end itself either side's
    /// gradient is right.
    fn random<const D: usize>(seed: u64, shape: [usize; D]) -> Tensor<D> {
        let mut random = SplitMix64::new(seed);
        let values: Vec<f32> = (0..shape.iter().product())
            .map(|_| random.up_to(16_000) as f32 / 1000.0 - 7.999_63)
            .collect();
        Tensor::from_data(TensorData::new(values, shape), &Device::flex().autodiff())
    }

    /// The output and the gradients of all inputs, for a loss that weighs every output differently.
    fn trace<const D: usize, const O: usize>(
        x: Tensor<D>,
        rest: Vec<Tensor<1>>,
        forward: impl Fn(Tensor<D>, &[Tensor<1>]) -> Tensor<O>,
    ) -> Vec<Vec<f32>> {
        let x = x.require_grad();
        let rest: Vec<_> = rest.into_iter().map(Tensor::require_grad).collect();
        let out = forward(x.clone(), &rest);
        let weights = random(99, out.dims());
        let gradients = (out.clone() * weights).sum().backward();
        let numbers = |data: TensorData| data.try_into_vec::<f32>().expect("f32");
        let mut found = vec![numbers(out.into_data())];
        found.extend(x.grad(&gradients).map(|gradient| numbers(gradient.into_data())));
        found.extend(
            rest.iter()
                .map(|t| numbers(t.grad(&gradients).expect("of a leaf").into_data())),
        );
        found
    }

    fn close(found: &[Vec<f32>], expected: &[Vec<f32>]) -> Result<(), TestCaseError> {
        prop_assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            prop_assert_eq!(found.len(), expected.len());
            let largest = expected.iter().fold(1.0_f32, |a, b| a.max(b.abs()));
            for (found, expected) in found.iter().zip(expected) {
                prop_assert!((found - expected).abs() <= 2e-5 * largest, "{found} {expected}");
            }
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn the_depthwise_convolution_and_its_gradients_are_those_of_plain_burn(
            n in 1usize..3, height in 1usize..12, width in 1usize..12, channels in 1usize..37,
            kernel in prop::sample::select(vec![3usize, 5]), stride in 1usize..3, seed: u64,
        ) {
            let x = random(seed, [n, height, width, channels]);
            let weight = random(seed ^ 1, [channels * kernel * kernel]) / 16.0;
            let bias = random(seed ^ 2, [channels]);
            let shape = [channels, 1, kernel, kernel];
            let run = |op: fn(Tensor<4>, Tensor<4>, Tensor<1>, usize) -> Tensor<4>| {
                trace(x.clone(), vec![weight.clone(), bias.clone()], |x, rest| {
                    op(x, rest[0].clone().reshape(shape), rest[1].clone(), stride)
                })
            };
            close(&run(ops::depthwise_relu6), &run(reference::depthwise_relu6))?;
        }

        #[test]
        fn bias_and_relu6_and_their_gradients_are_those_of_plain_burn(
            rows in 1usize..700, channels in 1usize..37, seed: u64,
        ) {
            let (x, bias) = (random(seed, [rows, channels]), random(seed ^ 1, [channels]));
            let run = |op: fn(Tensor<2>, Tensor<1>) -> Tensor<2>| {
                trace(x.clone(), vec![bias.clone()], |x, rest| op(x, rest[0].clone()))
            };
            close(&run(ops::device::bias_relu6), &run(reference::bias_relu6))?;
        }

        #[test]
        fn a_convolution_by_patches_is_that_of_plain_burn(
            n in 1usize..3, height in 1usize..14, width in 1usize..14, stride in 1usize..3, out in 1usize..9, seed: u64,
        ) {
            let x = random(seed, [n, 3, height, width]);
            // Sums of 27 products of two numbers up to 8 would nearly all lie beyond ReLU6's ends.
            let weight = random(seed ^ 1, [out * 27]) / 32.0;
            let bias = random(seed ^ 2, [out]);
            let run = |op: fn(Tensor<4>, Tensor<4>, Tensor<1>, usize) -> Tensor<4>| {
                let mut found = trace(x.clone(), vec![weight.clone(), bias.clone()], |x, rest| {
                    op(x, rest[0].clone().reshape([out, 3, 3, 3]), rest[1].clone(), stride)
                });
                // After the output comes the photo's gradient, which plain burn alone has.
                found.drain(1..found.len() - 2);
                found
            };
            close(&run(ops::convolution_relu6), &run(reference::convolution_relu6))?;
        }
    }
}
