//! EfficientNet-Lite as a stem: inverted residual blocks with ReLU6, tokens from several of its levels.
//!
//! Batch normalisation is folded into the convolutions before it when ImageNet weights are imported: what trains is then
//! exactly what ships, no statistics depend on the batch, and a step is the same at every batch size.

use burn::{
    module::{Module, Param},
    tensor::Tensor,
};

use super::plan::{Convolution, FIRST, LiteStem, Stage};
use crate::{
    Result,
    model::{LayerNorm, Linear, layers::parameter},
    ops::{self, Activation, Epilogue},
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

    /// `[n, height, width, input]` → `[n, height / stride, width / stride, output]`.
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let expanded = match &self.expand {
            Some(expand) => at_each_pixel(x.clone(), |rows| {
                expand.forward_rows_with(rows, Epilogue::activated(Activation::Relu6))
            }),
            None => x.clone(),
        };
        let depthwise = &self.depthwise;
        let y = ops::depthwise_relu6(expanded, depthwise.weight.val(), depthwise.bias.val(), depthwise.stride);
        let epilogue = match self.residual {
            true => Epilogue::onto(pixels(x)),
            false => Epilogue::default(),
        };
        at_each_pixel(y, |rows| self.project.forward_rows_with(rows, epilogue))
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

    /// The output of each level, `[crops, side, side, channels]`, for normalised crops `[crops, 3, image, image]`.
    pub fn pyramid(&self, crops: Tensor<4>) -> Vec<Tensor<4>> {
        let first = &self.first;
        let mut x = ops::convolution_relu6(crops, first.weight.val(), first.bias.val(), first.stride);
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
                true => Tensor::cat(vec![means(x.clone(), self.grid), self.spread(x)], 3),
                false => means(x, self.grid),
            };
            let [n, _, _, channels] = cells.dims();
            let cells = cells.reshape([n, self.grid * self.grid, channels]);
            level.linear.forward(level.ln.forward(cells))
        });
        Tensor::cat(tokens.collect(), 1)
    }

    /// The standard deviation in each cell; on a level of one pixel a cell, each pixel's distance from the level's mean.
    fn spread(&self, x: Tensor<4>) -> Tensor<4> {
        /// Keeps the root's gradient finite where a cell is flat.
        const FLAT: f64 = 1e-5;
        let [_, side, _, _] = x.dims();
        let variance = if side == self.grid {
            let distance = x.clone() - means(x, 1);
            distance.clone() * distance
        } else {
            let mean = means(x.clone(), self.grid);
            (means(x.clone() * x, self.grid) - mean.clone() * mean).clamp_min(0.0)
        };
        (variance + FLAT).sqrt()
    }
}

/// The mean of each cell of a grid, `[n, side, side, channels]` → `[n, grid, grid, channels]`.
fn means(x: Tensor<4>, grid: usize) -> Tensor<4> {
    let [n, side, _, channels] = x.dims();
    if side == grid {
        return x;
    }
    let cell = side / grid;
    let across: Tensor<4> = x
        .reshape([n * side * grid, cell, channels])
        .mean_dim(1)
        .reshape([n, side, grid, channels]);
    across
        .reshape([n * grid, cell, grid * channels])
        .mean_dim(1)
        .reshape([n, grid, grid, channels])
}

/// A map of the channels of each pixel: `[n, height, width, in]` → `[n, height, width, out]`. The pixels are rows of a product,
/// so weights in codes and the browser's kernels serve it like any other linear layer.
fn at_each_pixel(x: Tensor<4>, map: impl FnOnce(Tensor<2>) -> Tensor<2>) -> Tensor<4> {
    let [n, height, width, _] = x.dims();
    let y = map(pixels(x));
    let [_, output] = y.dims();
    y.reshape([n, height, width, output])
}

/// `[n, height, width, channels]` → `[n * height * width, channels]`.
fn pixels(x: Tensor<4>) -> Tensor<2> {
    let [n, height, width, channels] = x.dims();
    x.reshape([n * height * width, channels])
}
