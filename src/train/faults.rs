//! What distorted crops teach the scenes of faults.

use burn::tensor::{Tensor, TensorData};

use super::{
    batches::Batch, config::TrainConfig, distortion::Fault, lessons::cross_entropy, live::Faults, network::Answers,
};

/// The place of each fault's scene among those that are learned.
#[derive(Debug, Clone)]
pub(super) struct FaultScenes(Vec<(Fault, usize)>);

/// The lowest and the highest score: the worth of the levels that a model begins with.
const SCORES: [f32; 2] = [0.2, 1.0];
/// The weight of the cross-entropy of a fault's form beside the squared error of its score.
const FORM: f64 = 0.1;

impl FaultScenes {
    /// Those of a configuration.
    pub fn new(config: &TrainConfig) -> Self {
        let scenes = config.learned_scenes();
        let place = |fault: Fault| Some((fault, scenes.iter().position(|scene| scene == fault.id())?));
        Self(config.faults().filter_map(place).collect())
    }

    /// The faults and the places.
    pub fn places(&self) -> &[(Fault, usize)] {
        &self.0
    }

    /// The mean squared error of the scores of faults, over all faults of the crops whose faults are known, and how well their forms are
    /// told; `None` without such crops.
    pub fn loss(&self, answers: &Answers, batch: &Batch) -> Option<Tensor<1>> {
        let known = batch.faults.iter().flatten().count();
        if known == 0 || self.0.is_empty() {
            return None;
        }
        let device = answers.scores.device();
        let [crops, scenes] = answers.scores.dims();
        let constant = |values: Vec<f32>| Tensor::<2>::from_data(TensorData::new(values, [crops, scenes]), &device);
        let (mut wanted, mut counts) = (vec![0.0; crops * scenes], vec![0.0; crops * scenes]);
        for (crop, faults) in batch.faults.iter().enumerate() {
            let Some(Faults { fault: has, quality }) = faults else {
                continue;
            };
            let has = has.map(|(fault, _)| fault);
            for &(fault, scene) in &self.0 {
                let quality = if has == Some(fault) { *quality } else { 1.0 };
                wanted[crop * scenes + scene] = SCORES[0] + quality * (SCORES[1] - SCORES[0]);
                counts[crop * scenes + scene] = 1.0;
            }
        }
        let errors = (answers.scores.clone() - constant(wanted)) * constant(counts);
        let mut total = (errors.clone() * errors).sum() / (known * self.0.len()) as f64;
        for &(fault, scene) in &self.0 {
            // A fault that is hardly seen has no form that could be.
            let form = |faults: &Option<Faults>| match faults {
                Some(Faults {
                    fault: Some((has, form)),
                    quality,
                }) if *has == fault && *quality < CLEAR => *form,
                _ => None,
            };
            let probabilities = &answers.domains[scene].probabilities;
            if let Some(entropy) = cross_entropy(probabilities, batch.faults.iter().map(form)) {
                total = total + entropy * (FORM / known as f64);
            }
        }
        Some(total)
    }
}

/// Photos of a lower quality have a fault that people see.
const CLEAR: f32 = 0.9;
