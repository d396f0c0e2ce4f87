//! How well a model's scores agree with people on photos that it does not learn from.

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::{
    batches::open,
    dataset::{Dataset, Sample},
    network::Network,
    optimizer::numbers,
};
use crate::{
    Result,
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

impl Judge<'_> {
    /// Scores the validation photos of every dataset that has some. `scenes` are those of the datasets.
    ///
    /// # Errors
    /// [`Error::Dataset`](crate::Error::Dataset) if a photo cannot be read, or if the device fails.
    pub fn figures(&self, datasets: &[Dataset], scenes: &[usize]) -> Result<Vec<Figures>> {
        let mut figures = Vec::new();
        for (dataset, &scene) in datasets.iter().zip(scenes) {
            if dataset.validation.is_empty() {
                continue;
            }
            let scores = self.scores(dataset, scene)?;
            let labels: Vec<f64> = dataset.validation.iter().map(|s| f64::from(s.label)).collect();
            let squares = scores.iter().zip(&labels).map(|(s, l)| (s - l).powi(2));
            figures.push(Figures {
                dataset: dataset.config.name.clone(),
                photos: labels.len(),
                srcc: spearman(&scores, &labels),
                plcc: pearson(&scores, &labels),
                rmse: (squares.sum::<f64>() / labels.len() as f64).sqrt(),
                ladders: ladders(&dataset.validation, &scores),
            });
        }
        Ok(figures)
    }

    /// The mean score of each photo's crops. The crops of several photos share forward passes.
    fn scores(&self, dataset: &Dataset, scene: usize) -> Result<Vec<f64>> {
        let side = image::CROP as usize;
        let mut sums = vec![(0.0, 0_usize); dataset.validation.len()];
        let mut input: Vec<f32> = Vec::new();
        let mut owners: Vec<usize> = Vec::new();
        let mut flush = |input: &mut Vec<f32>, owners: &mut Vec<usize>| -> Result<()> {
            let count = owners.len();
            if count == 0 {
                return Ok(());
            }
            let crops = TensorData::new(std::mem::take(input), [count, 3, side, side]);
            let crops = Tensor::from_data(crops, self.device);
            let scores = numbers(self.network.score(crops, &vec![scene; count]))?;
            for (owner, score) in owners.drain(..).zip(scores) {
                sums[owner].0 += f64::from(score);
                sums[owner].1 += 1;
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
        Ok(sums.into_iter().map(|(sum, count)| sum / count.max(1) as f64).collect())
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
