//! When faults are claimed, and how far their scores can be relied on: measured on distorted photos that nothing was learned from.

use burn::tensor::Tensor;

use super::{
    super::{
        about::Measured, dataset::Dataset, distortion::Fault, network::Answers, optimizer::numbers, validation::Judge,
    },
    Session,
};
use crate::{
    Result,
    metrics::{
        self, Judged,
        findings::{Claims, Evidence},
    },
    scorer::NEEDS_NO_WHY,
    weights::{FaultClaim, Reliability},
};

/// The least rank correlation, over photos that have a fault, of a scene that is offered beside what it claims.
const OFFERED: f32 = 0.5;

/// How much lower its score has to be than under the scene of any other fault: a sixteenth of the range of scores.
const MARGIN: f64 = 0.05;

/// What is known of a photo, and what the scenes of the faults say of it.
struct Seen {
    /// Which clean photo was distorted.
    photo: usize,
    /// The fault that it has, and its form; nothing of a clean photo.
    fault: Option<(Fault, Option<usize>)>,
    /// How good it is as to that fault, 0 to 1.
    quality: f64,
    /// Whether its score is so low that it needs an explanation.
    explained: bool,
    /// Of each fault the score of its scene, and the probability of each form.
    faults: Vec<(f64, Vec<f64>)>,
}

impl Session {
    /// For each scene whose datasets teach faults, when these are claimed, and how far the scores of the scenes of those that are can be relied on for
    /// photos that have them. A fault is never claimed where no score says reliably enough that it is there.
    ///
    /// # Errors
    /// If a photo or the device fails.
    pub(super) fn findings(&self, judge: &Judge<'_>, datasets: &[Dataset]) -> Result<Measured> {
        let mut measured = Measured::default();
        for (index, dataset) in datasets.iter().enumerate().filter(|(_, dataset)| dataset.config.faults) {
            let explained = self.lessons.own(index).map_or(0, |lesson| lesson.scene);
            let seen = self.seen(judge, dataset, explained)?;
            for (at, &(fault, _)) in self.faults.places().iter().enumerate() {
                let claim = claim(&dataset.config.scene, (at, fault), &seen);
                if claim.score.is_some() {
                    let has = |seen: &&Seen| seen.fault.is_some_and(|(has, _)| has == fault);
                    let has = seen.iter().filter(has);
                    let (scores, qualities): (Vec<f64>, Vec<f64>) =
                        has.map(|seen| (seen.faults[at].0, seen.quality)).unzip();
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
                measured.findings.push(claim);
            }
        }
        Ok(measured)
    }

    /// What the scenes of the faults say of the validation photos of a dataset whose faults are known.
    fn seen(&self, judge: &Judge<'_>, dataset: &Dataset, explained: usize) -> Result<Vec<Seen>> {
        let scenes = self.faults.places();
        let worth = numbers(judge.network.gamma.head.score_level.val())?;
        let ends = |of: fn(f32, f32) -> f32| worth.iter().copied().reduce(of).map_or(0.0, f64::from);
        let [low, high] = [ends(f32::min), ends(f32::max)];
        let needs_why = low + f64::from(NEEDS_NO_WHY) / 100.0 * (high - low);
        let rows = judge.means(dataset, |answers: Answers| {
            let of_scene = |&(_, scene): &(Fault, usize)| {
                [
                    answers.scores.clone().narrow(1, scene, 1),
                    answers.domains[scene].probabilities.clone(),
                ]
            };
            let of_photo = answers.scores.clone().narrow(1, explained, 1);
            let of_scenes = scenes.iter().flat_map(of_scene);
            Tensor::cat(std::iter::once(of_photo).chain(of_scenes).collect(), 1)
        })?;
        let mut photos = Vec::new();
        let seen = dataset.validation.iter().zip(&rows).filter_map(|(sample, row)| {
            let rung = sample.rung.as_ref()?;
            let [photo, ..] = &rung.ladder;
            let known = photos.iter().position(|known| known == photo);
            let mut rest = row.iter().copied();
            let score = rest.next().unwrap_or_default();
            let of_fault = |&(fault, _): &(Fault, usize)| {
                let score = rest.next().unwrap_or_default();
                (score, rest.by_ref().take(fault.forms().len().max(1)).collect())
            };
            Some(Seen {
                fault: Fault::of_rung(rung)?,
                quality: f64::from(Fault::quality(rung)?),
                explained: score < needs_why,
                faults: scenes.iter().map(of_fault).collect(),
                photo: known.unwrap_or_else(|| {
                    photos.push(photo.clone());
                    photos.len() - 1
                }),
            })
        });
        Ok(seen.collect())
    }
}

/// When the fault at a place is claimed.
fn claim(scene: &str, (at, fault): (usize, Fault), seen: &[Seen]) -> FaultClaim {
    let form = |seen: &Seen| seen.fault.filter(|(has, _)| *has == fault);
    let is_lowest = |seen: &&Seen| {
        let mut others = seen.faults.iter().enumerate().filter(|(other, _)| *other != at);
        others.all(|(_, (score, _))| *score >= seen.faults[at].0 + MARGIN)
    };
    let lowest: Vec<&Seen> = seen.iter().filter(is_lowest).collect();
    let evidence = lowest.iter().map(|seen| Evidence {
        value: seen.faults[at].0,
        is: form(seen).is_some(),
        photo: seen.photo,
    });
    let claims = Claims::of(evidence.collect());
    // Of the photos that the fault is claimed of: which form is the likeliest.
    let claimed = (lowest.iter()).filter(|seen| claims.is_some_and(|claims| seen.faults[at].0 <= claims.limit));
    let claimed: Vec<&Seen> = claimed.copied().collect();
    let right = claimed.iter().filter(|seen| seen.explained && form(seen).is_some());
    let quality = quality(right.map(|seen| (seen.faults[at].0, seen.quality)).collect());
    let forms = claimed.iter().filter_map(|seen| {
        let (likeliest, probability) = (seen.faults[at].1.iter().enumerate()).max_by(|a, b| a.1.total_cmp(b.1))?;
        Some(Evidence {
            value: -probability,
            is: form(seen)?.1? == likeliest,
            photo: seen.photo,
        })
    });
    FaultClaim {
        scene: scene.into(),
        fault: fault.id().into(),
        forms: fault.forms().iter().map(|&form| form.into()).collect(),
        form: Claims::of(forms.collect()).map(|told| -told.limit as f32),
        score: claims.map(|claims| claims.limit as f32),
        margin: Some(MARGIN as f32),
        quality: quality.map(|points| points.map(|point| point.map(|number| number as f32))),
        claimed: claims.map_or(0, |claims| claims.claimed as u32),
        right: claims.map_or(0, |claims| claims.right as u32),
    }
}

/// The straight line from scores to qualities, at the scores that nine in ten lie between.
fn quality(mut pairs: Vec<(f64, f64)>) -> Option<[[f64; 2]; 2]> {
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let [factor, constant] = metrics::line(pairs.iter().copied())?;
    let cut = pairs.len() / 20;
    let ends = [pairs.get(cut)?.0, pairs.get(pairs.len() - 1 - cut)?.0];
    Some(ends.map(|score| [score, factor * score + constant]))
}
