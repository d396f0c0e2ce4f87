//! What a set of weights is, in the words of its file.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    image::Preparation,
    model::Config,
    weights::{Contents, FaultClaim, Header, Reliability, findings, reliability},
};

/// What a set of weights is.
#[derive(Debug, Clone, Serialize)]
pub struct ModelInfo {
    /// Name from the file's metadata, or `gamma`.
    pub name: String,
    /// Numbers of the model's tensors, however they are stored.
    pub parameters: u64,
    /// Dimensions.
    pub config: Config,
    /// Whether scenes of one's own can be added, perhaps after a text tower in files of its own has been loaded.
    pub text_tower: bool,
    /// Whether the scores mean anything; `false` only for samples that say so in their metadata.
    pub trained: bool,
    /// Licence of the weights, from the metadata.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// Where the weights come from, from the metadata.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// How photos are brought to it, from the metadata.
    #[serde(skip_serializing_if = "Preparation::is_empty")]
    pub photo: Preparation,
    /// How far the scores of each scene can be relied on, from the metadata.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub reliability: BTreeMap<String, Reliability>,
    /// The faults that explain the scores of each scene, from the metadata.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FaultClaim>,
}

impl ModelInfo {
    /// What the metadata of a file say, beside what was counted.
    pub fn new(
        metadata: &BTreeMap<String, String>,
        config: Config,
        parameters: u64,
        text_tower: bool,
        photo: Preparation,
    ) -> Self {
        let mut info = Self {
            name: "gamma".into(),
            parameters,
            config,
            text_tower,
            trained: metadata.get("trained").is_none_or(|trained| trained != "false"),
            licence: None,
            source: None,
            photo,
            reliability: BTreeMap::new(),
            findings: Vec::new(),
        };
        info.extend(metadata);
        info
    }

    /// Adds what the metadata of a file say. Of a scene file after its model: its name, licence and source count for both together.
    pub fn extend(&mut self, metadata: &BTreeMap<String, String>) {
        let value = |key: &str| metadata.get(key).cloned();
        self.name = value("name").unwrap_or_else(|| std::mem::take(&mut self.name));
        self.licence = value("licence").or_else(|| self.licence.take());
        self.source = value("source").or_else(|| self.source.take());
        let stated = |key: &str| metadata.get(key).map(String::as_str);
        // They were checked when the file was opened.
        self.reliability
            .extend(reliability(stated("reliability")).unwrap_or_default());
        self.findings.extend(findings(stated("findings")).unwrap_or_default());
    }

    /// Whether a scene of the weights is offered. One that only tells a fault, and of whose scores nothing is known, is not.
    pub fn offers(&self, scene: &str) -> bool {
        self.reliability.contains_key(scene) || self.findings.iter().all(|claim| claim.fault != scene)
    }

    /// What one file says about itself before its tensors are read.
    pub fn of_file(header: &Header, contents: &Contents) -> Self {
        Self::new(
            &header.metadata,
            contents.config().clone(),
            contents.parameters(),
            contents.has_text_tower(),
            contents.metadata.photo.clone(),
        )
    }
}

/// Whether prompts of one's own can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextTowerState {
    /// At once.
    Loaded,
    /// After the text tower's own files have been loaded.
    Separate,
    /// Never: the weights have no text tower.
    None,
}
