//! The figures as people and programs read them.

use std::fmt::Write as _;
use std::io;

use gamma_wasm::image::{CropOptions, CropPolicy};
use gamma_wasm::metrics::deviation::{Deviation, Deviations};
use gamma_wasm::metrics::{CONFIDENCE, Comparison, Estimate, Evaluation, Held, Outcome, Overall, RESAMPLES, paper};
use gamma_wasm::scorer::Scorer;
use serde::Serialize;

use super::args::Eval;
#[cfg(feature = "train")]
use super::faults::Claimed;
use super::labels::Labelled;
use super::ladders::Climbed;
use super::reliability;
use super::splits::Spreads;
use super::{Models, Results};
use crate::names::{name, printable};
use crate::output::{json_line, print};
use crate::report::Failure;

/// What the figures are called, in their order.
pub const FIGURES: [&str; 5] = ["SRCC", "PLCC", "PLCC, fitted", "KRCC", "RMSE, fitted"];

/// Everything that is to be printed.
pub struct Report<'a> {
    pub arguments: &'a Eval,
    pub models: &'a Models,
    pub results: &'a [Results],
    pub evaluation: &'a Evaluation,
    /// What scoring and evaluating took.
    pub seconds: f64,
}

#[derive(Serialize)]
struct Document<'a> {
    model: ModelName<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    against: Option<ModelName<'a>>,
    policy: CropPolicy,
    crops: u32,
    seed: u64,
    parity: bool,
    resamples: usize,
    confidence: f64,
    datasets: Vec<Dataset<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    overall: Option<&'a Overall>,
    seconds: f64,
}

#[derive(Serialize)]
struct ModelName<'a> {
    name: &'a str,
    trained: bool,
}

#[derive(Serialize)]
struct Dataset<'a> {
    csv: String,
    images: String,
    scene: &'a str,
    lower_better: bool,
    photos: usize,
    failed: Vec<Failed<'a>>,
    #[serde(flatten)]
    outcome: &'a Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    deviations: Option<Apart<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ladders: Option<Climbed>,
    #[cfg(feature = "train")]
    #[serde(skip_serializing_if = "Option::is_none")]
    faults: Option<Claimed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    splits: Option<Spreads>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reliability: Option<Held>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paper: Option<Published>,
}

#[derive(Serialize)]
struct Failed<'a> {
    image: &'a str,
    error: &'a Failure,
}

/// How far the two models are apart, and on which photo most.
#[derive(Serialize)]
struct Apart<'a> {
    #[serde(flatten)]
    deviations: Deviations,
    worst_crop_of: &'a str,
    worst_photo: &'a str,
}

#[derive(Serialize)]
struct Published {
    #[serde(flatten)]
    dataset: &'static paper::Dataset,
    source: &'static str,
}

impl<'a> ModelName<'a> {
    fn of(scorer: &'a Scorer) -> Self {
        let info = scorer.info();
        Self {
            name: &info.name,
            trained: info.trained,
        }
    }
}

impl<'a> Apart<'a> {
    fn of(set: &'a Results) -> Option<Self> {
        let deviations = Deviations::of(&set.model, set.against.as_ref()?);
        let named = |deviation: &Deviation| set.rows.get(deviation.photo).map_or("", |row: &Labelled| &row.image);
        Some(Self {
            worst_crop_of: named(&deviations.crops),
            worst_photo: named(&deviations.photos),
            deviations,
        })
    }
}

impl Report<'_> {
    /// Prints in the format asked for.
    ///
    /// # Errors
    /// If standard output does not take it.
    pub fn print(&self) -> io::Result<()> {
        if self.arguments.json {
            let mut line = Vec::new();
            json_line(&mut line, &self.document())?;
            print(&line)
        } else {
            print(self.text().as_bytes())
        }
    }

    fn document(&self) -> Document<'_> {
        let CropOptions { policy, crops, seed } = self.models.crops();
        let datasets = self
            .results
            .iter()
            .zip(&self.evaluation.datasets)
            .map(|(set, outcome)| Dataset {
                csv: set.source.csv.to_string_lossy().into_owned(),
                images: set.source.images.to_string_lossy().into_owned(),
                scene: self.models.scene(&set.source),
                lower_better: set.source.lower_better,
                photos: set.rows.len(),
                failed: set
                    .failed
                    .iter()
                    .map(|(image, error)| Failed { image, error })
                    .collect(),
                outcome,
                deviations: Apart::of(set),
                ladders: Climbed::of(set),
                #[cfg(feature = "train")]
                faults: Claimed::of(set),
                splits: self.splits(set),
                reliability: reliability::held(self.models, set),
                paper: set.source.paper.map(|dataset| Published {
                    dataset,
                    source: paper::SOURCE,
                }),
            });
        Document {
            model: ModelName::of(&self.models.model),
            against: self.models.against.as_ref().map(ModelName::of),
            policy,
            crops,
            seed,
            parity: self.arguments.crops.parity,
            resamples: RESAMPLES,
            confidence: CONFIDENCE,
            datasets: datasets.collect(),
            overall: self.evaluation.overall.as_ref(),
            seconds: self.seconds,
        }
    }

    /// The number of splits was checked with the arguments.
    fn splits(&self, set: &Results) -> Option<Spreads> {
        Spreads::of(set, self.arguments.splits, self.arguments.seed).unwrap_or_default()
    }

    fn text(&self) -> String {
        let mut text = String::new();
        let _ = write!(text, "model    {}", printable(&self.models.model.info().name));
        if let Some(against) = &self.models.against {
            let _ = write!(text, "\nagainst  {}", printable(&against.info().name));
        }
        let CropOptions { policy, crops, seed } = self.models.crops();
        let crops = match policy {
            CropPolicy::Random => format!("{crops} random crops a photo, seed {seed}"),
            CropPolicy::Grid => format!("a grid of {crops} crops"),
            policy => format!("crops: {}", policy.as_str()),
        };
        let percent = 100.0 * CONFIDENCE;
        let _ = writeln!(
            text,
            "\n{crops}; in brackets: {percent:.0}% intervals from {RESAMPLES} resamples"
        );
        for (set, outcome) in self.results.iter().zip(&self.evaluation.datasets) {
            dataset(&mut text, set, self.models.scene(&set.source), outcome);
            if let Some(Held { inside, decided, right }) = reliability::held(self.models, set) {
                let right = right.map_or("-".into(), |right| format!("{:.1}%", 100.0 * right));
                let _ = writeln!(
                    text,
                    "intervals     hold {:.1}% of the photos; of all pairs {:.1}% are decided, {right} of these rightly",
                    100.0 * inside,
                    100.0 * decided
                );
            }
            if let Some(splits) = self.splits(set) {
                text += &splits.text();
            }
        }
        if let Some(overall) = &self.evaluation.overall {
            let photos: usize = self.results.iter().map(|set| set.rows.len()).sum();
            let _ = writeln!(text, "\nover all {} datasets, {photos} photos", self.results.len());
            table(&mut text, "mean", &overall.mean);
            table(&mut text, "by photos", &overall.weighted);
            if let Some(pooled) = &overall.pooled {
                table(&mut text, "pooled", pooled);
            }
        }
        let scored: usize = self.results.iter().map(|set| set.rows.len()).sum();
        let failed: usize = self.results.iter().map(|set| set.failed.len()).sum();
        let left_out = if failed > 0 {
            format!(", {failed} left out")
        } else {
            String::new()
        };
        let seconds = self.seconds;
        let rate = scored as f64 / seconds.max(f64::EPSILON);
        let _ = writeln!(
            text,
            "\n{scored} photos scored{left_out}; {seconds:.1} s, {rate:.2} photos/s"
        );
        text
    }
}

fn dataset(text: &mut String, set: &Results, scene: &str, outcome: &Outcome) {
    let (csv, scene) = (name(&set.source.csv), printable(scene));
    let _ = write!(text, "\n{csv}, {scene}: {} photos", set.rows.len());
    if !set.failed.is_empty() {
        let _ = write!(text, ", {} left out", set.failed.len());
    }
    text.push('\n');
    table(text, "", &outcome.figures);
    if let Some(fit) = outcome.fit {
        let rise = fit.high - fit.low;
        let sign = if rise < 0.0 { '-' } else { '+' };
        let (rise, low, centre, width) = (rise.abs(), fit.low, fit.centre, fit.width);
        let _ = writeln!(
            text,
            "curve         {low:.4} {sign} {rise:.4} / (1 + exp(-(score - {centre:.4}) / {width:.4}))"
        );
    }
    if let Some(climbed) = Climbed::of(set) {
        climbed.write(text);
    }
    #[cfg(feature = "train")]
    if let Some(claimed) = Claimed::of(set) {
        claimed.write(text);
    }
    if let Some(paper) = set.source.paper {
        let paper::Dataset { name, srcc, plcc, .. } = paper;
        let _ = writeln!(
            text,
            "paper         {name}: SRCC {srcc:.3}, PLCC {plcc:.3} ({})",
            paper::SOURCE
        );
    }
    if let Some(Apart {
        deviations,
        worst_crop_of,
        worst_photo,
    }) = Apart::of(set)
    {
        for (what, Deviation { largest, rms, .. }, worst) in [
            ("crops apart", deviations.crops, worst_crop_of),
            ("photos apart", deviations.photos, worst_photo),
        ] {
            let worst = printable(worst);
            let _ = writeln!(text, "{what:<12}  largest {largest:.6} ({worst}), rms {rms:.6}");
        }
        let [srcc, krcc] =
            [deviations.srcc, deviations.krcc].map(|value| value.map_or("-".into(), |v| format!("{v:.6}")));
        let _ = writeln!(text, "same order    SRCC {srcc}, KRCC {krcc} between the two models");
    }
}

/// A row for each figure that is defined for some column; a heading where there is more than one column.
fn table(text: &mut String, heading: &str, figures: &Comparison) {
    let columns: Vec<(&str, [Estimate; 5])> = [
        ("model", Some(figures.model)),
        ("against", figures.against),
        ("against - model", figures.difference),
    ]
    .into_iter()
    .filter_map(|(heading, figures)| Some((heading, figures?.values())))
    .collect();
    if columns.len() > 1 || !heading.is_empty() {
        let _ = write!(text, "{heading:<12}");
        let headings = columns.iter().filter(|_| columns.len() > 1);
        headings.for_each(|(heading, _)| text.push_str(&format!("  {heading:<25}")));
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    let overall = !heading.is_empty();
    for (index, figure) in FIGURES.iter().enumerate() {
        // Over datasets of different units RMSE is never defined, and a row would not say more.
        if overall && columns.iter().all(|(_, figures)| figures[index].value.is_none()) {
            continue;
        }
        let _ = write!(text, "{figure:<12}");
        for (_, figures) in &columns {
            text.push_str(&format!("  {:<25}", estimate(&figures[index])));
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
}

/// `0.8510 [0.8012, 0.8911]`; a dash for what is not defined.
pub fn estimate(estimate: &Estimate) -> String {
    let Some(value) = estimate.value else {
        return format!("{:>7}", "-");
    };
    let interval = match estimate.interval {
        Some(interval) => format!("[{:.4}, {:.4}]", interval.low, interval.high),
        None => "[-]".into(),
    };
    format!("{value:>7.4} {interval}")
}
