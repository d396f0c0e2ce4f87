//! How a run is judged: after each epoch, and once more at its end.

use burn::tensor::{Tensor, TensorData};

use super::{
    super::{
        about::reliability,
        batches::Plan,
        checkpoint,
        config::Keep,
        dataset::Dataset,
        network::Network,
        parameters::Parameters,
        state::Outcome,
        validation::{Figures, Judge, Predictions, grid},
    },
    Session,
};
use crate::Result;

impl Session {
    pub(super) fn judge(&self, datasets: &[Dataset], crops: u32) -> Result<Vec<Predictions>> {
        let (parameters, average) = self.parameters.folded(&self.result())?;
        self.judge_as(&parameters, &average, datasets, crops)
    }

    fn judge_as(
        &self,
        parameters: &Parameters,
        average: &[Tensor<1>],
        datasets: &[Dataset],
        crops: u32,
    ) -> Result<Vec<Predictions>> {
        let judge = Judge {
            network: &Network::new(parameters, average, &self.scenes)?,
            photo: &self.photo,
            crops: grid(crops),
            normalization: self.parameters.config.normalization(),
            batch: self.config.validation.batch,
            device: &self.device,
        };
        // The lines' places are those among all parameters.
        judge.predictions(datasets, &self.lessons, &self.average)
    }

    /// Judges the model of the epoch that is kept once more, with more crops.
    pub(super) fn finish(&mut self, plan: &Plan<'_>) -> Result<Outcome> {
        let model = self.file("model.safetensors");
        let (mut tensors, _) = checkpoint::read(&model)?;
        let (parameters, mut average) = self.parameters.folded(&self.result())?;
        for (parameter, average) in parameters.list.iter().zip(&mut average) {
            if let Some((_, values)) = tensors.remove(&parameter.name) {
                let length = values.len();
                *average = Tensor::from_data(TensorData::new(values, [length]), &self.device);
            }
        }
        let predictions = self.judge_as(&parameters, &average, plan.datasets, self.config.validation.final_crops)?;
        checkpoint::replace(&self.file("predictions.csv"), &Predictions::table(&predictions)?)?;
        if self.config.schedule.keep == Keep::Last {
            self.write_model(&model, reliability(&self.config, &predictions))?;
        }
        Ok(Outcome {
            validation: predictions.iter().map(Figures::from).collect(),
            predictions,
            model,
            best: self.kept().cloned(),
        })
    }
}
