//! The layers of the EfficientNet-Lite family, as numbers: what the network is built from, what a file is checked against
//! and what a forward pass costs. Tan and Le, "EfficientNet" (2019); the Lite variants leave squeeze-and-excitation out and
//! take ReLU6 for swish (Apache-2.0, <https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite>).

use serde::{Deserialize, Serialize};

use crate::weights::Header;

/// Channels after the first convolution, in every variant.
pub const FIRST: usize = 32;

/// Seven stages: repeats, side of the kernel, stride of the first block, expansion, channels.
const STAGES: [(usize, usize, usize, usize, usize); 7] = [
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
];

/// A member of the family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Variant {
    /// 16 blocks.
    Lite0,
    /// 21 blocks.
    Lite1,
    /// 21 blocks, a tenth wider.
    Lite2,
}

/// A stage of a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// Index of its last block.
    pub last: usize,
    /// Channels that it gives.
    pub channels: usize,
    /// Pixels of the crop along each side of one of its cells.
    pub stride: usize,
}

/// One inverted residual block: expand (unless the expansion is 1), depthwise, project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Convolution {
    /// Channels in.
    pub input: usize,
    /// Channels between.
    pub hidden: usize,
    /// Channels out.
    pub output: usize,
    /// Side of the depthwise kernel.
    pub kernel: usize,
    /// Stride of the depthwise convolution.
    pub stride: usize,
}

impl Convolution {
    /// Whether the block's input is added to its output.
    pub fn residual(&self) -> bool {
        self.stride == 1 && self.input == self.output
    }
}

impl Variant {
    /// Every variant, the smallest first.
    pub const ALL: [Self; 3] = [Self::Lite0, Self::Lite1, Self::Lite2];

    /// Width and depth relative to Lite0, in tenths.
    fn scaling(self) -> (usize, usize) {
        match self {
            Self::Lite0 => (10, 10),
            Self::Lite1 => (10, 11),
            Self::Lite2 => (11, 12),
        }
    }

    /// Its blocks, first to last.
    pub fn blocks(self) -> Vec<Convolution> {
        let (width, depth) = self.scaling();
        let mut blocks = Vec::new();
        let mut input = FIRST;
        for (stage, &(repeats, kernel, stride, expansion, channels)) in STAGES.iter().enumerate() {
            // The Lite variants scale neither the depth of the first and the last stage nor the first convolution.
            let inner = stage > 0 && stage + 1 < STAGES.len();
            let repeats = if inner { (repeats * depth).div_ceil(10) } else { repeats };
            let output = round_to_eight(channels, width);
            for repeat in 0..repeats {
                blocks.push(Convolution {
                    input,
                    hidden: input * expansion,
                    output,
                    kernel,
                    stride: if repeat == 0 { stride } else { 1 },
                });
                input = output;
            }
        }
        blocks
    }

    /// Its seven stages, that is, the places where tokens can be taken.
    pub fn stages(self) -> Vec<Stage> {
        let blocks = self.blocks();
        let mut stride = 2;
        let mut stages: Vec<Stage> = Vec::new();
        for (index, block) in blocks.iter().enumerate() {
            stride *= block.stride;
            if blocks.get(index + 1).is_none_or(|next| next.output != block.output) {
                stages.push(Stage {
                    last: index,
                    channels: block.output,
                    stride,
                });
            }
        }
        stages
    }
}

/// Channels times `tenths` / 10, to the nearest multiple of eight, at most a tenth less than exact.
fn round_to_eight(channels: usize, tenths: usize) -> usize {
    let scaled = channels * tenths;
    let rounded = ((scaled + 40) / 80 * 8).max(8);
    if rounded * 100 < scaled * 9 {
        rounded + 8
    } else {
        rounded
    }
}

/// The stem of a Gamma-Lite model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiteStem {
    /// The network.
    pub variant: Variant,
    /// Stages (0 to 6) whose output becomes tokens, ascending. The network ends after the last of them.
    pub levels: Vec<usize>,
    /// Whether a token knows the standard deviations of its cell's channels beside their means.
    #[serde(default)]
    pub deviations: bool,
    /// Whether the class token knows the statistics of each whole stage ([`Pooled`](super::Pooled)).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pooled: bool,
}

impl LiteStem {
    /// The stages that give tokens; those that the variant does not have are left out.
    pub fn taps(&self) -> Vec<Stage> {
        let stages = self.variant.stages();
        self.levels
            .iter()
            .filter_map(|&level| stages.get(level).copied())
            .collect()
    }

    /// Numbers that a token is made of, for each channel of its cell.
    pub fn statistics(&self) -> usize {
        if self.deviations { 2 } else { 1 }
    }

    /// The stages whose statistics the class token knows: all up to the last that gives tokens, or none.
    pub fn pooled_stages(&self) -> Vec<Stage> {
        let last = self.taps().last().filter(|_| self.pooled).map(|stage| stage.last);
        let mut stages = self.variant.stages();
        stages.retain(|stage| last.is_some_and(|last| stage.last <= last));
        stages
    }

    /// Numbers that the class token knows of them: of each channel the mean and the standard deviation.
    pub fn pooled_statistics(&self) -> usize {
        2 * self.pooled_stages().iter().map(|stage| stage.channels).sum::<usize>()
    }

    /// The blocks up to the last stage that gives tokens.
    pub fn blocks(&self) -> Vec<Convolution> {
        let mut blocks = self.variant.blocks();
        blocks.truncate(self.taps().last().map_or(0, |stage| stage.last + 1));
        blocks
    }

    /// The stem of a file, read off its shapes; `None` if it has none of this family.
    pub(crate) fn from_header(header: &Header) -> Option<Self> {
        let stem = "clip_model.visual.stem";
        let project = |block: usize| header.shape(&format!("{stem}.blocks.{block}.project.weight"));
        project(0)?;
        let present = (0..64).take_while(|&block| project(block).is_some()).count();
        let variant = Variant::ALL.into_iter().find(|variant| {
            let blocks = variant.blocks();
            // Lite0 and Lite1 agree in their first three blocks; the number of blocks up to a level tells them apart.
            present <= blocks.len()
                && variant.stages().iter().any(|stage| stage.last + 1 == present)
                && (0..present)
                    .all(|at| project(at) == blocks.get(at).map(|b| [b.output, b.hidden]).as_ref().map(|s| &s[..]))
        })?;
        let stages = variant.stages();
        let inputs: Vec<usize> = (0..stages.len())
            .map_while(|level| header.shape(&format!("{stem}.levels.{level}.linear.weight")))
            .filter_map(|shape| shape.get(1).copied())
            .collect();
        // The network ends with its last level, so that level's channels are known; twice as many are means and deviations.
        let last = stages.iter().find(|stage| stage.last + 1 == present)?.channels;
        let deviations = inputs.last() == Some(&(2 * last));
        let statistics = if deviations { 2 } else { 1 };
        let levels = inputs
            .iter()
            .filter_map(|&input| stages.iter().position(|stage| stage.channels * statistics == input))
            .collect();
        Some(Self {
            variant,
            levels,
            deviations,
            pooled: header.shape(&format!("{stem}.pooled.linear.weight")).is_some(),
        })
    }

    /// Why no model has this stem, if none has. `image` and `grid` are the sides of a crop in pixels and in tokens.
    pub(crate) fn problem(&self, image: usize, grid: usize) -> Option<String> {
        if self.levels.is_empty() || !self.levels.is_sorted_by(|a, b| a < b) || self.taps().len() != self.levels.len() {
            return Some(format!(
                "stages {:?} of the stem give tokens; 0 to 6 in ascending order are possible",
                self.levels
            ));
        }
        self.taps().into_iter().find_map(|stage| {
            let side = image / stage.stride;
            (!image.is_multiple_of(stage.stride) || !side.is_multiple_of(grid)).then(|| {
                format!(
                    "the stem's stage of {} channels gives {side} x {side} cells, not a multiple of {grid} x {grid} tokens",
                    stage.channels
                )
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variants_have_the_published_blocks_and_channels() {
        let channels =
            |variant: Variant| -> Vec<usize> { variant.stages().iter().map(|stage| stage.channels).collect() };
        assert_eq!(Variant::Lite0.blocks().len(), 16);
        assert_eq!(channels(Variant::Lite0), [16, 24, 40, 80, 112, 192, 320]);
        assert_eq!(Variant::Lite1.blocks().len(), 21);
        assert_eq!(channels(Variant::Lite1), channels(Variant::Lite0));
        assert_eq!(Variant::Lite2.blocks().len(), 21);
        assert_eq!(channels(Variant::Lite2), [16, 24, 48, 88, 120, 208, 352]);
        let strides: Vec<usize> = Variant::Lite0.stages().iter().map(|stage| stage.stride).collect();
        assert_eq!(strides, [2, 4, 8, 16, 16, 32, 32]);
    }
}
