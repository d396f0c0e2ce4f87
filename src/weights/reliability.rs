//! How far the scores of a scene can be relied on, as the file says: measured on photos that the model has not learned from.

use std::{cmp::Ordering, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use super::json::Table;
use crate::{Error, Result};

/// The part of unseen photos that intervals hold.
pub const INTERVAL_LEVEL: f64 = 0.9;

/// How far the scores of a scene can be relied on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reliability {
    /// Half the width of the interval around a score, on the scale of the score, in which what people say of the photo lies for
    /// [`INTERVAL_LEVEL`] of unseen photos, in each set of photos.
    pub interval: f32,
    /// Two scores that differ by more tell which of two photos people find better; of closer ones nothing is said.
    pub difference: f32,
    /// The sets of photos that it was measured on.
    pub measured: Vec<Measured>,
}

/// A set of photos that the model was judged by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// The set's name.
    pub name: String,
    /// Photos, none of which the model has learned from.
    pub photos: u32,
    /// Spearman's rank correlation of scores and people, -1 to 1.
    pub srcc: f32,
}

impl Reliability {
    /// How the first of two photos compares with the second, given their scores; `None` if the difference tells nothing.
    pub fn compare(&self, first: f32, second: f32) -> Option<Ordering> {
        let order = first.partial_cmp(&second)?;
        ((first - second).abs() > self.difference).then_some(order)
    }

    fn check(&self) -> std::result::Result<(), &'static str> {
        let width = |value: f32| value.is_finite() && value >= 0.0;
        if !width(self.interval) || !width(self.difference) {
            return Err("`interval` and `difference` have to be numbers from 0 on");
        }
        match self.measured.iter().all(|set| (-1.0..=1.0).contains(&set.srcc)) {
            true => Ok(()),
            false => Err("`srcc` has to lie between -1 and 1"),
        }
    }
}

/// What the metadata say as `{"scene": {"interval", "difference", "measured": [{"name", "photos", "srcc"}]}}`.
///
/// # Errors
/// [`Error::WeightsMetadata`].
pub fn reliability(json: Option<&str>) -> Result<BTreeMap<String, Reliability>> {
    let wrong = |reason: String| Error::WeightsMetadata(format!("`reliability`: {reason}"));
    let Some(json) = json else {
        return Ok(BTreeMap::new());
    };
    let table: Table<Reliability> = serde_json::from_str(json).map_err(|error| wrong(error.to_string()))?;
    let scenes = table
        .unique()
        .map_err(|scene| wrong(format!("`{scene}` stands twice")))?;
    for (scene, of) in &scenes {
        of.check().map_err(|reason| wrong(format!("`{scene}`: {reason}")))?;
    }
    Ok(scenes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(interval: &str, srcc: &str) -> Result<BTreeMap<String, Reliability>> {
        let measured = format!(r#"[{{"name": "clive", "photos": 116, "srcc": {srcc}}}]"#);
        let json =
            format!(r#"{{"natural-quality": {{"interval": {interval}, "difference": 0.05, "measured": {measured}}}}}"#);
        reliability(Some(&json))
    }

    #[test]
    fn only_clear_differences_order_two_photos() {
        let of = read("0.2", "0.8").unwrap().remove("natural-quality").unwrap();
        assert_eq!(of.compare(0.5, 0.56), Some(Ordering::Less));
        assert_eq!(of.compare(0.56, 0.5), Some(Ordering::Greater));
        assert_eq!(of.compare(0.5, 0.54), None);
        assert_eq!(of.compare(f32::NAN, 0.5), None);
    }

    #[test]
    fn impossible_figures_are_refused() {
        for (interval, srcc) in [("-0.1", "0.8"), ("1e39", "0.8"), ("0.1", "1.5"), ("\"wide\"", "0.8")] {
            let error = read(interval, srcc).unwrap_err().to_string();
            assert!(error.contains("`reliability`"), "{error}");
        }
        assert!(reliability(Some("[]")).is_err());
        assert!(reliability(None).unwrap().is_empty());
    }
}
