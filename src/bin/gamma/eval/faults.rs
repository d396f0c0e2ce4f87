//! Whether the faults that a model claims of distorted photos are those that they were given.

use std::fmt::Write as _;

use gamma_wasm::train::distortion::Fault;
use serde::Serialize;

use super::Results;

/// What was claimed of the photos of a CSV.
#[derive(Debug, Serialize)]
pub struct Claimed {
    /// Over all faults.
    #[serde(flatten)]
    all: Counts,
    /// Each fault that some photo has, or that is claimed of one.
    faults: Vec<OfFault>,
}

#[derive(Debug, Serialize)]
struct OfFault {
    fault: &'static str,
    #[serde(flatten)]
    counts: Counts,
}

#[derive(Debug, Default, Clone, Copy, Serialize)]
struct Counts {
    /// Photos that have it, however weak.
    photos: usize,
    /// Photos that it is claimed of.
    claimed: usize,
    /// Those of them that have it.
    right: usize,
    /// Those of them of which a form is told.
    forms: usize,
    /// Those of them of which it is that form.
    right_forms: usize,
}

impl Claimed {
    /// Of the photos scored, but for kinds that people might call by several names; `None` if ladders are not asked for or the model tells no
    /// faults.
    pub fn of(set: &Results) -> Option<Self> {
        if !set.source.ladders || set.model.iter().all(|scored| scored.findings.is_none()) {
            return None;
        }
        let mut faults: Vec<OfFault> = Fault::ALL
            .into_iter()
            .map(|fault| OfFault {
                fault: fault.id(),
                counts: Counts::default(),
            })
            .collect();
        for (row, scored) in set.rows.iter().zip(&set.model) {
            let Some(has) = row.rung.as_ref().and_then(Fault::of_rung) else {
                continue;
            };
            for OfFault { fault, counts } in &mut faults {
                let form = has.filter(|(has, _)| has.id() == *fault);
                counts.photos += usize::from(form.is_some());
                let mut findings = scored.findings.iter().flatten();
                let Some((_, told)) = findings.find(|(claimed, _)| claimed == fault) else {
                    continue;
                };
                counts.claimed += 1;
                counts.right += usize::from(form.is_some());
                if let (Some(told), Some((fault, Some(form)))) = (told, form) {
                    counts.forms += 1;
                    counts.right_forms += usize::from(fault.forms().get(form) == Some(&told.as_str()));
                }
            }
        }
        faults.retain(|of| of.counts.photos + of.counts.claimed > 0);
        let all = faults.iter().fold(Counts::default(), |all, of| all.and(of.counts));
        Some(Self { all, faults })
    }

    /// Adds a table to `text`: over all faults, then each.
    pub fn write(&self, text: &mut String) {
        let _ = writeln!(text, "faults        {}", self.all);
        for OfFault { fault, counts } in &self.faults {
            let _ = writeln!(text, "  {fault:<12}{counts}");
        }
    }
}

impl Counts {
    fn and(self, other: Self) -> Self {
        Self {
            photos: self.photos + other.photos,
            claimed: self.claimed + other.claimed,
            right: self.right + other.right,
            forms: self.forms + other.forms,
            right_forms: self.right_forms + other.right_forms,
        }
    }
}

/// `claimed of 312 photos, right of 95.2%; form told of 201, right of 97.0%; 540 photos have it`
impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let share = |part: usize, of: usize| match of {
            0 => "-".into(),
            of => format!("{:.1}%", 100.0 * part as f64 / of as f64),
        };
        let right = share(self.right, self.claimed);
        write!(f, "claimed of {} photos, right of {right}", self.claimed)?;
        if self.forms > 0 {
            write!(
                f,
                "; form told of {}, right of {}",
                self.forms,
                share(self.right_forms, self.forms)
            )?;
        }
        write!(f, "; {} photos have it", self.photos)
    }
}
