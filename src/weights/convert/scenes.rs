//! Text features of the scenes, computed once at conversion so that a page needs no text tower.

use std::collections::BTreeMap;

use super::select::Selection;
use super::source::Source;
use crate::model::{Part, TextTower};
use crate::ops::{self, DeviceChoice};
use crate::prompt::{LEVELS, Scene, Tokenizer};
use crate::weights::{Tensors, text_features_name};
use crate::{Error, Result};

/// Token ids that CLIP's tokenizer gives.
const CLIP_VOCABULARY: usize = 49_408;

/// Which scenes get their text features stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Scenes {
    /// All that the model names, else the published ones.
    #[default]
    All,
    /// None: the text tower stays a part of the model.
    None,
    /// Those of these ids.
    Ids(Vec<String>),
}

/// A scene and the features of its levels, `[5 * domains, width]` of L2 norm 1.
pub struct SceneFeatures {
    /// The scene.
    pub scene: Scene,
    /// Row by row.
    pub values: Vec<f32>,
    /// Numbers of a row.
    pub width: usize,
}

/// What a model can be asked about.
pub struct Offer {
    /// Every scene that the metadata names.
    pub scenes: Vec<Scene>,
    /// Those with stored features.
    pub stored: Vec<SceneFeatures>,
    /// Why features are not stored, if they could not be.
    pub reason: Option<String>,
}

/// Finds the scenes of a source, and computes the features of those that are `wanted`.
///
/// # Errors
/// [`Error::SceneUnknown`], [`Error::SceneInvalid`], [`Error::WeightsMetadata`], or if a tensor cannot be read.
pub fn offer(source: &mut dyn Source, selection: &Selection, wanted: &Scenes, device: DeviceChoice) -> Result<Offer> {
    let mut scenes = named(source.metadata())?;
    if let Scenes::Ids(ids) = wanted {
        let offered = || scenes.iter().map(|scene| scene.id.clone()).collect();
        if let Some(id) = ids.iter().find(|id| scenes.iter().all(|scene| scene.id != **id)) {
            return Err(Error::SceneUnknown {
                id: id.clone(),
                offered: offered(),
            });
        }
        scenes.retain(|scene| ids.contains(&scene.id));
    }
    let mut offer = Offer {
        scenes,
        stored: Vec::new(),
        reason: None,
    };
    if *wanted == Scenes::None {
        offer.reason = Some("none were asked for".into());
        return Ok(offer);
    }
    let Some(text) = &selection.config.text else {
        offer.scenes.retain(|scene| selection.features.contains_key(&scene.id));
        for scene in &offer.scenes {
            offer.stored.push(SceneFeatures {
                scene: scene.clone(),
                values: selection.read(source, &text_features_name(&scene.id))?,
                width: selection.features.get(&scene.id).map_or(0, |[_, width]| *width),
            });
        }
        return Ok(offer);
    };
    if text.vocabulary != CLIP_VOCABULARY {
        offer.reason = Some(format!(
            "the vocabulary of {} is not CLIP's of {CLIP_VOCABULARY}, so that prompts cannot be read",
            text.vocabulary
        ));
        return Ok(offer);
    }
    let mut tensors = Tensors::new(ops::open(device)?.device);
    for entry in selection.entries.iter().filter(|entry| entry.part == Part::Text) {
        let values = selection.read(source, &entry.name)?;
        tensors.insert(entry.name.clone(), entry.shape.clone(), values);
    }
    let tower = TextTower::load(&selection.config, &mut tensors)?;
    let tokenizer = Tokenizer::clip();
    for scene in &offer.scenes {
        let prompts = scene.token_ids(&tokenizer)?;
        scene.check_token_ids(&prompts, text.vocabulary, text.tower.context_length)?;
        let values = tower.forward(&prompts).into_data().try_into_vec::<f32>();
        let values =
            values.map_err(|error| Error::Device(format!("text features of scene `{}`: {error:?}", scene.id)))?;
        if values.len() != LEVELS.len() * selection.config.embed_dim || values.iter().any(|value| !value.is_finite()) {
            return Err(Error::Device(format!(
                "text features of scene `{}` are not finite",
                scene.id
            )));
        }
        offer.stored.push(SceneFeatures {
            scene: scene.clone(),
            values,
            width: selection.config.embed_dim,
        });
    }
    Ok(offer)
}

/// The scenes that the metadata names, else the published ones, which keep their order.
fn named(metadata: &BTreeMap<String, String>) -> Result<Vec<Scene>> {
    let published = Scene::published();
    let Some(json) = metadata.get("scenes") else {
        return Ok(published);
    };
    let templates: BTreeMap<String, String> =
        serde_json::from_str(json).map_err(|error| Error::WeightsMetadata(format!("`scenes`: {error}")))?;
    let mut scenes = templates
        .into_iter()
        .map(|(id, template)| Scene::new(id, template))
        .collect::<Result<Vec<_>>>()?;
    let place = |scene: &Scene| {
        published
            .iter()
            .position(|known| known.id == scene.id)
            .unwrap_or(published.len())
    };
    scenes.sort_by_key(place);
    Ok(scenes)
}
