//! What ladders tell: whether each step down in quality is one down in score, and the correlation within each kind.

use std::fmt::Write as _;

use gamma_wasm::metrics::deviation::Scored;
use gamma_wasm::metrics::{Ladders, Order, Rung};
use serde::Serialize;

use super::Results;
use crate::names::printable;

/// The ladders of a CSV, as each model climbs them.
#[derive(Debug, Serialize)]
pub struct Climbed {
    model: Ladders,
    #[serde(skip_serializing_if = "Option::is_none")]
    against: Option<Ladders>,
}

impl Climbed {
    /// Of the photos scored; `None` if ladders are not asked for.
    pub fn of(set: &Results) -> Option<Self> {
        if !set.source.ladders {
            return None;
        }
        let sign = if set.source.lower_better { -1.0 } else { 1.0 };
        let rungs: Vec<&Rung> = set.rows.iter().filter_map(|row| row.rung.as_ref()).collect();
        let labels: Vec<f64> = set.rows.iter().map(|row| sign * row.label).collect();
        let ladders = |scored: &[Scored]| {
            let scores: Vec<f64> = scored.iter().map(|scored| scored.photo).collect();
            Ladders::of(&rungs, &scores, &labels)
        };
        Some(Self {
            model: ladders(&set.model),
            against: set.against.as_deref().map(ladders),
        })
    }

    /// Adds a table to `text`: over all kinds, then each kind; what the other model does stands beside it.
    pub fn write(&self, text: &mut String) {
        let against = |at: usize| self.against.as_ref().and_then(|ladders| ladders.kinds.get(at));
        let _ = write!(text, "ladders       {}", order(&self.model.order));
        if let Some(against) = &self.against {
            let _ = write!(text, "; against: {}", order(&against.order));
        }
        let _ = writeln!(text, "\n  {:<22} photos     SRCC  in order", "kind");
        for (at, kind) in self.model.kinds.iter().enumerate() {
            let name = printable(&kind.kind);
            let srcc = number(kind.srcc);
            let _ = write!(
                text,
                "  {name:<22} {:>6}  {srcc:>7}  {}",
                kind.photos,
                order(&kind.order)
            );
            if let Some(against) = against(at) {
                let _ = write!(
                    text,
                    "; against: SRCC {}, {}",
                    number(against.srcc),
                    order(&against.order)
                );
            }
            text.push('\n');
        }
    }
}

/// `0.9583 (46 of 48 pairs, 12 ladders)`
fn order(order: &Order) -> String {
    let Order { ladders, pairs, right } = order;
    format!(
        "{} ({right} of {pairs} pairs, {ladders} ladders)",
        number(order.share())
    )
}

fn number(value: Option<f64>) -> String {
    value.map_or("-".into(), |value| format!("{value:.4}"))
}
