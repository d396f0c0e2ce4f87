//! Scores and labels of datasets to figures with intervals, for each dataset and over all, for one model or for two on
//! the same photos.

use serde::Serialize;

use super::bootstrap::{Interval, bootstrap};
use super::fit::Logistic;
use super::rank::{kendall, pearson, spearman};

/// What is known of the photos of a dataset. All lists have one length and one order; values are finite.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// What the model says.
    pub scores: Vec<f64>,
    /// What another model says of the same photos. All samples of an evaluation have it, or none.
    pub against: Option<Vec<f64>>,
    /// What people say.
    pub labels: Vec<f64>,
    /// Whether a lower label means a better photo.
    pub lower_better: bool,
    /// Smallest and largest label that the dataset's scale has, if known.
    pub range: Option<[f64; 2]>,
}

/// A figure for each way in which scores can agree with labels. All are taken with higher labels as better.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Statistics<T> {
    /// Spearman's correlation.
    pub srcc: T,
    /// Pearson's correlation of the scores as they are.
    pub plcc: T,
    /// Pearson's correlation after the [`Logistic`] fit.
    pub plcc_fitted: T,
    /// Kendall's correlation, tau-b.
    pub krcc: T,
    /// Root of the mean squared error after the fit, in the unit of the labels.
    pub rmse: T,
}

impl<T> Statistics<T> {
    /// The figures in the order of the fields.
    pub fn values(self) -> [T; 5] {
        [self.srcc, self.plcc, self.plcc_fitted, self.krcc, self.rmse]
    }
}

impl<T> From<[T; 5]> for Statistics<T> {
    fn from([srcc, plcc, plcc_fitted, krcc, rmse]: [T; 5]) -> Self {
        Self {
            srcc,
            plcc,
            plcc_fitted,
            krcc,
            rmse,
        }
    }
}

/// A figure, `None` where it is not defined, and its interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Estimate {
    /// Of the photos at hand.
    pub value: Option<f64>,
    /// Middle 95% of what photos drawn anew give.
    #[serde(flatten)]
    pub interval: Option<Interval>,
}

/// The figures of the model; of the other one too, and how much higher those are, if there is another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Comparison {
    /// Figures of the model.
    pub model: Statistics<Estimate>,
    /// Figures of the other model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<Statistics<Estimate>>,
    /// The other's less the model's. Both are taken of the same draws, so its interval tells more than the two apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<Statistics<Estimate>>,
}

/// What comes out for one dataset.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// Its figures.
    #[serde(flatten)]
    pub figures: Comparison,
    /// The fitted curve, in the unit and the direction of the labels.
    pub fit: Option<Logistic>,
}

/// What comes out over several datasets. RMSE has no mean, since the units differ.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Overall {
    /// Mean of the datasets, each as important as the next.
    pub mean: Comparison,
    /// Mean of the datasets, each as important as it has photos.
    pub weighted: Comparison,
    /// All photos as one dataset, labels scaled to 0..1, higher better, by the datasets' ranges; only if these are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pooled: Option<Comparison>,
}

/// All that is to be said.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// In the order of the samples.
    pub datasets: Vec<Outcome>,
    /// Only of several datasets.
    pub overall: Option<Overall>,
}

/// Takes all figures of `samples`; `seed` starts the draws for the intervals.
///
/// # Panics
/// If a sample's lists differ in length.
pub fn evaluate(samples: &[Sample], seed: u64) -> Evaluation {
    let table = Table::new(samples);
    let sizes: Vec<usize> = samples.iter().map(|sample| sample.labels.len()).collect();
    let everything: Vec<Vec<usize>> = sizes.iter().map(|&size| (0..size).collect()).collect();
    let (rows, curves) = table.figures(&everything, &[]);
    let flat = |rows: Vec<Row>| rows.into_iter().flatten().collect::<Vec<_>>();
    let intervals = bootstrap(&sizes, seed, |drawn| flat(table.figures(drawn, &curves).0));
    let estimates: Vec<Estimate> = flat(rows)
        .into_iter()
        .zip(intervals)
        .map(|(value, interval)| Estimate {
            value,
            interval: value.and(interval),
        })
        .collect();
    // The rows come back in the order in which `Table::figures` lists them.
    let mut rows = estimates.as_chunks::<5>().0.iter().map(|&row| Statistics::from(row));
    let mut next = || {
        Some(Comparison {
            model: rows.next()?,
            against: if table.models > 1 { rows.next() } else { None },
            difference: if table.models > 1 { rows.next() } else { None },
        })
    };
    let mut datasets = Vec::with_capacity(samples.len());
    for (index, sample) in samples.iter().enumerate() {
        let fit = curves.get(index * table.models).copied().flatten();
        let turn = |curve: Logistic| match sample.lower_better {
            true => Logistic {
                high: -curve.high,
                low: -curve.low,
                ..curve
            },
            false => curve,
        };
        datasets.extend(next().map(|figures| Outcome {
            figures,
            fit: fit.map(turn),
        }));
    }
    let overall = match (next(), next()) {
        (Some(mean), Some(weighted)) => Some(Overall {
            mean,
            weighted,
            pooled: next(),
        }),
        _ => None,
    };
    Evaluation { datasets, overall }
}

type Row = [Option<f64>; 5];

/// The samples with all labels turned so that higher is better.
struct Table<'a> {
    samples: &'a [Sample],
    labels: Vec<Vec<f64>>,
    /// Labels scaled to 0..1, if that can be done for all.
    scaled: Option<Vec<Vec<f64>>>,
    models: usize,
}

impl<'a> Table<'a> {
    fn new(samples: &'a [Sample]) -> Self {
        let turned = |sample: &Sample, label: f64| if sample.lower_better { -label } else { label };
        let labels = |sample: &Sample| sample.labels.iter().map(|&label| turned(sample, label)).collect();
        let scaled = |sample: &Sample| {
            let [low, high] = sample.range?.map(|end| turned(sample, end));
            let (low, high) = (low.min(high), low.max(high));
            let scale = |&label: &f64| (turned(sample, label) - low) / (high - low);
            Some(sample.labels.iter().map(scale).collect())
        };
        Self {
            samples,
            labels: samples.iter().map(labels).collect(),
            scaled: samples.iter().map(scaled).collect(),
            models: 1 + usize::from(!samples.is_empty() && samples.iter().all(|sample| sample.against.is_some())),
        }
    }

    /// The figures of the photos drawn: of each dataset, then the mean, the weighted mean and the pooled ones if there are
    /// several; each for the model, or for the model, the other and their difference. Also the fitted curves, of which
    /// another draw can begin its fits.
    fn figures(&self, drawn: &[Vec<usize>], starts: &[Option<Logistic>]) -> (Vec<Row>, Vec<Option<Logistic>>) {
        let (mut rows, mut curves) = (Vec::new(), Vec::new());
        let mut take = |scores: &[f64], labels: &[f64]| {
            let start = starts.get(curves.len()).and_then(Option::as_ref);
            let (row, curve) = statistics(scores, labels, start);
            curves.push(curve);
            row
        };
        let mut of_datasets = Vec::with_capacity(self.samples.len());
        for (index, drawn) in drawn.iter().enumerate() {
            let labels = pick(&self.labels[index], drawn);
            of_datasets.push(self.each_model(|model| take(&pick(self.scores(index, model), drawn), &labels)));
        }
        of_datasets.iter().for_each(|of_models| compare(&mut rows, of_models));
        if drawn.len() > 1 {
            let sizes: Vec<f64> = drawn.iter().map(|drawn| drawn.len() as f64).collect();
            for weights in [&vec![1.0; drawn.len()], &sizes] {
                let mean = |model: usize| weighted_mean(of_datasets.iter().map(|rows| rows[model]), weights);
                compare(&mut rows, &self.each_model(mean));
            }
            if let Some(scaled) = &self.scaled {
                let all = |of: &dyn Fn(usize) -> &'a [f64]| -> Vec<f64> {
                    drawn
                        .iter()
                        .enumerate()
                        .flat_map(|(index, drawn)| pick(of(index), drawn))
                        .collect()
                };
                let labels: Vec<f64> = scaled
                    .iter()
                    .zip(drawn)
                    .flat_map(|(labels, drawn)| pick(labels, drawn))
                    .collect();
                compare(
                    &mut rows,
                    &self.each_model(|model| take(&all(&|index| self.scores(index, model)), &labels)),
                );
            }
        }
        (rows, curves)
    }

    fn each_model(&self, row: impl FnMut(usize) -> Row) -> Vec<Row> {
        (0..self.models).map(row).collect()
    }

    fn scores(&self, index: usize, model: usize) -> &'a [f64] {
        let sample = &self.samples[index];
        if model == 0 {
            &sample.scores
        } else {
            sample.against.as_deref().unwrap_or_default()
        }
    }
}

fn pick(values: &[f64], indices: &[usize]) -> Vec<f64> {
    indices.iter().map(|&index| values[index]).collect()
}

/// Adds the rows of the models, and of their difference if there are two.
fn compare(rows: &mut Vec<Row>, of_models: &[Row]) {
    rows.extend(of_models);
    if let [model, against] = of_models {
        rows.push(std::array::from_fn(|figure| Some(against[figure]? - model[figure]?)));
    }
}

/// The mean of each correlation; of RMSE none.
fn weighted_mean(rows: impl Iterator<Item = Row> + Clone, weights: &[f64]) -> Row {
    let total: f64 = weights.iter().sum();
    let mut mean: Row = std::array::from_fn(|figure| {
        let terms = rows
            .clone()
            .zip(weights)
            .map(|(row, weight)| Some(row[figure]? * weight));
        Some(terms.sum::<Option<f64>>()? / total)
    });
    mean[4] = None;
    mean
}

/// The figures of photos, and the curve that was fitted.
fn statistics(scores: &[f64], labels: &[f64], start: Option<&Logistic>) -> (Row, Option<Logistic>) {
    let fit = Logistic::fit(scores, labels, start);
    let fitted: Option<Vec<f64>> = fit.map(|fit| scores.iter().map(|&score| fit.at(score)).collect());
    let plcc_fitted = fitted.as_ref().and_then(|fitted| pearson(fitted, labels));
    let rmse = fitted.map(|fitted| {
        let squares = fitted
            .iter()
            .zip(labels)
            .map(|(fitted, label)| (fitted - label).powi(2));
        (squares.sum::<f64>() / labels.len() as f64).sqrt()
    });
    let row = [
        spearman(scores, labels),
        pearson(scores, labels),
        plcc_fitted,
        kendall(scores, labels),
        rmse,
    ];
    (row, fit)
}
