//! Adam over flat tensors, the schedule of learning rates, the cut of gradients.

use burn::tensor::{Gradients, Tensor};

use super::{
    config::{OptimizerConfig, ScheduleConfig},
    parameters::Parameters,
};
use crate::{Error, Result};

/// The state of Adam: for each parameter that is trained, the moving means of its gradient and of its square.
#[derive(Debug, Clone)]
pub struct Adam {
    /// Steps taken.
    pub steps: u64,
    /// One for each parameter; `None` where it is frozen.
    pub moments: Vec<Option<[Tensor<1>; 2]>>,
}

impl Adam {
    /// No steps taken yet.
    pub fn new(parameters: &Parameters) -> Self {
        let moments = |values: &Tensor<1>| [values.zeros_like(), values.zeros_like()];
        Self {
            steps: 0,
            moments: parameters
                .list
                .iter()
                .map(|parameter| parameter.is_trained().then(|| moments(&parameter.values)))
                .collect(),
        }
    }

    /// Moves the parameters against the gradients of their `leaves`, at `factor` times their learning rates, and returns
    /// the norm that the gradients had together.
    ///
    /// # Errors
    /// [`Error::Train`] if that norm is not finite; nothing has moved then.
    pub fn step(
        &mut self,
        parameters: &mut Parameters,
        leaves: &[Tensor<1>],
        gradients: &mut Gradients,
        config: &OptimizerConfig,
        factor: f64,
    ) -> Result<f64> {
        let found: Vec<Option<Tensor<1>>> = leaves.iter().map(|leaf| leaf.grad_remove(gradients)).collect();
        let squares = found.iter().flatten().map(|g| (g.clone() * g.clone()).sum());
        let squares: Vec<Tensor<1>> = squares.collect();
        if squares.is_empty() {
            return Err(Error::Train("no tensor is trained: every learning rate is 0".into()));
        }
        let norm = f64::from(scalar(Tensor::cat(squares, 0).sum().sqrt())?);
        if !norm.is_finite() {
            return Err(Error::Train(format!(
                "gradients are not finite at step {}: lower the learning rate",
                self.steps
            )));
        }
        let cut = match config.clip > 0.0 && norm > config.clip {
            true => config.clip / norm,
            false => 1.0,
        };
        self.steps += 1;
        let correction = |beta: f64| 1.0 - beta.powi(self.steps.min(1 << 30) as i32);
        let (bias1, bias2) = (correction(config.beta1), correction(config.beta2));
        for ((parameter, moments), gradient) in parameters.list.iter_mut().zip(&mut self.moments).zip(found) {
            // A tensor that the loss does not depend on has no gradient: nothing moves it.
            let (Some([mean, square]), Some(gradient)) = (moments, gradient) else {
                continue;
            };
            let gradient = gradient * cut;
            *mean = mean.clone() * config.beta1 + gradient.clone() * (1.0 - config.beta1);
            *square = square.clone() * config.beta2 + gradient.clone() * gradient * (1.0 - config.beta2);
            let rate = parameter.lr * factor;
            let direction = (mean.clone() / bias1) / ((square.clone() / bias2).sqrt() + config.epsilon);
            let decay = match parameter.shape.len() >= 2 {
                true => 1.0 - rate * config.weight_decay,
                false => 1.0,
            };
            parameter.values = parameter.values.clone() * decay - direction * rate;
        }
        Ok(norm)
    }
}

impl ScheduleConfig {
    /// The part of the learning rate that holds at `step` of the `total` of all epochs: from 0 up along a line during `warmup` (a
    /// part of `total`), and down to 0 along a cosine over all; of a run that ends before, also along a line during `cooldown`.
    pub fn rate(&self, step: usize, total: usize) -> f64 {
        let (at, total) = (step as f64, total.max(1) as f64);
        let rise = match self.warmup * total {
            steps if steps > 0.0 => ((at + 1.0) / steps).min(1.0),
            _ => 1.0,
        };
        let fall = match self.cooldown {
            0 => 1.0,
            cooldown => (self.steps.saturating_sub(step) as f64 / cooldown as f64).min(1.0),
        };
        rise * fall * 0.5 * (1.0 + (std::f64::consts::PI * at / total).cos())
    }
}

/// The number in a tensor of one.
pub(super) fn scalar(tensor: Tensor<1>) -> Result<f32> {
    numbers(tensor)?
        .first()
        .copied()
        .ok_or_else(|| Error::Device("it answered with no number".into()))
}

/// The numbers in a tensor.
pub(super) fn numbers(tensor: Tensor<1>) -> Result<Vec<f32>> {
    tensor
        .into_data()
        .try_into_vec::<f32>()
        .map_err(|error| Error::Device(format!("while reading: {error:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_rise_fall_along_a_cosine_and_end_where_the_run_ends() {
        let text =
            |more: &str| toml::from_str::<ScheduleConfig>(&format!("epochs = 1\nbatch = 1\nwarmup = 0.1\n{more}"));
        let whole = text("").expect("a schedule");
        assert!((whole.rate(0, 100) - 0.1).abs() < 1e-3);
        assert!((whole.rate(50, 100) - 0.5).abs() < 1e-9);
        assert!(whole.rate(99, 100) < 1e-3);
        let short = text("steps = 60\ncooldown = 20").expect("a schedule");
        assert_eq!(short.rate(40, 100), whole.rate(40, 100));
        assert!((short.rate(50, 100) - 0.25).abs() < 1e-9);
        assert!(short.rate(59, 100) < 0.03);
    }
}
