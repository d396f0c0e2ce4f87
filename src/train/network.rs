//! The model of one step: Gamma and the features of the levels of each scene.

use burn::tensor::{Tensor, TensorData};

use super::parameters::Parameters;
use crate::{
    Result,
    model::{Config, Gamma, Head, LevelFeatures},
    ops,
    prompt::{LEVELS, Scene, Tokenizer},
    weights::text_features_name,
};

/// What the levels of the scenes look like.
#[derive(Debug, Clone)]
pub enum Scenes {
    /// Learned features, by the scenes' ids: a model without text tower.
    Learned(Vec<String>),
    /// Prompts for the text tower: five for each scene.
    Prompts(Vec<Vec<u32>>),
}

impl Scenes {
    /// The scenes of these ids, for a model with or without text tower.
    ///
    /// # Errors
    /// [`Error::Train`](crate::Error::Train) if a prompt is to be read and the scene is not a published one.
    pub fn new(ids: &[String], text_tower: bool) -> Result<Self> {
        if !text_tower {
            return Ok(Self::Learned(ids.to_vec()));
        }
        let (published, tokenizer) = (Scene::published(), Tokenizer::clip());
        let mut prompts = Vec::new();
        for id in ids {
            let scene = published
                .iter()
                .find(|scene| &scene.id == id)
                .ok_or_else(|| crate::Error::Train(format!("scene `{id}` has no published prompts")))?;
            prompts.extend(scene.prompts().iter().map(|prompt| tokenizer.tokenize(prompt).ids));
        }
        Ok(Self::Prompts(prompts))
    }
}

/// What crops are answered with.
pub struct Answers {
    /// `[crops, scenes]`.
    pub scores: Tensor<2>,
    /// Of each scene.
    pub domains: Vec<Domains>,
}

/// What the domains of a scene say of crops.
pub struct Domains {
    /// How probably a crop is of each domain, `[crops, domains]`.
    pub probabilities: Tensor<2>,
    /// Its score as one of that domain, `[crops, domains]`.
    pub scores: Tensor<2>,
}

/// A model ready for a forward pass.
pub struct Network {
    /// The model.
    pub gamma: Gamma,
    /// What the levels of the scenes look like.
    pub features: LevelFeatures,
}

impl Network {
    /// Loads the model out of `values`, one tensor for each parameter. Gradients flow back to those that are leaves.
    ///
    /// # Errors
    /// As [`Gamma::load`].
    pub fn new(parameters: &Parameters, values: &[Tensor<1>], scenes: &Scenes) -> Result<Self> {
        let mut tensors = parameters.tensors(values);
        let gamma = Gamma::load(&parameters.config, &mut tensors)?;
        let features = match (scenes, &gamma.text) {
            (Scenes::Prompts(prompts), Some(text)) => {
                let rows = text.forward(prompts);
                let [count, _] = rows.dims();
                (0..count / LEVELS.len())
                    .map(|scene| rows.clone().narrow(0, scene * LEVELS.len(), LEVELS.len()))
                    .collect()
            }
            (Scenes::Prompts(_), None) => return Err(crate::Error::Train("the model has no text tower".into())),
            (Scenes::Learned(ids), _) => {
                let learned = ids.iter().filter_map(|id| {
                    let name = text_features_name(id);
                    let shape = LevelFeatures::shape(&tensors.shape(&name), &parameters.config);
                    tensors.take_optional(&name, shape).transpose()
                });
                learned
                    .map(|features| Ok(unit_rows(features?, &parameters.config)))
                    .collect::<Result<Vec<Tensor<2>>>>()?
            }
        };
        Ok(Self {
            gamma,
            features: LevelFeatures::new(features, parameters.config.embed_dim, parameters.config.statistics()),
        })
    }

    /// What crops `[crops, 3, side, side]` are answered with.
    pub fn answers(&self, crops: Tensor<4>) -> Answers {
        let head = &self.gamma.head;
        let (mut levels, mut domains) = (Vec::new(), Vec::new());
        for logits in head.scene_logits(self.gamma.visual.features(crops), &self.features) {
            let probabilities = Head::in_domains(logits.clone());
            levels.push(probabilities.clone().sum_dim(1));
            domains.push(Domains {
                probabilities: probabilities.sum_dim(2).squeeze_dim(2),
                // As if the crop could be of no other domain.
                scores: head.score(ops::softmax(logits)),
            });
        }
        Answers {
            scores: head.score(Tensor::cat(levels, 1)),
            domains,
        }
    }

    /// Scores `[crops]` of crops `[crops, 3, side, side]`, each asked about its own scene.
    pub fn score(&self, crops: Tensor<4>, scenes: &[usize]) -> Tensor<1> {
        let Answers { scores, .. } = self.answers(crops);
        let [count, offered] = scores.dims();
        let chosen: Vec<f32> = scenes
            .iter()
            .flat_map(|&scene| (0..offered).map(move |index| f32::from(u8::from(index == scene))))
            .collect();
        let chosen = Tensor::<2>::from_data(TensorData::new(chosen, [count, offered]), &scores.device());
        (scores * chosen).sum_dim(1).reshape([count])
    }
}

/// Rows of L2 norm 1; of those that are compared with image features and with statistics, the part of the image features is.
pub(super) fn unit_rows(rows: Tensor<2>, config: &Config) -> Tensor<2> {
    let [_, width] = rows.dims();
    let measured = match width == config.embed_dim + config.statistics() {
        true => config.embed_dim,
        false => width,
    };
    let part = rows.clone().narrow(1, 0, measured);
    rows / (part.clone() * part).sum_dim(1).sqrt()
}
