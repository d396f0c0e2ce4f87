//! The scenes that tell which faults explain a score, as the file says.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// A fault that explains scores, judged by a scene of its own, and when it is claimed: measured on photos that the model has not learned from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultClaim {
    /// The id of the scene whose scores it explains.
    pub scene: String,
    /// The id of its own scene.
    pub fault: String,
    /// Its forms, of which its scene has level features each, in their order; none if there is but one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forms: Vec<String>,
    /// A photo whose score under the fault's scene is at most this has the fault. Without it the fault is never claimed; other faults are compared
    /// with it all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f32>,
    /// ... if its score under the scene of every other fault is higher by at least this; whatever those are without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<f32>,
    /// Its form is told if the probability of that form is at least this; never without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<f32>,
    /// How good photos are that the fault is claimed of, as to that fault, which is what a finding says: two points `[score, quality]` of a straight line,
    /// before and after which it is constant. The score of the fault's scene itself is also about whether they have it; without points, a finding says that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<[[f32; 2]; 2]>,
    /// Photos that the fault was claimed of.
    pub claimed: u32,
    /// Those of them that have it.
    pub right: u32,
}

impl FaultClaim {
    /// How good a photo is as to this fault, given that it has it, by the score of the fault's scene.
    pub fn quality(&self, score: f32) -> f32 {
        let Some([[from, worst], [to, best]]) = self.quality else {
            return score;
        };
        let part = ((score - from) / (to - from).max(f32::EPSILON)).clamp(0.0, 1.0);
        worst + part * (best - worst)
    }
}

/// What the metadata say as `[{"scene", "fault", "forms"?, "score"?, "margin"?, "form"?, "quality"?, "claimed", "right"}]`.
///
/// # Errors
/// [`Error::WeightsMetadata`].
pub fn findings(json: Option<&str>) -> Result<Vec<FaultClaim>> {
    let wrong = |reason: String| Error::WeightsMetadata(format!("`findings`: {reason}"));
    let Some(json) = json else {
        return Ok(Vec::new());
    };
    let claims: Vec<FaultClaim> = serde_json::from_str(json).map_err(|error| wrong(error.to_string()))?;
    for (place, claim) in claims.iter().enumerate() {
        let FaultClaim {
            scene,
            fault,
            score,
            margin,
            form,
            quality,
            ..
        } = claim;
        let limits = [*score, *margin, *form].into_iter().flatten();
        if limits
            .chain(quality.iter().flatten().flatten().copied())
            .any(|number| !number.is_finite())
        {
            return Err(wrong(format!(
                "`{fault}`: `score`, `margin`, `form` and `quality` have to be numbers"
            )));
        }
        // No file has more faults than a few, and more than that are no use.
        if place >= MOST
            || claims[..place]
                .iter()
                .any(|one| one.scene == *scene && one.fault == *fault)
        {
            return Err(wrong(format!("`{fault}` stands twice, or there are more than {MOST}")));
        }
    }
    Ok(claims)
}

/// The most faults of a file.
const MOST: usize = 64;
