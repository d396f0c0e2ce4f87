//! The scenes that tell which faults explain a score, as the file says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::json::Table;
use crate::{Error, Result};

/// A fault of photos, judged by the scene of the same id, and when it is claimed: measured on photos that the model has not learned from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultClaim {
    /// Its forms, of which the scene has level features each, in their order; none if there is but one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forms: Vec<String>,
    /// A photo whose score under the fault's scene is at most this has the fault.
    pub score: f32,
    /// Its form is told if the probability of that form is at least this; never without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<f32>,
    /// Photos that the fault was claimed of.
    pub claimed: u32,
    /// Those of them that have it.
    pub right: u32,
}

/// For each scene that has some: the faults that explain its scores, by the ids of their scenes.
pub type Findings = BTreeMap<String, BTreeMap<String, FaultClaim>>;

/// What the metadata say as `{"scene": {"fault": {"forms"?, "score", "form"?, "claimed", "right"}}}`.
///
/// # Errors
/// [`Error::WeightsMetadata`].
pub fn findings(json: Option<&str>) -> Result<Findings> {
    let wrong = |reason: String| Error::WeightsMetadata(format!("`findings`: {reason}"));
    let Some(json) = json else {
        return Ok(Findings::new());
    };
    let twice = |name| wrong(format!("`{name}` stands twice"));
    let table: Table<Table<FaultClaim>> = serde_json::from_str(json).map_err(|error| wrong(error.to_string()))?;
    let scenes = table.unique().map_err(twice)?.into_iter();
    let scenes: Findings = scenes
        .map(|(scene, faults)| Ok((scene, faults.unique().map_err(twice)?)))
        .collect::<Result<_>>()?;
    for (fault, claim) in scenes.values().flatten() {
        let form = claim.form.unwrap_or_default();
        if !(claim.score.is_finite() && form.is_finite()) {
            return Err(wrong(format!("`{fault}`: `score` and `form` have to be numbers")));
        }
    }
    Ok(scenes)
}
