//! Where a run is, what it says on its way and what it comes to.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::validation::{Figures, Predictions};

/// Where a run is: all of it that is not a tensor.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Steps taken.
    pub step: usize,
    /// Sum of the losses of the steps of this epoch so far.
    pub loss: f64,
    /// Sum of their mean squared errors.
    pub mse: f64,
    /// Epochs done.
    pub epochs: Vec<Epoch>,
    /// What the finished model says of the photos that it is judged by; `None` before the end of the run.
    #[serde(default)]
    pub judged: Option<Vec<Predictions>>,
}

/// What came out of an epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// From 1 on.
    pub epoch: usize,
    /// Mean loss of its steps.
    pub loss: f64,
    /// Mean squared error of its steps.
    pub mse: f64,
    /// Figures of each dataset with validation photos.
    pub validation: Vec<Figures>,
}

impl Epoch {
    /// The mean SRCC of the datasets, by which models are compared; 0 for one whose scores are all the same.
    pub fn srcc(&self) -> Option<f64> {
        let count = self.validation.len();
        let sum: f64 = self.validation.iter().map(|figures| figures.srcc.unwrap_or(0.0)).sum();
        (count > 0).then(|| sum / count as f64)
    }
}

impl State {
    /// The best epoch: that of the highest mean SRCC, the last one if none was judged.
    pub fn best(&self) -> Option<&Epoch> {
        let mut best: Option<&Epoch> = None;
        for epoch in &self.epochs {
            if best.is_none_or(|best| epoch.srcc() > best.srcc() || epoch.srcc().is_none()) {
                best = Some(epoch);
            }
        }
        best
    }
}

/// News of a run.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event {
    /// A step was taken.
    Step {
        /// Steps taken, of `steps`.
        step: usize,
        /// Steps of the whole run.
        steps: usize,
        /// From 1 on.
        epoch: usize,
        /// Loss of the step.
        loss: f64,
        /// Mean squared error of the step.
        mse: f64,
        /// Learning rate, as a part of the configured one.
        rate: f64,
        /// Norm of the gradients before they were cut.
        gradient_norm: f64,
        /// Seconds until the end, as steps have gone so far; judging is not counted.
        seconds_left: f64,
    },
    /// An epoch has ended.
    Epoch(Epoch),
}

/// What a run has come to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// The file of the model.
    pub model: PathBuf,
    /// The epoch that it is from.
    pub best: Option<Epoch>,
    /// Figures with the crops of `validation.final_crops`.
    pub validation: Vec<Figures>,
    /// What they are of.
    #[serde(skip)]
    pub predictions: Vec<Predictions>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::State;

    /// Writes a state as a checkpoint does, and reads it.
    fn reopened(state: &State) -> State {
        let written = serde_json::to_string(state).expect("JSON");
        serde_json::from_str(&written).expect("a state")
    }

    /// JSON readers that are fast are off by the last bit of this sum: a run that goes on would say other figures than one that was not
    /// stopped.
    #[test]
    fn a_sum_of_losses_of_seventeen_digits_comes_back_to_the_last_bit() {
        let loss = 0.210_871_590_769_858_65;
        let state = State {
            loss,
            ..State::default()
        };
        assert_eq!(reopened(&state), state);
    }

    proptest! {
        #[test]
        fn sums_come_back_to_the_last_bit(loss in any::<f64>(), mse in 0.0..1000.0) {
            prop_assume!(loss.is_finite());
            let state = State { loss, mse, ..State::default() };
            prop_assert_eq!(reopened(&state), state);
        }
    }
}
