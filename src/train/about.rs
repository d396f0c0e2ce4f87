//! What a model says about itself in its file, and the scenes that it keeps of the model that the run began with.

use std::collections::BTreeMap;

use burn::tensor::Device;

use super::{
    checkpoint,
    config::{DatasetConfig, TrainConfig},
    parameters::{AFFINE, Parameter, Parameters},
    state::Epoch,
    validation::Predictions,
};
use crate::{
    Error, Result,
    image::Preparation,
    metrics::{self, Judged},
    weights::{self, FaultClaim, Reliability, TEXT_FEATURES, text_features_name},
};

/// What a model states of its scenes.
#[derive(Debug, Clone, Default)]
pub(super) struct Measured {
    /// How far their scores can be relied on.
    pub reliability: BTreeMap<String, Reliability>,
    /// When faults are claimed.
    pub findings: Vec<FaultClaim>,
}

/// Scenes of the model that a run begins with. Where nothing but level features is trained they answer as before, so they stay in the model.
#[derive(Debug, Clone, Default)]
pub(super) struct OtherScenes {
    /// Their ids.
    ids: Vec<String>,
    /// What that model states of them, and of scenes that this run asks about and leaves as they are.
    stated: Measured,
}

impl OtherScenes {
    /// Adds the level features of such scenes to the parameters, frozen.
    ///
    /// # Errors
    /// If the model that the run begins with cannot be read.
    pub fn keep(config: &TrainConfig, parameters: &mut Parameters, device: &Device) -> Result<Self> {
        let features_alone = |name: &str| name.starts_with(TEXT_FEATURES) || name.starts_with(AFFINE);
        let mut trained = parameters.list.iter().filter(|parameter| parameter.is_trained());
        let (Some(path), true) = (
            &config.model.init,
            trained.all(|parameter| features_alone(&parameter.name)),
        ) else {
            return Ok(Self::default());
        };
        let (tensors, metadata) = checkpoint::read(path)?;
        let stated = |key: &str| metadata.get(key).map(String::as_str);
        let mut reliability = weights::reliability(stated("reliability"))?;
        let mut findings = weights::findings(stated("findings"))?;
        let learned = config.learned_scenes();
        let mut ids = Vec::new();
        for (name, (shape, values)) in tensors {
            let Some(scene) = name.strip_prefix(TEXT_FEATURES) else {
                continue;
            };
            if learned.iter().all(|learned| learned != scene) {
                ids.push(scene.to_owned());
                let at = parameters.add(name, values, 0.0, device);
                parameters.list[at].shape = shape;
            }
        }
        let stays = |scene: &String| {
            let name = text_features_name(scene);
            let frozen = |parameter: &Parameter| parameter.name == name && !parameter.is_trained();
            parameters.list.iter().any(frozen)
        };
        reliability.retain(|scene, _| stays(scene));
        findings.retain(|claim| stays(&claim.scene) && stays(&claim.fault));
        let stated = Measured { reliability, findings };
        Ok(Self { ids, stated })
    }
}

/// What is to be said about a model.
pub(super) struct About<'a> {
    /// Its run.
    pub config: &'a TrainConfig,
    /// How photos are brought to it.
    pub photo: &'a Preparation,
    /// Its epoch.
    pub evaluated: Option<&'a Epoch>,
    /// What was measured on photos that it has not learned from.
    pub measured: Measured,
    /// The scenes that it keeps.
    pub other_scenes: &'a OtherScenes,
}

impl About<'_> {
    /// The scenes of its file.
    pub fn scenes(&self) -> Vec<String> {
        let mut scenes = self.config.scenes();
        scenes.extend(self.other_scenes.ids.iter().cloned());
        scenes
    }

    /// The metadata of its file.
    ///
    /// # Errors
    /// None of numbers that are finite.
    pub fn metadata(self) -> Result<BTreeMap<&'static str, String>> {
        let refuse = |error: serde_json::Error| Error::Train(error.to_string());
        let evaluation = serde_json::to_string(&self.evaluated).map_err(refuse)?;
        let mut metadata = BTreeMap::from([("name", self.config.name.clone()), ("evaluation", evaluation)]);
        let model = &self.config.model;
        for (key, value) in [("licence", &model.licence), ("source", &model.source)] {
            if let Some(value) = value {
                metadata.insert(key, value.clone());
            }
        }
        if !self.photo.is_empty() {
            metadata.insert("photo", serde_json::to_string(self.photo).map_err(refuse)?);
        }
        let Measured {
            mut reliability,
            mut findings,
        } = self.other_scenes.stated.clone();
        reliability.extend(self.measured.reliability);
        let measured = self.measured.findings;
        findings.retain(|kept| measured.iter().all(|new| new.scene != kept.scene));
        findings.extend(measured);
        if !reliability.is_empty() {
            metadata.insert("reliability", serde_json::to_string(&reliability).map_err(refuse)?);
        }
        if !findings.is_empty() {
            metadata.insert("findings", serde_json::to_string(&findings).map_err(refuse)?);
        }
        Ok(metadata)
    }
}

/// How far the scores of each scene can be relied on. Photos as they are tell it, not those that were distorted; they must have chosen nothing.
pub fn reliability(config: &TrainConfig, predictions: &[Predictions]) -> BTreeMap<String, Reliability> {
    let of_scene = |scene: &str| -> Vec<Judged<'_>> {
        let datasets = config.datasets.iter();
        let ordinary = datasets.filter(|of: &&DatasetConfig| of.scene == scene && of.distort.is_none() && !of.ladders);
        ordinary
            .filter_map(|of| {
                let made = predictions.iter().find(|made| made.dataset == of.name)?;
                Some(Judged {
                    name: &of.name,
                    scores: &made.scores,
                    labels: &made.labels,
                })
            })
            .collect()
    };
    let scenes = config.scenes().into_iter();
    scenes
        .filter_map(|scene| {
            let measured = metrics::reliability(&of_scene(&scene))?;
            Some((scene, measured))
        })
        .collect()
}
