//! Dimensions of a Gamma model: presets, and what a checkpoint's shapes say.

use serde::{Deserialize, Serialize};

use super::stem::{LiteStem, Variant};
use crate::{
    Error, Result,
    image::{self, Normalization},
    weights::Header,
};

/// Width of one attention head, in both towers.
const HEAD_WIDTH: usize = 64;

/// The most blocks of a tower.
const MAX_LAYERS: usize = 256;
/// The most adaptive experts of a mixture.
const MAX_EXPERTS: usize = 64;

/// Dimensions of one transformer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TowerConfig {
    /// Width of the residual stream; a multiple of 64.
    pub width: usize,
    /// Number of blocks.
    pub layers: usize,
    /// The first block whose MLP is a mixture of assessment experts; `layers` if none is.
    pub moae_from: usize,
    /// Tokens that the positional table has room for.
    pub context_length: usize,
    /// Hidden width of every MLP in units of `width`; 4 in CLIP.
    #[serde(default = "clip_ratio", skip_serializing_if = "is_clip_ratio")]
    pub ratio: usize,
}

/// CLIP's hidden width of an MLP in units of the width.
const CLIP_RATIO: usize = 4;

fn clip_ratio() -> usize {
    CLIP_RATIO
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_clip_ratio(ratio: &usize) -> bool {
    *ratio == CLIP_RATIO
}

impl TowerConfig {
    /// Attention heads: one for each 64 of width.
    pub fn heads(&self) -> usize {
        self.width / HEAD_WIDTH
    }
}

/// Dimensions of the text tower.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextConfig {
    /// Its transformer.
    #[serde(flatten)]
    pub tower: TowerConfig,
    /// Token ids that the embedding knows.
    pub vocabulary: usize,
}

/// Dimensions of a Gamma model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// Side of a crop in pixels.
    pub image: usize,
    /// Side in pixels of what one token stands for; divides `image`. CLIP's patch, or a cell of the stem's grid.
    pub patch: usize,
    /// The convolutional stem of a Gamma-Lite model; without one, the stem is CLIP's linear map of patches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stem: Option<LiteStem>,
    /// The vision tower.
    pub vision: TowerConfig,
    /// The text tower, if the checkpoint has one.
    pub text: Option<TextConfig>,
    /// Width of the space that both towers meet in.
    pub embed_dim: usize,
    /// Hidden width of the adapter.
    pub adapter: usize,
    /// Adaptive experts of each mixture, the shared one not counted.
    pub experts: usize,
}

impl Config {
    /// Pooled statistics of the stem that level features may be compared with; 0 if it has none.
    pub fn statistics(&self) -> usize {
        self.stem.as_ref().map_or(0, LiteStem::pooled_statistics)
    }

    /// The published size: CLIP ViT-B/16 with experts in blocks 6 to 11 of both towers.
    pub fn b16() -> Self {
        Self::preset(16, 768, 512, 512, 49408)
    }

    /// The small model of `tests/golden/tiny`: true vocabulary, true depth.
    pub fn tiny() -> Self {
        Self::preset(16, 128, 64, 64, 49408)
    }

    /// The smaller model of `tests/golden/micro`.
    pub fn micro() -> Self {
        Self::preset(32, 64, 64, 32, 512)
    }

    fn preset(patch: usize, vision: usize, text: usize, embed_dim: usize, vocabulary: usize) -> Self {
        let image = 224;
        let tower = |width, context_length| TowerConfig {
            width,
            layers: 12,
            moae_from: 6,
            context_length,
            ratio: CLIP_RATIO,
        };
        Self {
            image,
            patch,
            stem: None,
            vision: tower(vision, (image / patch).pow(2) + 1),
            text: Some(TextConfig {
                tower: tower(text, 77),
                vocabulary,
            }),
            embed_dim,
            adapter: embed_dim / 2,
            experts: 3,
        }
    }

    /// Gamma-Lite: three levels of EfficientNet-Lite0 on a grid of 7 x 7, two blocks with experts, no text tower.
    pub fn lite() -> Self {
        let (image, patch, levels) = (224_usize, 32, vec![2, 4, 6]);
        let tokens = levels.len() * (image / patch).pow(2) + 1;
        Self {
            image,
            patch,
            stem: Some(LiteStem {
                variant: Variant::Lite0,
                levels,
                deviations: true,
                pooled: false,
            }),
            vision: TowerConfig {
                width: 192,
                layers: 2,
                moae_from: 0,
                context_length: tokens,
                ratio: 2,
            },
            text: None,
            embed_dim: 128,
            adapter: 64,
            experts: 3,
        }
    }

    /// Tokens along a side of a crop, on each level of the stem.
    pub fn grid(&self) -> usize {
        self.image.checked_div(self.patch).unwrap_or(0)
    }

    /// Tokens of a crop, the class token included.
    pub fn vision_tokens(&self) -> Option<usize> {
        let levels = self.stem.as_ref().map_or(1, |stem| stem.levels.len());
        self.grid().checked_pow(2)?.checked_mul(levels)?.checked_add(1)
    }

    /// How pixels become the network's input: as the weights of the stem were pretrained.
    pub fn normalization(&self) -> Normalization {
        match self.stem {
            None => Normalization::CLIP,
            Some(_) => Normalization::IMAGENET,
        }
    }

    /// Reads the dimensions off the shapes of a checkpoint.
    ///
    /// # Errors
    /// [`Error::TensorMissing`] for a tensor that every Gamma model has, [`Error::Config`] if the shapes describe no
    /// model.
    pub fn from_header(header: &Header) -> Result<Self> {
        let [vision_tokens, width] = shape(header, "clip_model.visual.positional_embedding")?;
        let [_, embed_dim] = shape(header, "clip_model.visual.proj")?;
        let [adapter, _] = shape(header, "adapter.fc.0.weight")?;
        let stem = LiteStem::from_header(header);
        let (image, patch) = match &stem {
            // Its grid can only be had from the number of tokens, and a crop's side is the same for all of this build.
            Some(stem) => {
                let side = (vision_tokens.saturating_sub(1) / stem.levels.len().max(1)).isqrt();
                let image = image::CROP as usize;
                (image, image.checked_div(side).unwrap_or(0))
            }
            None => {
                let [_, _, patch, _] = shape(header, "clip_model.visual.conv1.weight")?;
                let side = vision_tokens.saturating_sub(1).isqrt();
                (side.saturating_mul(patch), patch)
            }
        };
        let vision = tower(header, "clip_model.visual.transformer", width, vision_tokens)?;
        let text = if header.shape("clip_model.token_embedding.weight").is_some() {
            let [vocabulary, width] = shape(header, "clip_model.token_embedding.weight")?;
            let [context_length, _] = shape(header, "clip_model.positional_embedding")?;
            Some(TextConfig {
                tower: tower(header, "clip_model.transformer", width, context_length)?,
                vocabulary,
            })
        } else {
            None
        };
        let gating = format!(
            "clip_model.visual.transformer.resblocks.{}.mlp.gating.layer1.weight",
            vision.moae_from
        );
        let experts = if vision.moae_from < vision.layers {
            shape::<2>(header, &gating)?[0]
        } else {
            0
        };
        let config = Self {
            image,
            patch,
            stem,
            vision,
            text,
            embed_dim,
            adapter,
            experts,
        };
        config.check()?;
        Ok(config)
    }

    /// Refuses dimensions that no model of this build has.
    ///
    /// # Errors
    /// [`Error::Config`].
    pub fn check(&self) -> Result<()> {
        let vision_tokens = self.vision.context_length;
        let refuse = |reason: String| Err(Error::Config(reason));
        if self.grid() == 0 || self.vision_tokens() != Some(vision_tokens) {
            return refuse(format!(
                "{vision_tokens} vision tokens of patch {} are no square of patches (on each level of the stem) and a class token",
                self.patch
            ));
        }
        if self.image != image::CROP as usize {
            return refuse(format!(
                "it takes crops of {} pixels, this build makes crops of {}",
                self.image,
                image::CROP
            ));
        }
        if let Some(problem) = self
            .stem
            .as_ref()
            .and_then(|stem| stem.problem(self.image, self.grid()))
        {
            return refuse(problem);
        }
        // Wider, deeper or larger than this is no CLIP tower; sums and products below stay far from overflow.
        let sizes = [
            self.image,
            self.patch,
            self.embed_dim,
            self.adapter,
            self.experts.max(1),
        ];
        if self.experts > MAX_EXPERTS {
            return refuse(format!("{} experts; at most {MAX_EXPERTS} are possible", self.experts));
        }
        let towers = [Some(&self.vision), self.text.as_ref().map(|text| &text.tower)];
        if sizes.iter().any(|&size| size == 0 || size > 16_384) {
            return refuse(format!("a dimension of {sizes:?} is 0 or above 16384"));
        }
        if let Some(text) = &self.text
            && !(1..=1 << 20).contains(&text.vocabulary)
        {
            return refuse(format!("a vocabulary of {}; 1 to 2^20 are possible", text.vocabulary));
        }
        for tower in towers.into_iter().flatten() {
            if !(1..=16_384).contains(&tower.context_length) {
                return refuse(format!("{} tokens; 1 to 16384 are possible", tower.context_length));
            }
            if tower.width == 0 || tower.width % HEAD_WIDTH != 0 || tower.width > 16_384 {
                return refuse(format!(
                    "a tower of width {}; it must be a multiple of {HEAD_WIDTH}, at most 16384",
                    tower.width
                ));
            }
            if !(1..=16).contains(&tower.ratio) {
                return refuse(format!(
                    "MLPs {} times as wide as their tower; 1 to 16 are possible",
                    tower.ratio
                ));
            }
            if !(1..=MAX_LAYERS).contains(&tower.layers) || tower.moae_from > tower.layers {
                return refuse(format!(
                    "a tower of {} blocks with experts from block {} on; 1 to {MAX_LAYERS} are possible",
                    tower.layers, tower.moae_from
                ));
            }
        }
        Ok(())
    }
}

fn tower(header: &Header, prefix: &str, width: usize, context_length: usize) -> Result<TowerConfig> {
    let has = |block: usize, name: &str| header.shape(&format!("{prefix}.resblocks.{block}.{name}")).is_some();
    let layers = (0..=MAX_LAYERS).take_while(|&block| has(block, "ln_1.weight")).count();
    let moae_from = (0..layers)
        .find(|&block| has(block, "mlp.gating.layer1.weight"))
        .unwrap_or(layers);
    let mlp = if moae_from == 0 { "mlp.useful_experts" } else { "mlp" };
    // A tower without blocks is refused as such, not for what its first block lacks.
    let ratio = match layers {
        0 => CLIP_RATIO,
        _ => {
            let [hidden, _] = shape(header, &format!("{prefix}.resblocks.0.{mlp}.c_fc.weight"))?;
            hidden.checked_div(width).unwrap_or(0)
        }
    };
    Ok(TowerConfig {
        width,
        layers,
        moae_from,
        context_length,
        ratio,
    })
}

fn shape<const D: usize>(header: &Header, name: &str) -> Result<[usize; D]> {
    let found = header
        .shape(name)
        .ok_or_else(|| Error::TensorMissing(name.to_owned()))?;
    found
        .try_into()
        .map_err(|_| Error::Config(format!("tensor `{name}` has shape {found:?}, {D} dimensions expected")))
}
