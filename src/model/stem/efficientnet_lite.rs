//! EfficientNet-Lite as a stem: inverted residual blocks with ReLU6, tokens from several of its levels.
//!
//! Batch normalisation is folded into the convolutions before it when ImageNet weights are imported: what trains is then
//! exactly what ships, no statistics depend on the batch, and a step is the same at every batch size.

use burn::{
    module::{Module, Param},
    tensor::{
        Tensor,
        module::{adaptive_avg_pool2d, conv2d},
        ops::ConvOptions,
    },
};

use super::plan::{Convolution, FIRST, LiteStem, Stage};
use crate::{
    Result,
    model::{LayerNorm, Linear, layers::parameter},
    weights::Scope,
};

/// A convolution over space: the first one, or a depthwise one.
#[derive(Module, Debug)]
pub struct SpatialConvolution {
    /// `[out, in / groups, kernel, kernel]`.
    pub weight: Param<Tensor<4>>,
    /// `[out]`.
    pub bias: Param<Tensor<1>>,
    /// Pixels from one output to the next.
    pub stride: usize,
}

impl SpatialConvolution {
    fn load(scope: &mut Scope<'_>, shape: [usize; 4], stride: usize) -> Result<Self> {
        Ok(Self {
            weight: parameter(scope.take("weight", shape)?),
            bias: parameter(scope.take("bias", [shape[0]])?),
            stride,
        })
    }

    /// `[n, in, height, width]` → `[n, out, height / stride, width / stride]`, rounded up.
    ///
    /// The padding is TensorFlow's `SAME`: as much as the output needs, the odd pixel below and to the right.
    fn forward(&self, x: Tensor<4>, groups: usize) -> Tensor<4> {
        let [_, _, height, width] = x.dims();
        let weight = self.weight.val();
        let [_, _, kernel, _] = weight.dims();
        let padding = |side: usize| {
            let reach = (side.div_ceil(self.stride) - 1) * self.stride + kernel;
            let total = reach.saturating_sub(side);
            (total / 2, total - total / 2)
        };
        let mut options = ConvOptions::new([self.stride; 2], [0, 0], [1, 1], groups);
        options.padding = [padding(height), padding(width)];
        conv2d(x, weight, Some(self.bias.val()), options)
    }
}

/// `x + project(depthwise(expand(x)))`, ReLU6 after the first two; `x` only where the shapes agree.
#[derive(Module, Debug)]
pub struct InvertedResidual {
    /// `[input] -> [hidden]` at each pixel; absent where both are the same.
    pub expand: Option<Linear>,
    /// Over space, channel by channel.
    pub depthwise: SpatialConvolution,
    /// `[hidden] -> [output]` at each pixel.
    pub project: Linear,
    /// Whether the input is added.
    pub residual: bool,
}

impl InvertedResidual {
    fn load(plan: &Convolution, scope: &mut Scope<'_>) -> Result<Self> {
        let Convolution {
            input,
            hidden,
            output,
            kernel,
            stride,
        } = *plan;
        Ok(Self {
            expand: match hidden == input {
                true => None,
                false => Some(Linear::load(&mut scope.scope("expand"), input, hidden)?),
            },
            depthwise: SpatialConvolution::load(&mut scope.scope("depthwise"), [hidden, 1, kernel, kernel], stride)?,
            project: Linear::load(&mut scope.scope("project"), hidden, output)?,
            residual: plan.residual(),
        })
    }

    /// `[n, input, height, width]` → `[n, output, height / stride, width / stride]`.
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let expanded = match &self.expand {
            Some(expand) => relu6(at_each_pixel(expand, x.clone())),
            None => x.clone(),
        };
        let [_, channels, _, _] = expanded.dims();
        let y = at_each_pixel(&self.project, relu6(self.depthwise.forward(expanded, channels)));
        if self.residual { x + y } else { y }
    }
}

/// Where a level of the network becomes tokens.
#[derive(Module, Debug)]
pub struct Level {
    /// Index of the block after which it is taken.
    pub block: usize,
    /// Over the channels of each cell.
    pub ln: LayerNorm,
    /// `[channels] -> [width]`.
    pub linear: Linear,
}

/// The stem of Gamma-Lite.
#[derive(Module, Debug)]
pub struct EfficientNetLite {
    /// 3 to 32 channels, stride 2.
    pub first: SpatialConvolution,
    /// All blocks up to the last level.
    pub blocks: Vec<InvertedResidual>,
    /// The levels that give tokens.
    pub levels: Vec<Level>,
    /// Tokens along a side of each level.
    pub grid: usize,
    /// Whether tokens know deviations beside means.
    pub deviations: bool,
}

impl EfficientNetLite {
    pub(super) fn load(plan: &LiteStem, grid: usize, width: usize, scope: &mut Scope<'_>) -> Result<Self> {
        let level = |(index, stage): (usize, Stage), scope: &mut Scope<'_>| -> Result<Level> {
            let mut scope = scope.scope(format_args!("levels.{index}"));
            Ok(Level {
                block: stage.last,
                ln: LayerNorm::load(&mut scope.scope("ln"), stage.channels * plan.statistics())?,
                linear: Linear::load(&mut scope.scope("linear"), stage.channels * plan.statistics(), width)?,
            })
        };
        Ok(Self {
            first: SpatialConvolution::load(&mut scope.scope("first"), [FIRST, 3, 3, 3], 2)?,
            blocks: plan
                .blocks()
                .iter()
                .enumerate()
                .map(|(index, block)| InvertedResidual::load(block, &mut scope.scope(format_args!("blocks.{index}"))))
                .collect::<Result<_>>()?,
            levels: plan
                .taps()
                .into_iter()
                .enumerate()
                .map(|stage| level(stage, scope))
                .collect::<Result<_>>()?,
            grid,
            deviations: plan.deviations,
        })
    }

    /// The output of each level, `[crops, channels, side, side]`, for normalised crops `[crops, 3, image, image]`.
    pub fn pyramid(&self, crops: Tensor<4>) -> Vec<Tensor<4>> {
        let mut x = relu6(self.first.forward(crops, 1));
        let mut levels = Vec::with_capacity(self.levels.len());
        for (index, block) in self.blocks.iter().enumerate() {
            x = block.forward(x);
            if self.levels.iter().any(|level| level.block == index) {
                levels.push(x.clone());
            }
        }
        levels
    }

    /// Normalised crops `[crops, 3, image, image]` → `[crops, levels * grid * grid, width]`, level by level, row by row.
    pub fn forward(&self, crops: Tensor<4>) -> Tensor<3> {
        let pyramid = self.pyramid(crops);
        let tokens = self.levels.iter().zip(pyramid).map(|(level, x)| {
            let cells = match self.deviations {
                true => Tensor::cat(vec![self.means(x.clone()), self.spread(x)], 1),
                false => self.means(x),
            };
            let [n, channels, _, _] = cells.dims();
            let cells = cells.reshape([n, channels, self.grid * self.grid]).swap_dims(1, 2);
            level.linear.forward(level.ln.forward(cells))
        });
        Tensor::cat(tokens.collect(), 1)
    }

    /// The mean of each cell of the grid, `[n, channels, side, side]` → `[n, channels, grid, grid]`.
    fn means(&self, x: Tensor<4>) -> Tensor<4> {
        adaptive_avg_pool2d(x, [self.grid; 2])
    }

    /// The standard deviation in each cell; on a level of one pixel a cell, each pixel's distance from the level's mean.
    fn spread(&self, x: Tensor<4>) -> Tensor<4> {
        /// Keeps the root's gradient finite where a cell is flat.
        const FLAT: f64 = 1e-5;
        let [_, _, side, _] = x.dims();
        let variance = if side == self.grid {
            let distance = x.clone() - adaptive_avg_pool2d(x, [1, 1]);
            distance.clone() * distance
        } else {
            let means = self.means(x.clone());
            (self.means(x.clone() * x) - means.clone() * means).clamp_min(0.0)
        };
        (variance + FLAT).sqrt()
    }
}

/// A linear layer over the channels of each pixel: `[n, in, height, width]` → `[n, out, height, width]`. The pixels are
/// rows of a product, so weights in codes and the browser's kernels serve it like any other linear layer.
fn at_each_pixel(linear: &Linear, x: Tensor<4>) -> Tensor<4> {
    let [n, input, height, width] = x.dims();
    let rows = x.permute([0, 2, 3, 1]).reshape([n * height * width, input]);
    let y = linear.forward_rows(rows);
    let [_, output] = y.dims();
    y.reshape([n, height, width, output]).permute([0, 3, 1, 2])
}

fn relu6(x: Tensor<4>) -> Tensor<4> {
    x.clamp(0.0, 6.0)
}
