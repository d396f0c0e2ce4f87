//! Dimensions of a Gamma model: presets, and what a checkpoint's shapes say.

use serde::{Deserialize, Serialize};

use crate::{Error, Result, image, weights::Header};

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
    /// Side of a patch in pixels; divides `image`.
    pub patch: usize,
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
        };
        Self {
            image,
            patch,
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

    /// Reads the dimensions off the shapes of a checkpoint.
    ///
    /// # Errors
    /// [`Error::TensorMissing`] for a tensor that every Gamma model has, [`Error::Config`] if the shapes describe no
    /// model.
    pub fn from_header(header: &Header) -> Result<Self> {
        let [width, _, patch, _] = shape(header, "clip_model.visual.conv1.weight")?;
        let [vision_tokens, _] = shape(header, "clip_model.visual.positional_embedding")?;
        let [_, embed_dim] = shape(header, "clip_model.visual.proj")?;
        let [adapter, _] = shape(header, "adapter.fc.0.weight")?;
        let side = vision_tokens.saturating_sub(1).isqrt();
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
            image: side.saturating_mul(patch),
            patch,
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
        let side = self.image.checked_div(self.patch).unwrap_or(0);
        if side == 0 || side.checked_mul(side) != vision_tokens.checked_sub(1) {
            return refuse(format!(
                "{vision_tokens} vision tokens of patch {} are no square of patches and a class token",
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
    Ok(TowerConfig {
        width,
        layers,
        moae_from,
        context_length,
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
