//! EfficientNet-Lite as a stem: inverted residual blocks with ReLU6, tokens from several of its levels.
//!
//! Batch normalisation is folded into the convolutions before it when ImageNet weights are imported: what trains is then
//! exactly what ships, no statistics depend on the batch, and a step is the same at every batch size. A trainer may keep the
//! normalisation instead ([`BatchNorm`]) and fold it into the model that it writes.

use burn::{
    module::{Module, Param},
    tensor::Tensor,
};

#[cfg(feature = "train")]
use super::norm::BatchNorm;
use super::{
    Pooled, Tokens,
    plan::{Convolution, FIRST, LiteStem, Stage},
    statistics::{deviations, means, whole},
};
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
    /// While it learns, perhaps.
    #[cfg(feature = "train")]
    pub norm: Option<BatchNorm>,
}

impl SpatialConvolution {
    fn load(scope: &mut Scope<'_>, shape: [usize; 4], stride: usize) -> Result<Self> {
        Ok(Self {
            weight: parameter(scope.take("weight", shape)?),
            bias: parameter(scope.take("bias", [shape[0]])?),
            stride,
            #[cfg(feature = "train")]
            norm: BatchNorm::load(scope, shape[0])?,
        })
    }

    /// `[n, 3, height, width]` → `[n, height / stride, width / stride, out]`, between 0 and 6.
    fn over_photos(&self, photos: Tensor<4>) -> Tensor<4> {
        #[cfg(feature = "train")]
        if let Some(norm) = &self.norm {
            let x = ops::convolution(photos, self.weight.val(), self.stride);
            return norm.forward(x, self.bias.val(), true);
        }
        ops::convolution_relu6(photos, self.weight.val(), self.bias.val(), self.stride)
    }

    /// `[n, height, width, channels]` → `[n, height / stride, width / stride, channels]`, between 0 and 6.
    fn by_channel(&self, x: Tensor<4>) -> Tensor<4> {
        #[cfg(feature = "train")]
        if let Some(norm) = &self.norm {
            let x = ops::depthwise(x, self.weight.val(), self.stride);
            return norm.forward(x, self.bias.val(), true);
        }
        ops::depthwise_relu6(x, self.weight.val(), self.bias.val(), self.stride)
    }
}

/// A convolution over single pixels.
#[derive(Module, Debug)]
pub struct PixelConvolution {
    /// `[in] -> [out]`.
    pub linear: Linear,
    /// While it learns, perhaps.
    #[cfg(feature = "train")]
    pub norm: Option<BatchNorm>,
}

impl PixelConvolution {
    fn load(scope: &mut Scope<'_>, input: usize, output: usize) -> Result<Self> {
        Ok(Self {
            linear: Linear::load(scope, input, output)?,
            #[cfg(feature = "train")]
            norm: BatchNorm::load(scope, output)?,
        })
    }

    /// `[n, height, width, in]` → `[n, height, width, out]`, between 0 and 6.
    fn relu6(&self, x: Tensor<4>) -> Tensor<4> {
        #[cfg(feature = "train")]
        if let (Some(norm), Some(bias)) = (&self.norm, &self.linear.bias) {
            let x = at_each_pixel(x, |rows| self.linear.without_bias().forward_rows(rows));
            return norm.forward(x, bias.val(), true);
        }
        at_each_pixel(x, |rows| {
            self.linear
                .forward_rows_with(rows, Epilogue::activated(Activation::Relu6))
        })
    }

    /// `[n, height, width, in]` → `[n, height, width, out]`, added to `residual`.
    fn onto(&self, residual: Option<Tensor<4>>, x: Tensor<4>) -> Tensor<4> {
        #[cfg(feature = "train")]
        if let (Some(norm), Some(bias)) = (&self.norm, &self.linear.bias) {
            let x = at_each_pixel(x, |rows| self.linear.without_bias().forward_rows(rows));
            let y = norm.forward(x, bias.val(), false);
            return match residual {
                Some(residual) => residual + y,
                None => y,
            };
        }
        let epilogue = match residual {
            Some(residual) => Epilogue::onto(pixels(residual)),
            None => Epilogue::default(),
        };
        at_each_pixel(x, |rows| self.linear.forward_rows_with(rows, epilogue))
    }
}

/// `x + project(depthwise(expand(x)))`, ReLU6 after the first two; `x` only where the shapes agree.
#[derive(Module, Debug)]
pub struct InvertedResidual {
    /// `[input] -> [hidden]` at each pixel; absent where both are the same.
    pub expand: Option<PixelConvolution>,
    /// Over space, channel by channel.
    pub depthwise: SpatialConvolution,
    /// `[hidden] -> [output]` at each pixel.
    pub project: PixelConvolution,
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
                false => Some(PixelConvolution::load(&mut scope.scope("expand"), input, hidden)?),
            },
            depthwise: SpatialConvolution::load(&mut scope.scope("depthwise"), [hidden, 1, kernel, kernel], stride)?,
            project: PixelConvolution::load(&mut scope.scope("project"), hidden, output)?,
            residual: plan.residual(),
        })
    }

    /// `[n, height, width, input]` → `[n, height / stride, width / stride, output]`.
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let expanded = match &self.expand {
            Some(expand) => expand.relu6(x.clone()),
            None => x.clone(),
        };
        let y = self.depthwise.by_channel(expanded);
        self.project.onto(self.residual.then_some(x), y)
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
    /// What the class token knows, perhaps.
    pub pooled: Option<Pooled>,
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
            pooled: match plan.pooled {
                true => Some(Pooled::load(plan, width, &mut scope.scope("pooled"))?),
                false => None,
            },
        })
    }

    /// The output of each level, `[crops, side, side, channels]`, for normalised crops `[crops, 3, image, image]`.
    pub fn pyramid(&self, crops: Tensor<4>) -> Vec<Tensor<4>> {
        self.walk(crops).0
    }

    /// As [`Stem::statistics`](super::Stem::statistics).
    #[cfg(feature = "train")]
    pub fn statistics(&self, crops: Tensor<4>) -> Option<Tensor<2>> {
        self.walk(crops).1
    }

    /// The levels of [`pyramid`](Self::pyramid), and the statistics of the stages for the class token.
    fn walk(&self, crops: Tensor<4>) -> (Vec<Tensor<4>>, Option<Tensor<2>>) {
        let mut x = self.first.over_photos(crops);
        let mut levels = Vec::with_capacity(self.levels.len());
        let mut statistics = Vec::new();
        for (index, block) in self.blocks.iter().enumerate() {
            x = block.forward(x);
            if self
                .pooled
                .as_ref()
                .is_some_and(|pooled| pooled.stages.contains(&index))
            {
                statistics.push(whole(x.clone()));
            }
            if self.levels.iter().any(|level| level.block == index) {
                levels.push(x.clone());
            }
        }
        (levels, (!statistics.is_empty()).then(|| Tensor::cat(statistics, 1)))
    }

    /// Normalised crops `[crops, 3, image, image]` → `levels * grid * grid` tokens, level by level, row by row.
    pub fn forward(&self, crops: Tensor<4>) -> Tokens {
        let (pyramid, statistics) = self.walk(crops);
        let tokens = self.levels.iter().zip(pyramid).map(|(level, x)| {
            let cells = match self.deviations {
                true => Tensor::cat(vec![means(x.clone(), self.grid), deviations(x, self.grid)], 3),
                false => means(x, self.grid),
            };
            let [n, _, _, channels] = cells.dims();
            let cells = cells.reshape([n, self.grid * self.grid, channels]);
            level.linear.forward(level.ln.forward(cells))
        });
        let cells = Tensor::cat(tokens.collect(), 1);
        let pooled = self.pooled.as_ref().zip(statistics);
        let (class, pooled) = pooled.map(|(pooled, statistics)| pooled.forward(statistics)).unzip();
        Tokens { cells, class, pooled }
    }

    /// As [`Stem::moments`](super::Stem::moments).
    #[cfg(feature = "train")]
    pub fn moments(&self) -> Vec<(String, Tensor<2>)> {
        let mut norms = vec![("first".to_owned(), &self.first.norm)];
        for (index, block) in self.blocks.iter().enumerate() {
            let expand = block.expand.as_ref().map(|expand| ("expand", &expand.norm));
            let rest = [("depthwise", &block.depthwise.norm), ("project", &block.project.norm)];
            let of_block = expand.into_iter().chain(rest);
            norms.extend(of_block.map(|(name, norm)| (format!("blocks.{index}.{name}"), norm)));
        }
        let seen = |(name, norm): (String, &Option<BatchNorm>)| Some((name, norm.as_ref()?.seen()?));
        norms.into_iter().filter_map(seen).collect()
    }
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
