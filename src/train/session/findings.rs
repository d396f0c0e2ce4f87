//! When faults are claimed, and how far their scores can be relied on: measured on distorted photos that nothing was learned from.

use burn::tensor::Tensor;

use super::{
    super::{about::Measured, dataset::Dataset, distortion::Fault, network::Answers, validation::Judge},
    Session,
};
use crate::{
    Result,
    metrics::{self, Judged, findings::Claims},
    weights::{FaultClaim, Reliability},
};

/// The least rank correlation, over photos that have a fault, of a scene that is offered beside what it claims.
const OFFERED: f32 = 0.5;

/// What is known of a photo, and what a fault's scene says of it.
struct Seen {
    /// The fault that it has, and its form; nothing of a clean photo.
    fault: Option<(Fault, Option<usize>)>,
    /// How good it is as to that fault, 0 to 1.
    quality: f64,
    /// The score of the fault's scene.
    score: f64,
    /// The probability of each form.
    forms: Vec<f64>,
}

impl Session {
    /// For each scene whose datasets teach faults, when these are claimed, and how far the scores of the faults' own scenes can be relied on for
    /// photos that have them. A fault is left out where no score says reliably enough that it is there.
    ///
    /// # Errors
    /// If a photo or the device fails.
    pub(super) fn findings(&self, judge: &Judge<'_>, datasets: &[Dataset]) -> Result<Measured> {
        let mut measured = Measured::default();
        for dataset in datasets.iter().filter(|dataset| dataset.config.faults) {
            for (fault, seen) in self.seen(judge, dataset)? {
                let Some(claim) = claim(&dataset.config.scene, fault, &seen) else {
                    continue;
                };
                measured.findings.push(claim);
                let has = seen
                    .iter()
                    .filter(|seen| seen.fault.is_some_and(|(has, _)| has == fault));
                let (scores, qualities): (Vec<f64>, Vec<f64>) = has.map(|seen| (seen.score, seen.quality)).unzip();
                let judged = Judged {
                    name: &dataset.config.name,
                    scores: &scores,
                    labels: &qualities,
                };
                let enough = |of: &Reliability| of.measured.iter().all(|set| set.srcc >= OFFERED);
                let reliability = metrics::reliability(&[judged]).filter(enough);
                measured
                    .reliability
                    .extend(reliability.map(|of| (fault.id().into(), of)));
            }
        }
        Ok(measured)
    }

    /// For each fault what its scene says of the validation photos of a dataset whose faults are known.
    fn seen(&self, judge: &Judge<'_>, dataset: &Dataset) -> Result<Vec<(Fault, Vec<Seen>)>> {
        let scenes = self.faults.places();
        let rows = judge.means(dataset, |answers: Answers| {
            let of_scene = |&(_, scene): &(Fault, usize)| {
                [
                    answers.scores.clone().narrow(1, scene, 1),
                    answers.domains[scene].probabilities.clone(),
                ]
            };
            Tensor::cat(scenes.iter().flat_map(of_scene).collect(), 1)
        })?;
        let mut first = 0;
        let of_fault = |&(fault, _): &(Fault, usize)| {
            let forms = fault.forms().len().max(1);
            let photos = dataset.validation.iter().zip(&rows);
            let seen = photos.filter_map(|(sample, row)| {
                Some(Seen {
                    fault: Fault::of_rung(sample.rung.as_ref()?)?,
                    quality: f64::from(Fault::quality(sample.rung.as_ref()?)?),
                    score: row[first],
                    forms: row[first + 1..=first + forms].to_vec(),
                })
            });
            let seen = seen.collect();
            first += 1 + forms;
            (fault, seen)
        };
        Ok(scenes.iter().map(of_fault).collect())
    }
}

fn claim(scene: &str, fault: Fault, seen: &[Seen]) -> Option<FaultClaim> {
    let form = |seen: &Seen| seen.fault.filter(|(has, _)| *has == fault);
    let claims = Claims::of(seen.iter().map(|photo| (photo.score, form(photo).is_some())).collect())?;
    // Of the photos that the fault is claimed of: which form is the likeliest.
    let told = seen
        .iter()
        .filter(|photo| photo.score <= claims.limit)
        .filter_map(|photo| {
            let (likeliest, probability) = photo.forms.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
            Some((-probability, form(photo)?.1? == likeliest))
        });
    Some(FaultClaim {
        scene: scene.into(),
        fault: fault.id().into(),
        forms: fault.forms().iter().map(|&form| form.into()).collect(),
        score: claims.limit as f32,
        form: Claims::of(told.collect()).map(|told| -told.limit as f32),
        claimed: claims.claimed as u32,
        right: claims.right as u32,
    })
}
