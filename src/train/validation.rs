//! How well a model's scores agree with people on photos that it does not learn from.

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::{
    batches::open,
    dataset::{Dataset, Sample},
    lessons::Lessons,
    network::{Answers, Network},
    optimizer::numbers,
};
use crate::{
    Error, Result,
    image::{self, CropOptions, CropPolicy, Normalization, Preparation},
    metrics::{Order, Rung, pearson, spearman},
};

/// What is said of a dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// The dataset.
    pub dataset: String,
    /// Photos.
    pub photos: usize,
    /// Spearman's rank correlation; `None` if all scores are the same.
    pub srcc: Option<f64>,
    /// Pearson's correlation.
    pub plcc: Option<f64>,
    /// Root of the mean squared error, on labels of 0 to 1.
    pub rmse: f64,
    /// Whether ladders are climbed, if the dataset has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ladders: Option<Order>,
}

/// How a model looks at photos that it is judged by.
pub struct Judge<'a> {
    /// The model.
    pub network: &'a Network,
    /// How photos are brought to it.
    pub photo: &'a Preparation,
    /// Which crops.
    pub crops: CropOptions,
    /// How pixels become input.
    pub normalization: Normalization,
    /// Crops of a forward pass.
    pub batch: usize,
    /// Where it computes.
    pub device: &'a Device,
}

/// Scores of the photos that a dataset is judged by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Predictions {
    /// The dataset.
    pub dataset: String,
    /// The photos' names in its label file.
    pub photos: Vec<String>,
    /// Labels from 0 to 1.
    pub labels: Vec<f64>,
    /// Scores of its scene.
    pub scores: Vec<f64>,
    /// `[factor, constant]` of the line from scores to labels.
    pub line: [f64; 2],
    /// Whether ladders are climbed, if the dataset has some.
    pub ladders: Option<Order>,
}

impl Predictions {
    /// A CSV of them: dataset, image, label from 0 to 1, score.
    pub(super) fn table(all: &[Self]) -> Result<Vec<u8>> {
        let refuse = |error: csv::Error| Error::Train(format!("predictions: {error}"));
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer
            .write_record(["dataset", "image", "label", "score"])
            .map_err(refuse)?;
        for of in all {
            for ((photo, label), score) in of.photos.iter().zip(&of.labels).zip(&of.scores) {
                let (label, score) = (format!("{label:.5}"), format!("{score:.5}"));
                writer
                    .write_record([of.dataset.as_str(), photo, &label, &score])
                    .map_err(refuse)?;
            }
        }
        writer.into_inner().map_err(|error| Error::Train(error.to_string()))
    }
}

impl From<&Predictions> for Figures {
    fn from(of: &Predictions) -> Self {
        let Predictions {
            scores,
            labels,
            line: [factor, constant],
            ..
        } = of;
        let squares = scores
            .iter()
            .zip(labels)
            .map(|(s, l)| (factor * s + constant - l).powi(2));
        Self {
            dataset: of.dataset.clone(),
            photos: labels.len(),
            srcc: spearman(scores, labels),
            plcc: pearson(scores, labels),
            rmse: (squares.sum::<f64>() / labels.len() as f64).sqrt(),
            ladders: of.ladders,
        }
    }
}

impl Judge<'_> {
    /// Scores the validation photos of every dataset that has some. `values` are those of the parameters.
    ///
    /// # Errors
    /// [`Error::Dataset`] if a photo cannot be read, or if the device fails.
    pub(super) fn predictions(
        &self,
        datasets: &[Dataset],
        lessons: &Lessons,
        values: &[Tensor<1>],
    ) -> Result<Vec<Predictions>> {
        let mut predictions = Vec::new();
        for (index, dataset) in datasets.iter().enumerate() {
            let (samples, Some(lesson)) = (&dataset.validation, lessons.own(index)) else {
                continue;
            };
            if samples.is_empty() {
                continue;
            }
            let scores = self.scores(dataset, lesson.scene)?;
            predictions.push(Predictions {
                dataset: dataset.config.name.clone(),
                photos: samples.iter().map(|sample| sample.name.clone()).collect(),
                labels: samples.iter().map(|sample| f64::from(sample.label)).collect(),
                ladders: ladders(samples, &scores),
                line: lessons.line(lesson, values)?,
                scores,
            });
        }
        Ok(predictions)
    }

    /// The mean score of each photo's crops.
    fn scores(&self, dataset: &Dataset, scene: usize) -> Result<Vec<f64>> {
        let means = self.means(dataset, |answers| answers.scores.narrow(1, scene, 1))?;
        Ok(means.into_iter().flatten().collect())
    }

    /// The means, over each photo's crops, of the rows that `rows` takes of what crops are answered with. The crops of several photos share
    /// forward passes.
    pub(super) fn means(&self, dataset: &Dataset, rows: impl Fn(Answers) -> Tensor<2>) -> Result<Vec<Vec<f64>>> {
        let side = image::CROP as usize;
        let mut sums = vec![(Vec::new(), 0_usize); dataset.validation.len()];
        let mut input: Vec<f32> = Vec::new();
        let mut owners: Vec<usize> = Vec::new();
        let mut flush = |input: &mut Vec<f32>, owners: &mut Vec<usize>| -> Result<()> {
            let count = owners.len();
            if count == 0 {
                return Ok(());
            }
            let crops = TensorData::new(std::mem::take(input), [count, 3, side, side]);
            let crops = Tensor::from_data(crops, self.device);
            let rows = rows(self.network.answers(crops));
            let [_, width] = rows.dims();
            let rows = numbers(rows.reshape([count * width]))?;
            for (owner, row) in owners.drain(..).zip(rows.chunks_exact(width)) {
                let (sum, crops) = &mut sums[owner];
                sum.resize(width, 0.0);
                sum.iter_mut()
                    .zip(row)
                    .for_each(|(sum, &value)| *sum += f64::from(value));
                *crops += 1;
            }
            Ok(())
        };
        for (index, sample) in dataset.validation.iter().enumerate() {
            let pixels = open(dataset, sample)?;
            for crop in self.photo.plan(pixels.width, pixels.height, &self.crops)? {
                let start = input.len();
                input.resize(start + 3 * side * side, 0.0);
                image::input(&pixels, crop, &self.normalization, &mut input[start..])?;
                owners.push(index);
                if owners.len() == self.batch.max(1) {
                    flush(&mut input, &mut owners)?;
                }
            }
        }
        flush(&mut input, &mut owners)?;
        let mean = |(sum, crops): (Vec<f64>, usize)| sum.into_iter().map(|sum| sum / crops.max(1) as f64).collect();
        Ok(sums.into_iter().map(mean).collect())
    }
}

/// Photos without a place on a ladder are left out; without any there is nothing to say.
fn ladders(samples: &[Sample], scores: &[f64]) -> Option<Order> {
    let (rungs, scores): (Vec<&Rung>, Vec<f64>) = samples
        .iter()
        .zip(scores)
        .filter_map(|(sample, &score)| Some((sample.rung.as_ref()?, score)))
        .unzip();
    (!rungs.is_empty()).then(|| Order::of(&rungs, &scores))
}

/// Crops of a photo, spread evenly.
pub(super) fn grid(crops: u32) -> CropOptions {
    CropOptions {
        policy: CropPolicy::Grid,
        crops,
        seed: 0,
    }
}
