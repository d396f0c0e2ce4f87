//! Scene files: level features of further scenes, for a model that lies in a file of its own. They are some kilobytes where the
//! model is megabytes, and may have another licence.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{Header, Metadata, TEXT_FEATURES, metadata::hex, text_features_name};
use crate::{Error, Result, model::Config, prompt::Scene};

/// Tells the network of a file from all others: the SHA-256 of the names and hashes of its tensors, by name, those of level features left
/// aside, so that scenes may be added and left out. `None` if the file states no hashes.
pub fn network_hash(header: &Header, metadata: &Metadata) -> Option<[u8; 32]> {
    metadata.version?;
    let named = header.tensors.iter().map(|tensor| tensor.name.as_str());
    let tensors: BTreeMap<&str, &[u8; 32]> = named.zip(&metadata.hashes).collect();
    let mut hasher = Sha256::new();
    for (name, hash) in tensors.into_iter().filter(|(name, _)| !name.starts_with(TEXT_FEATURES)) {
        hasher.update(format!("{name} {}\n", hex(hash)));
    }
    Some(hasher.finalize().into())
}

/// A scene file whose tensors have arrived, and whose model has not.
pub struct SceneFile {
    /// The network hash of the model that it is for.
    model: [u8; 32],
    config: Config,
    metadata: BTreeMap<String, String>,
    scenes: Vec<Scene>,
}

impl SceneFile {
    /// What the header of a file says, if it is a scene file.
    pub fn of(header: &Header, metadata: &Metadata) -> Option<Self> {
        Some(Self {
            model: metadata.extends?,
            config: metadata.config.clone(),
            metadata: header.metadata.clone(),
            scenes: metadata.scenes.clone(),
        })
    }

    /// Refuses a model that it is not for.
    ///
    /// # Errors
    /// [`Error::SceneFile`].
    pub fn check(&self, header: &Header, metadata: &Metadata) -> Result<()> {
        let refuse = |reason: String| Err(Error::SceneFile(reason));
        if metadata.extends.is_some() {
            return refuse("a scene file extends a model, and not another scene file".into());
        }
        let found = network_hash(header, metadata);
        if found != Some(self.model) || metadata.config != self.config {
            let shown =
                |hash: Option<[u8; 32]>| hash.map_or("without hashes".into(), |hash| hex(&hash)[..12].to_owned());
            return refuse(format!(
                "its scenes are for the model {}, and this one is {}; take the scene file that came with the model",
                shown(Some(self.model)),
                shown(found)
            ));
        }
        let twice = |scene: &&Scene| header.position(&text_features_name(&scene.id)).is_some();
        match self.scenes.iter().find(twice) {
            Some(scene) => refuse(format!("scene `{}` is in the scene file and in the model", scene.id)),
            None => Ok(()),
        }
    }

    /// Adds its scenes to those of its model; gives its metadata.
    pub fn extend(self, scenes: &mut Vec<Scene>) -> BTreeMap<String, String> {
        scenes.retain(|scene| self.scenes.iter().all(|new| new.id != scene.id));
        scenes.extend(self.scenes);
        self.metadata
    }
}
