//! The pooled statistics of the stem while they are learned from: what is usual of them, and which of them a step leaves out.

use burn::tensor::{Tensor, TensorData};

use super::{
    super::{
        batches::{Plan, random},
        norm::USUAL,
        optimizer::numbers,
    },
    STEM, Session,
};
use crate::{Result, model::Stem};

/// The least deviation: a statistic that is the same on all crops says nothing, and is not to be blown up.
const LEAST: f64 = 1e-3;

impl Session {
    /// Measures what is usual of the pooled statistics on the first batches of the first epoch, unless the model that the run begins with
    /// brought it along.
    ///
    /// # Errors
    /// If a photo or the device fails.
    pub(super) fn measure_usual(&mut self, plan: &Plan<'_>) -> Result<()> {
        let deviation = format!("{STEM}{}", USUAL[1]);
        let Some(found) = self
            .parameters
            .list
            .iter()
            .find(|parameter| parameter.name == deviation)
        else {
            return Ok(());
        };
        if numbers(found.values.clone())?.iter().any(|&value| value != 1.0) {
            return Ok(());
        }
        let stem = self.stem()?;
        // A row for each crop.
        let mut rows: Vec<Vec<f32>> = Vec::new();
        self.look_at(plan, 0, |crops| {
            if let Some(statistics) = stem.statistics(crops) {
                let [_, width] = statistics.dims();
                rows.extend(numbers(statistics.flatten(0, 1))?.chunks(width).map(<[f32]>::to_vec));
            }
            Ok(())
        })?;
        let count = rows.len() as f64;
        let sum = |at: usize, of: &dyn Fn(f64) -> f64| rows.iter().map(|row| of(f64::from(row[at]))).sum::<f64>();
        let statistics = 0..rows.first().map_or(0, Vec::len);
        let means: Vec<f64> = statistics.clone().map(|at| sum(at, &|value| value) / count).collect();
        let deviations = statistics.map(|at| (sum(at, &|value| (value - means[at]).powi(2)) / count).sqrt() + LEAST);
        let measured = [means.clone(), deviations.collect()];
        for (end, values) in USUAL.into_iter().zip(measured) {
            self.set_measured(&format!("{STEM}{end}"), values);
        }
        Ok(())
    }

    /// Leaves a part of the pooled statistics of each of `crops` out of the next step, another one in each step, and raises the others by
    /// as much.
    pub(super) fn leave_out(&self, stem: &mut Stem, crops: usize) {
        /// Draws of their own, apart from those of the batches.
        const APART: u64 = 0x0D80_9007;
        let (Some(pooled), part) = (stem.pooled_mut(), self.config.model.pooled_dropout) else {
            return;
        };
        let [statistics] = pooled.mean.dims();
        let mut draws = random(self.config.seed ^ APART, self.state.step, 0);
        let limit = (part * (1_u64 << 32) as f64) as u64;
        let kept = (1.0 / (1.0 - part)) as f32;
        let factors: Vec<f32> = (0..crops * statistics)
            .map(|_| if draws.next_u64() >> 32 < limit { 0.0 } else { kept })
            .collect();
        let factors = TensorData::new(factors, [crops, statistics]);
        pooled.dropout = Some(Tensor::from_data(factors, &self.device));
    }
}
