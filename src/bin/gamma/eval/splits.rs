//! How figures spread over random fifths of the photos.

use gamma_wasm::Result;
use gamma_wasm::metrics::{Protocol, Spread, pearson, spearman};
use serde::Serialize;

use super::Results;

/// The figures of the model over the splits; of correlations with labels that are better when lower, the sign is turned.
#[derive(Debug, Serialize)]
pub struct Spreads {
    pub splits: u16,
    pub srcc: Option<Spread>,
    pub plcc: Option<Spread>,
}

impl Spreads {
    /// Of `splits` random fifths by group, which follow from `seed`; `None` if none are asked for.
    pub fn of(set: &Results, splits: Option<u16>, seed: u64) -> Result<Option<Self>> {
        let Some(splits) = splits else { return Ok(None) };
        let sign = if set.source.lower_better { -1.0 } else { 1.0 };
        let mut figures = Vec::new();
        for split in Protocol::Splits(splits.into()).runs(seed)? {
            let held_out = set.rows.iter().zip(&set.model);
            let held_out = held_out.filter(|(row, _)| split.holds_out(&row.group));
            let (labels, scores): (Vec<f64>, Vec<f64>) =
                held_out.map(|(row, scored)| (sign * row.label, scored.photo)).unzip();
            figures.push((spearman(&scores, &labels), pearson(&scores, &labels)));
        }
        Ok(Some(Self {
            splits,
            srcc: Spread::of(figures.iter().map(|figures| figures.0)),
            plcc: Spread::of(figures.iter().map(|figures| figures.1)),
        }))
    }

    /// Two lines.
    pub fn text(&self) -> String {
        let spread = |spread: &Option<Spread>| spread.map_or("-".into(), |spread| spread.to_string());
        let (srcc, plcc) = (spread(&self.srcc), spread(&self.plcc));
        let heading = format!("{} random fifths: median [least, most]", self.splits);
        format!("{heading}\nSRCC           {srcc}\nPLCC           {plcc}\n")
    }
}
