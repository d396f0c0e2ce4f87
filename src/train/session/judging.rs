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
        validation::{Judge, Predictions, grid},
    },
    Session,
};
use crate::Result;

impl Session {
    pub(super) fn judge(&self, datasets: &[Dataset], crops: u32) -> Result<Vec<Predictions>> {
        let (parameters, average) = self.parameters.folded(&self.result())?;
        let network = Network::new(&parameters, &average, &self.scenes)?;
        self.predictions(&self.judge_of(&network, crops), datasets)
    }

    fn judge_of<'a>(&'a self, network: &'a Network, crops: u32) -> Judge<'a> {
        Judge {
            network,
            photo: &self.photo,
            crops: grid(crops),
            normalization: self.parameters.config.normalization(),
            batch: self.config.validation.batch,
            device: &self.device,
        }
    }

    fn predictions(&self, judge: &Judge<'_>, datasets: &[Dataset]) -> Result<Vec<Predictions>> {
        // The lines' places are those among all parameters.
        judge.predictions(datasets, &self.lessons, &self.average)
    }

    /// Judges the model of the epoch that is kept once more, with more crops.
    pub(super) fn finish(&mut self, plan: &Plan<'_>) -> Result<Vec<Predictions>> {
        let model = self.file("model.safetensors");
        let (mut tensors, _) = checkpoint::read(&model)?;
        let (parameters, mut average) = self.parameters.folded(&self.result())?;
        for (parameter, average) in parameters.list.iter().zip(&mut average) {
            if let Some((_, values)) = tensors.remove(&parameter.name) {
                let length = values.len();
                *average = Tensor::from_data(TensorData::new(values, [length]), &self.device);
            }
        }
        let network = Network::new(&parameters, &average, &self.scenes)?;
        let judge = self.judge_of(&network, self.config.validation.final_crops);
        let predictions = self.predictions(&judge, plan.datasets)?;
        checkpoint::replace(&self.file("predictions.csv"), &Predictions::table(&predictions)?)?;
        if self.config.schedule.keep == Keep::Last {
            let mut measured = self.findings(&judge, plan.datasets)?;
            measured.reliability.extend(reliability(&self.config, &predictions));
            self.write_model(&model, measured)?;
        }
        self.state.judged = Some(predictions.clone());
        self.save()?;
        Ok(predictions)
    }
}
