//! How far the scores can be relied on: measured on the photos at hand, or, of a model that states it, whether it holds on them.

use std::collections::BTreeMap;

use gamma_wasm::metrics::{Held, Judged, reliability};

use super::{Models, Results};

impl Results {
    /// The model's scores, and what people say, higher is better.
    fn pairs(&self) -> (Vec<f64>, Vec<f64>) {
        let sign = if self.source.lower_better { -1.0 } else { 1.0 };
        let scores = self.model.iter().map(|scored| scored.photo);
        (scores.collect(), self.rows.iter().map(|row| sign * row.label).collect())
    }

    /// The set's name: that of the paper, or of the CSV's folder and file.
    fn name(&self) -> String {
        if let Some(paper) = self.source.paper {
            return paper.name.to_lowercase();
        }
        let csv = &self.source.csv;
        let folder = csv.parent().and_then(|folder| folder.file_name());
        [folder, csv.file_stem()]
            .into_iter()
            .flatten()
            .map(|part| part.to_string_lossy())
            .collect::<Vec<_>>()
            .join("/")
    }
}

/// How far the scores of each scene can be relied on, as `gamma convert --reliability` takes it.
pub fn json(models: &Models, results: &[Results]) -> String {
    let mut scenes = BTreeMap::new();
    for set in results {
        scenes
            .entry(models.scene(&set.source))
            .or_insert_with(Vec::new)
            .push((set.name(), set.pairs()));
    }
    let measured: BTreeMap<&str, _> = scenes
        .iter()
        .filter_map(|(scene, sets)| {
            let sets: Vec<Judged<'_>> = sets
                .iter()
                .map(|(name, (scores, labels))| Judged { name, scores, labels })
                .collect();
            Some((*scene, reliability(&sets)?))
        })
        .collect();
    // A map of text and numbers can always be written.
    serde_json::to_string(&measured).unwrap_or_default() + "\n"
}

/// Whether what the model states holds on the photos of a CSV; `None` if it states nothing.
pub fn held(models: &Models, set: &Results) -> Option<Held> {
    let stated = models.model.info().reliability.get(models.scene(&set.source))?;
    let (scores, labels) = set.pairs();
    Some(Held::of(
        &Judged {
            name: "",
            scores: &scores,
            labels: &labels,
        },
        stated,
    ))
}
