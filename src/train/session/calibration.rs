//! The moments that batch normalisation is folded with into a model.

use std::collections::BTreeMap;

use burn::tensor::{Tensor, TensorData};

use super::{
    super::{batches::Plan, network::Network, norm::MOMENTS, optimizer::numbers},
    STEM, Session,
};
use crate::{Result, image::CROP, model::Stem};

/// Batches of an epoch that the moments are measured on.
const BATCHES: usize = 24;

impl Session {
    /// Measures the moments of the average of the weights, on the first batches of `epoch`. Moments gathered step by step would be those
    /// of other weights.
    ///
    /// # Errors
    /// If a photo or the device fails.
    pub(super) fn calibrate(&mut self, plan: &Plan<'_>, epoch: usize) -> Result<()> {
        if !self.config.model.batch_norm {
            return Ok(());
        }
        let stem = self.stem()?;
        // For each convolution the means of its channels, then those of their squares.
        let mut sums: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        let mut batches = 0;
        self.look_at(plan, epoch, |crops| {
            stem.forward(crops);
            for (name, moments) in stem.moments() {
                let [_, channels] = moments.dims();
                let moments = numbers(moments.reshape([2 * channels]))?;
                let (means, variances) = moments.split_at(channels);
                let means = means.iter().map(|&mean| f64::from(mean));
                let squares = means
                    .clone()
                    .zip(variances)
                    .map(|(mean, &v)| f64::from(v) + mean * mean);
                let sums = sums.entry(name).or_insert_with(|| vec![0.0; 2 * channels]);
                sums.iter_mut()
                    .zip(means.chain(squares))
                    .for_each(|(sum, value)| *sum += value);
            }
            batches += 1;
            Ok(())
        })?;
        for (name, sums) in sums {
            let (means, squares) = sums.split_at(sums.len() / 2);
            let means: Vec<f64> = means.iter().map(|sum| sum / f64::from(batches)).collect();
            let squares = squares.iter().map(|sum| sum / f64::from(batches));
            let variances = squares
                .zip(&means)
                .map(|(square, mean)| (square - mean * mean).max(0.0))
                .collect();
            for (values, end) in [means.clone(), variances].into_iter().zip(MOMENTS) {
                self.set_measured(&format!("{STEM}.{name}{end}"), values);
            }
        }
        Ok(())
    }

    /// The stem with the average of the weights.
    pub(super) fn stem(&self) -> Result<Stem> {
        let network = Network::new(&self.parameters, &self.average, &self.scenes)?;
        Ok(network.gamma.visual.stem)
    }

    /// Gives the crops of the first batches of `epoch` to `each`, `[crops, 3, side, side]`.
    pub(super) fn look_at(
        &self,
        plan: &Plan<'_>,
        epoch: usize,
        mut each: impl FnMut(Tensor<4>) -> Result<()>,
    ) -> Result<()> {
        std::thread::scope(|scope| {
            for batch in plan.start(scope, epoch, 0, self.config.loaders).take(BATCHES) {
                let batch = batch?;
                let shape = [batch.labels.len(), 3, CROP as usize, CROP as usize];
                each(Tensor::from_data(TensorData::new(batch.pixels, shape), &self.device))?;
            }
            Ok(())
        })
    }

    pub(super) fn set_measured(&mut self, name: &str, values: Vec<f64>) {
        let values: Vec<f32> = values.into_iter().map(|value| value as f32).collect();
        if let Some(at) = self.parameters.list.iter().position(|parameter| parameter.name == name) {
            let length = values.len();
            let values = Tensor::from_data(TensorData::new(values, [length]), &self.device);
            self.average[at] = values.clone();
            self.parameters.list[at].values = values;
        }
    }
}
