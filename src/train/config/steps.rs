//! What the steps of a run are: how many, how large, and what they make smaller.

use serde::{Deserialize, Serialize};

/// How long, in which steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleConfig {
    /// Times that every dataset is gone through.
    pub epochs: usize,
    /// Crops of a step.
    pub batch: usize,
    /// Part of all steps during which learning rates grow from 0; then they fall along a cosine to 0.
    #[serde(default = "warmup")]
    pub warmup: f64,
    /// Steps after which the run ends, though its epochs and their rates are planned for more; 0 takes them all.
    #[serde(default)]
    pub steps: usize,
    /// Of those steps, the last ones, during which rates fall along a line to 0 from where they are.
    #[serde(default)]
    pub cooldown: usize,
    /// Epochs without a better validation SRCC after which the run ends; 0 never ends early.
    #[serde(default)]
    pub patience: usize,
    /// Which epoch's weights are stored: those of the best, or the last, whatever the photos say that it is judged by.
    #[serde(default)]
    pub keep: Keep,
    /// Steps after which a checkpoint is written; 0 writes one at the end of each epoch alone.
    #[serde(default)]
    pub checkpoint_every: usize,
}

/// Which epoch's weights are stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// Those of the highest mean validation SRCC.
    #[default]
    Best,
    /// Those of the last: figures of photos that are held out then flatter nothing.
    Last,
}

/// Adam (Kingma and Ba 2015), with decoupled weight decay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OptimizerConfig {
    /// Learning rate of every tensor that no group names.
    pub lr: f64,
    /// Decay of the mean of gradients.
    pub beta1: f64,
    /// Decay of the mean of squared gradients.
    pub beta2: f64,
    /// Added to the root of the latter.
    pub epsilon: f64,
    /// Weight decay per unit of learning rate, on tensors of two or more dimensions.
    pub weight_decay: f64,
    /// The gradients' common norm is cut to this; 0 leaves it.
    pub clip: f64,
    /// Decay of the moving average of the weights, which is what is judged and stored; 0 stores the weights themselves.
    pub ema: f64,
    /// What is judged and stored is this part of the trained weights and the rest of those that the run began with, tensor by tensor
    /// (Wortsman et al., "Robust fine-tuning of zero-shot models", 2022): a model that goes on to a smaller set of photos keeps
    /// much of what it knew of others. 1 is the trained weights alone.
    #[serde(skip_serializing_if = "is_one")]
    pub interpolation: f64,
    /// Tensors with a learning rate of their own; the last group that fits a tensor counts.
    pub groups: Vec<GroupConfig>,
}

/// Tensors whose names begin with a prefix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupConfig {
    /// Beginning of the names; `*` stands for any number of characters.
    pub tensors: String,
    /// Their learning rate; 0 freezes them.
    pub lr: f64,
}

/// Weights of the terms of the loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LossConfig {
    /// Mean squared error.
    pub mse: f64,
    /// Variance of the errors within each group of photos that show the same ([`DatasetConfig::group`](super::DatasetConfig::group)): what a photo shows, and how
    /// nice that is, cancels out.
    pub difference: f64,
    /// One minus the linear correlation within each dataset of a step.
    pub plcc: f64,
    /// Pairs of one dataset in the wrong order: `softplus(-(p_i - p_j) / temperature)` where the label of `i` is higher.
    pub rank: f64,
    /// The same for pairs of one group of photos that show the same ([`DatasetConfig::group`](super::DatasetConfig::group)).
    pub order: f64,
    /// Cross-entropy of the domain of each photo ([`DatasetConfig::domains`](super::DatasetConfig::domains)).
    pub domain: f64,
    /// Squared error of the scores of faults, and a tenth of the cross-entropy of their forms
    /// ([`DatasetConfig::faults`](super::DatasetConfig::faults)).
    pub faults: f64,
    /// Difference of two scores that `rank` and `order` take for clear.
    pub temperature: f64,
}

/// How a model is judged after each epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ValidationConfig {
    /// Crops of a photo, on a grid.
    pub crops: u32,
    /// Crops of a photo after the last epoch.
    pub final_crops: u32,
    /// Crops of a forward pass.
    pub batch: usize,
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        Self {
            lr: 2e-5,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
            clip: 1.0,
            ema: 0.0,
            interpolation: 1.0,
            groups: Vec::new(),
        }
    }
}

impl Default for LossConfig {
    fn default() -> Self {
        Self {
            mse: 1.0,
            difference: 0.0,
            plcc: 0.0,
            rank: 0.0,
            order: 0.0,
            domain: 0.0,
            faults: 1.0,
            temperature: 0.05,
        }
    }
}

impl Default for ValidationConfig {
    fn default() -> Self {
        Self {
            crops: 4,
            final_crops: 10,
            batch: 16,
        }
    }
}

impl GroupConfig {
    /// Whether a tensor belongs to the group.
    pub fn holds(&self, name: &str) -> bool {
        let mut parts = self.tensors.split('*');
        let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
            return false;
        };
        for part in parts {
            match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        true
    }
}

fn warmup() -> f64 {
    0.05
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_one(part: &f64) -> bool {
    *part == 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_holds_the_names_that_its_pattern_begins() {
        let group = |tensors: &str| GroupConfig {
            tensors: tensors.into(),
            lr: 0.0,
        };
        assert!(group("clip_model.visual.stem.").holds("clip_model.visual.stem.first.weight"));
        assert!(!group("clip_model.visual.stem.").holds("clip_model.visual.proj"));
        assert!(
            group("*.mlp.useful_experts.").holds("clip_model.transformer.resblocks.6.mlp.useful_experts.c_fc.bias")
        );
        assert!(group("").holds("score_level"));
    }
}
