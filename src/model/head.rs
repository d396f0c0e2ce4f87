//! From features to the five levels and the score.

use burn::{
    module::{Module, Param},
    tensor::{Tensor, activation},
};

use super::{Config, Features, Linear, layers::parameter};
use crate::{
    Result,
    ops::{self, Epilogue},
    prompt::LEVELS,
    weights::Scope,
};

/// The adapter of image features: `relu(fc2(relu(fc0(f))))`, no biases, a ReLU also after the second.
#[derive(Module, Debug)]
pub struct Adapter {
    /// `fc.0`: `[embed_dim] -> [adapter]`.
    pub fc0: Linear,
    /// `fc.2`: `[adapter] -> [embed_dim]`.
    pub fc2: Linear,
}

impl Adapter {
    /// `[crops, embed_dim]` → `[crops, embed_dim]`.
    pub fn forward(&self, features: Tensor<2>) -> Tensor<2> {
        activation::relu(self.fc2.forward_rows(activation::relu(self.fc0.forward_rows(features))))
    }
}

/// What the levels of the scenes that are asked about look like.
///
/// A scene has one set of five level features, or one for each domain of photos that it was learned from: people who judge photos
/// of phones and people who judge pictures of a photographer give other scores to the same fault.
///
/// Most scenes are compared with the features of the vision tower. A scene whose level features are as wide as the pooled statistics of the stem
/// is compared with those: they know of faults that the features no longer tell. One whose level features are as wide as both is compared with
/// both.
#[derive(Debug, Clone)]
pub struct LevelFeatures {
    /// Scene by scene, domain by domain, level by level, `[rows, embed_dim]`, of L2 norm 1, of scenes that are compared with image features, if any.
    image: Option<Tensor<2>>,
    /// The same, `[rows, statistics]`, of scenes that are compared with pooled statistics; of norm 1 where they are compared with these alone.
    pooled: Option<Tensor<2>>,
    scenes: Vec<Asked>,
}

/// A scene that is asked about.
#[derive(Debug, Clone, Copy)]
struct Asked {
    domains: usize,
    /// Whether it is compared with image features, and whether with pooled statistics.
    compared_with: [bool; 2],
}

/// The L2 norm of pooled statistics where level features are compared with them. There are so many that what one fault changes turns the whole little:
/// of length 1 no answer could be sure.
pub const POOLED_LENGTH: f64 = 8.0;

/// The most domains of a scene.
const MAX_DOMAINS: usize = 64;

impl LevelFeatures {
    /// Domains of each scene.
    pub fn domains(&self) -> impl Iterator<Item = usize> {
        self.scenes.iter().map(|scene| scene.domains)
    }

    /// Logits `[rows]` of one crop, scene by scene, domain by domain, level by level.
    pub fn of_scenes<'a>(&'a self, logits: &'a [f32]) -> impl Iterator<Item = &'a [f32]> {
        let mut rest = logits;
        self.domains().map(move |domains| {
            let (of_scene, others) = rest.split_at((domains * LEVELS.len()).min(rest.len()));
            rest = others;
            of_scene
        })
    }

    /// The shape that the features of a scene have to have, `[5 * domains, width]`, where `found` is the shape of its tensor. The width is
    /// `embed_dim`, `statistics` or their sum.
    pub fn shape(found: &[usize], config: &Config) -> [usize; 2] {
        let rows = found.first().copied().unwrap_or_default();
        let statistics = config.statistics();
        let width = match found.get(1) {
            Some(&width) if statistics > 0 && (width == statistics || width == config.embed_dim + statistics) => width,
            _ => config.embed_dim,
        };
        [rows.div_ceil(LEVELS.len()).clamp(1, MAX_DOMAINS) * LEVELS.len(), width]
    }

    /// Of the scenes of a model of image features of width `embed_dim`: rows of L2 norm 1, `[5 * domains, embed_dim]` or `[5 * domains, statistics]`;
    /// or `[5 * domains, embed_dim + statistics]`, the image features' part of norm 1.
    pub fn new(scenes: Vec<Tensor<2>>, embed_dim: usize, statistics: usize) -> Self {
        let (mut image, mut pooled, mut asked) = (Vec::new(), Vec::new(), Vec::new());
        for features in scenes {
            let [rows, width] = features.dims();
            let both = statistics > 0 && width == embed_dim + statistics;
            let compared_with = [both || width == embed_dim, both || width != embed_dim];
            let [of_image, of_pooled] = compared_with;
            let from = if both { embed_dim } else { 0 };
            image.extend(of_image.then(|| features.clone().narrow(1, 0, embed_dim)));
            pooled.extend(of_pooled.then(|| features.narrow(1, from, width - from)));
            asked.push(Asked {
                domains: rows / LEVELS.len(),
                compared_with,
            });
        }
        let rows = |scenes: Vec<Tensor<2>>| (!scenes.is_empty()).then(|| Tensor::cat(scenes, 0));
        Self {
            image: rows(image),
            pooled: rows(pooled),
            scenes: asked,
        }
    }
}

/// Compares image features with the text features of the five levels.
#[derive(Module, Debug)]
pub struct Head {
    /// Added to the image features; text features do not pass it.
    pub adapter: Adapter,
    /// Logarithm of the factor on the cosines, `[1]`.
    pub logit_scale: Param<Tensor<1>>,
    /// What each level is worth, bad to perfect, `[5]`; learned, 0.2 to 1.0 at the start.
    pub score_level: Param<Tensor<1>>,
}

impl Head {
    pub(super) fn load(config: &Config, scope: &mut Scope<'_>) -> Result<Self> {
        let Config { embed_dim, adapter, .. } = *config;
        Ok(Self {
            adapter: Adapter {
                fc0: Linear::load_without_bias(&mut scope.scope("adapter.fc.0"), embed_dim, adapter)?,
                fc2: Linear::load_without_bias(&mut scope.scope("adapter.fc.2"), adapter, embed_dim)?,
            },
            logit_scale: parameter(scope.take("clip_model.logit_scale", [1])?),
            score_level: parameter(scope.take("score_level", [LEVELS.len()])?),
        })
    }

    /// Image features as the levels see them: `f + adapter(f)`, of L2 norm 1. `[crops, embed_dim]` → the same.
    pub fn adapt(&self, features: Tensor<2>) -> Tensor<2> {
        normalize(features.clone() + self.adapter.forward(features))
    }

    /// `exp(logit_scale)` times the cosines.
    ///
    /// # Shapes
    /// - `features`: `[crops, embed_dim]` from [`adapt`](Self::adapt), `rows`: `[rows, embed_dim]`
    /// - output: `[crops, rows]`
    pub fn logits(&self, features: Tensor<2>, rows: Tensor<2>) -> Tensor<2> {
        ops::linear(features, rows, Epilogue::default()) * self.logit_scale.val().exp().unsqueeze()
    }

    /// The logits of all scenes, `[crops, rows]`, in the order of [`LevelFeatures::of_scenes`].
    ///
    /// # Panics
    /// If a scene is compared with pooled statistics and the features have none: such a file is refused before.
    pub fn all_logits(&self, features: impl Into<Features>, scenes: &LevelFeatures) -> Tensor<2> {
        let Features { image, pooled } = features.into();
        let of_image = |rows: &Tensor<2>| self.logits(self.adapt(image.clone()), rows.clone());
        let of_pooled = |rows: &Tensor<2>| Some(self.logits(normalize(pooled.clone()?) * POOLED_LENGTH, rows.clone()));
        let logits = [
            scenes.image.as_ref().map(of_image),
            scenes.pooled.as_ref().and_then(of_pooled),
        ];
        if let [Some(all), None] | [None, Some(all)] = &logits {
            return all.clone();
        }
        // The rows of scenes that stand beside each other and are compared with the same are one part.
        let mut first = [0, 0];
        let mut parts: Vec<Tensor<2>> = Vec::new();
        for beside in scenes.scenes.chunk_by(|a, b| a.compared_with == b.compared_with) {
            let rows = beside.iter().map(|scene| scene.domains * LEVELS.len()).sum();
            let compared_with = beside.first().map_or([false; 2], |scene| scene.compared_with);
            let used = logits
                .iter()
                .zip(&mut first)
                .zip(compared_with)
                .filter(|(_, used)| *used);
            let part = used.filter_map(|((logits, first), _)| {
                *first += rows;
                Some(logits.as_ref()?.clone().narrow(1, *first - rows, rows))
            });
            parts.extend(part.reduce(|image, pooled| image + pooled));
        }
        Tensor::cat(parts, 1)
    }

    /// The logits of each scene, `[crops, domains, 5]`.
    pub fn scene_logits(&self, features: impl Into<Features>, scenes: &LevelFeatures) -> Vec<Tensor<3>> {
        let logits = self.all_logits(features, scenes);
        let [crops, _] = logits.dims();
        let mut first = 0;
        let of_scene = |domains: usize| {
            let rows = domains * LEVELS.len();
            let logits = logits.clone().narrow(1, first, rows);
            first += rows;
            logits.reshape([crops, domains, LEVELS.len()])
        };
        scenes.domains().map(of_scene).collect()
    }

    /// The probability of each level in each domain, `[crops, domains, 5]` → the same: one softmax over all of them, so that a photo is
    /// answered for as the domains whose level features it resembles.
    pub fn in_domains(logits: Tensor<3>) -> Tensor<3> {
        let shape = logits.dims();
        ops::softmax(logits.flatten::<2>(1, 2)).reshape(shape)
    }

    /// The probability of each level, over all domains.
    ///
    /// # Shapes
    /// - output: `[crops, scenes, 5]`, each row sums to 1
    pub fn levels(&self, features: impl Into<Features>, scenes: &LevelFeatures) -> Tensor<3> {
        let scenes = self.scene_logits(features, scenes).into_iter();
        Tensor::cat(scenes.map(|logits| Self::in_domains(logits).sum_dim(1)).collect(), 1)
    }

    /// The score `sum(p * score_level)`: probabilities `[crops, scenes, 5]` → `[crops, scenes]`.
    pub fn score(&self, levels: Tensor<3>) -> Tensor<2> {
        (levels * self.score_level.val().unsqueeze()).sum_dim(2).squeeze_dim(2)
    }
}

/// Rows of L2 norm 1.
pub(super) fn normalize(x: Tensor<2>) -> Tensor<2> {
    let norm = (x.clone() * x.clone()).sum_dim(1).sqrt();
    x / norm
}
