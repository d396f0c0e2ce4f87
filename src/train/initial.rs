//! Random weights to begin with.

use crate::{
    Error, Result,
    image::random::SplitMix64,
    model::{Config, Entry},
    weights::TEXT_FEATURES,
};

/// Values for a tensor of the inventory, or for `text_features.{scene}`: the same seed and name give the same values, in
/// whatever order they are asked for.
///
/// Matrices are normal with variance 1/in; those that end a residual branch are smaller by the root of twice the number of
/// blocks, so that the stream does not grow with depth. Experts start at a `scale` of 0.1 and apart from each other, as there
/// is no pretrained MLP to copy. The rows of level features that are compared with pooled statistics begin near each other, so that
/// all levels are about as likely: on few photos that is worth 0.03 of SRCC (`weights/experiments.md`).
///
/// # Errors
/// [`Error::Train`] for a convolution: those are imported ([`fold_efficientnet_lite`](super::fold_efficientnet_lite)).
pub fn initial(entry: &Entry, config: &Config, seed: u64) -> Result<Vec<f32>> {
    let name = entry.name.as_str();
    let numbers: usize = entry.shape.iter().product();
    let mut random = Normal(SplitMix64::new(seed ^ hash(name)));
    let constant = |value: f32| Ok(vec![value; numbers]);
    let blocks = if name.starts_with("clip_model.visual.") {
        config.vision.layers
    } else {
        config.text.as_ref().map_or(1, |text| text.tower.layers)
    };
    let ends_branch = name.ends_with("out_proj.weight") || name.ends_with("c_proj.weight");
    let is_norm = name.contains(".ln_") || name.contains(".ln.");
    match entry.shape.as_slice() {
        _ if name == "clip_model.logit_scale" => constant(10_f32.ln()),
        _ if name == "score_level" => Ok(vec![0.2, 0.4, 0.6, 0.8, 1.0]),
        _ if name.ends_with("mlp.scale") => constant(0.1),
        // Until they are measured.
        _ if name.ends_with(".pooled.mean") => constant(0.0),
        _ if name.ends_with(".pooled.deviation") => constant(1.0),
        _ if is_norm && name.ends_with(".weight") => constant(1.0),
        _ if name.ends_with("bias") => constant(0.0),
        &[_, width] if name.starts_with(TEXT_FEATURES) && width == config.embed_dim + config.statistics() => {
            let mut rows = random.values(numbers, 1.0);
            // Statistics say nothing to begin with.
            (rows.chunks_exact_mut(width)).for_each(|row| row[config.embed_dim..].fill(0.0));
            Ok(rows)
        }
        // With rows at random, every level would begin with its own opinion of each of the many statistics.
        &[_, width] if name.starts_with(TEXT_FEATURES) && width != config.embed_dim => {
            let common = random.values(width, 1.0);
            let mut rows = random.values(numbers, 0.1);
            for row in rows.chunks_exact_mut(width) {
                row.iter_mut().zip(&common).for_each(|(value, common)| *value += common);
            }
            Ok(rows)
        }
        _ if name.starts_with(TEXT_FEATURES) => Ok(random.values(numbers, 1.0)),
        _ if name.ends_with("_embedding") || name.ends_with("token_embedding.weight") => {
            Ok(random.values(numbers, 0.02))
        }
        // Stored as [in, out].
        [input, _] if name.ends_with(".proj") || name.ends_with("text_projection") => {
            Ok(random.values(numbers, (*input as f32).powf(-0.5)))
        }
        [_, input] => {
            let depth = if ends_branch { 2.0 * blocks as f32 } else { 1.0 };
            Ok(random.values(numbers, (*input as f32 * depth).powf(-0.5)))
        }
        [_, inputs @ ..] if name.ends_with("conv1.weight") => {
            Ok(random.values(numbers, (inputs.iter().product::<usize>() as f32).powf(-0.5)))
        }
        _ => Err(Error::Train(format!(
            "`{name}` has no random beginning: name the ImageNet weights of the stem as model.stem"
        ))),
    }
}

/// FNV-1a.
fn hash(name: &str) -> u64 {
    name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

/// Normally distributed numbers (Box and Muller), in `f64` until the last step.
struct Normal(SplitMix64);

impl Normal {
    fn values(&mut self, count: usize, deviation: f32) -> Vec<f32> {
        let mut values = Vec::with_capacity(count + 1);
        while values.len() < count {
            // In (0, 1]: its logarithm is finite.
            let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt() * f64::from(deviation);
            let angle = std::f64::consts::TAU * self.uniform();
            values.push((radius * angle.cos()) as f32);
            values.push((radius * angle.sin()) as f32);
        }
        values.truncate(count);
        values
    }

    /// In [0, 1).
    fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
