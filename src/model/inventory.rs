//! Every tensor that a model of some dimensions has, in the order in which the forward pass needs them: what a converter
//! writes in this order, and what a loader refuses to do without.

use super::{
    Config, TowerConfig,
    stem::{FIRST, LiteStem},
};

/// Where a tensor belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The vision tower or the head: every model has it.
    Vision,
    /// The text tower, which only prompts of one's own need.
    Text,
}

/// A tensor that a model has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the published checkpoint.
    pub name: String,
    /// Its dimensions, outermost first; empty for a scalar.
    pub shape: Vec<usize>,
    /// Where it belongs.
    pub part: Part,
}

/// Whether the tensor of that name and shape may be stored in codes: the matrices whose layers can compute with them, and the
/// token embedding. What a converter quantises and what a loader accepts is this one rule.
pub fn may_be_quantized(name: &str, shape: &[usize]) -> bool {
    const MATRICES: [&str; 4] = [".in_proj_weight", ".out_proj.weight", ".c_fc.weight", ".c_proj.weight"];
    let block = name.contains(".resblocks.") && MATRICES.iter().any(|matrix| name.ends_with(matrix));
    // A convolution over single pixels is such a matrix too. Those of the first blocks are small and see every pixel: rounding
    // them costs most of what 8 bits cost, and saves next to nothing.
    const SMALL: usize = 1 << 16;
    let large = shape.iter().product::<usize>() >= SMALL;
    let stem = name.starts_with("clip_model.visual.stem.") && name.ends_with(".weight") && large;
    shape.len() == 2 && (block || stem || name == super::TOKEN_EMBEDDING)
}

impl Config {
    /// Every tensor of the model, in the order of the forward pass: vision tower, head, text tower. The text features of
    /// scenes are not among them, as a file may have any of them.
    pub fn inventory(&self) -> Vec<Entry> {
        let mut list = List::new(Part::Vision);
        let (width, embed_dim) = (self.vision.width, self.embed_dim);
        let visual = "clip_model.visual";
        match &self.stem {
            None => list.add(format!("{visual}.conv1.weight"), &[width, 3, self.patch, self.patch]),
            Some(stem) => list.lite(&format!("{visual}.stem"), stem, width),
        }
        list.add(format!("{visual}.class_embedding"), &[width]);
        list.add(
            format!("{visual}.positional_embedding"),
            &[self.vision.context_length, width],
        );
        list.norm(&format!("{visual}.ln_pre"), width);
        list.blocks(&format!("{visual}.transformer"), &self.vision, self.experts);
        list.norm(&format!("{visual}.ln_post"), width);
        list.add(format!("{visual}.proj"), &[width, embed_dim]);
        list.add("adapter.fc.0.weight", &[self.adapter, embed_dim]);
        list.add("adapter.fc.2.weight", &[embed_dim, self.adapter]);
        list.add("clip_model.logit_scale", &[]);
        list.add("score_level", &[crate::prompt::LEVELS.len()]);
        if let Some(text) = &self.text {
            list.part = Part::Text;
            let width = text.tower.width;
            list.add("clip_model.token_embedding.weight", &[text.vocabulary, width]);
            list.add("clip_model.positional_embedding", &[text.tower.context_length, width]);
            list.blocks("clip_model.transformer", &text.tower, self.experts);
            list.norm("clip_model.ln_final", width);
            list.add("clip_model.text_projection", &[width, embed_dim]);
        }
        list.entries
    }
}

struct List {
    entries: Vec<Entry>,
    part: Part,
}

impl List {
    fn new(part: Part) -> Self {
        Self {
            entries: Vec::new(),
            part,
        }
    }

    fn add(&mut self, name: impl Into<String>, shape: &[usize]) {
        self.entries.push(Entry {
            name: name.into(),
            shape: shape.to_vec(),
            part: self.part,
        });
    }

    fn norm(&mut self, name: &str, width: usize) {
        self.add(format!("{name}.weight"), &[width]);
        self.add(format!("{name}.bias"), &[width]);
    }

    fn linear(&mut self, name: &str, input: usize, output: usize) {
        self.add(format!("{name}.weight"), &[output, input]);
        self.add(format!("{name}.bias"), &[output]);
    }

    fn convolution(&mut self, name: &str, shape: [usize; 4]) {
        self.add(format!("{name}.weight"), &shape);
        self.add(format!("{name}.bias"), &shape[..1]);
    }

    fn lite(&mut self, name: &str, stem: &LiteStem, width: usize) {
        self.convolution(&format!("{name}.first"), [FIRST, 3, 3, 3]);
        for (index, block) in stem.blocks().iter().enumerate() {
            let name = format!("{name}.blocks.{index}");
            if block.hidden != block.input {
                self.linear(&format!("{name}.expand"), block.input, block.hidden);
            }
            self.convolution(
                &format!("{name}.depthwise"),
                [block.hidden, 1, block.kernel, block.kernel],
            );
            self.linear(&format!("{name}.project"), block.hidden, block.output);
        }
        for (index, level) in stem.taps().iter().enumerate() {
            let input = level.channels * stem.statistics();
            self.norm(&format!("{name}.levels.{index}.ln"), input);
            self.linear(&format!("{name}.levels.{index}.linear"), input, width);
        }
        if stem.pooled {
            let statistics = stem.pooled_statistics();
            self.add(format!("{name}.pooled.mean"), &[statistics]);
            self.add(format!("{name}.pooled.deviation"), &[statistics]);
            self.linear(&format!("{name}.pooled.linear"), statistics, width);
        }
    }

    fn mlp(&mut self, name: &str, width: usize, ratio: usize) {
        self.linear(&format!("{name}.c_fc"), width, ratio * width);
        self.linear(&format!("{name}.c_proj"), ratio * width, width);
    }

    fn blocks(&mut self, tower: &str, config: &TowerConfig, experts: usize) {
        let TowerConfig { width, ratio, .. } = *config;
        for index in 0..config.layers {
            let block = format!("{tower}.resblocks.{index}");
            self.norm(&format!("{block}.ln_1"), width);
            self.add(format!("{block}.attn.in_proj_weight"), &[3 * width, width]);
            self.add(format!("{block}.attn.in_proj_bias"), &[3 * width]);
            self.linear(&format!("{block}.attn.out_proj"), width, width);
            self.norm(&format!("{block}.ln_2"), width);
            if index < config.moae_from {
                self.mlp(&format!("{block}.mlp"), width, ratio);
                continue;
            }
            self.linear(&format!("{block}.mlp.gating.layer1"), width, experts);
            self.add(format!("{block}.mlp.scale"), &[]);
            // The shared expert first: the adaptive ones may be stored as differences from it.
            self.mlp(&format!("{block}.mlp.useful_experts"), width, ratio);
            for expert in 0..experts {
                self.mlp(&format!("{block}.mlp.experts.expert_{expert}"), width, ratio);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{LiteStem, Variant},
        weights::Header,
    };

    #[test]
    fn dimensions_can_be_read_off_the_shapes_that_they_make() {
        let mut configs = vec![Config::b16(), Config::micro(), Config::lite()];
        for (variant, levels, deviations, pooled) in [
            (Variant::Lite1, vec![3, 6], true, false),
            (Variant::Lite2, vec![2, 5], false, true),
            (Variant::Lite0, vec![6], true, true),
        ] {
            let mut config = Config::lite();
            config.vision.context_length = levels.len() * 49 + 1;
            config.stem = Some(LiteStem {
                variant,
                levels,
                deviations,
                pooled,
            });
            configs.push(config);
        }
        for config in configs {
            let shapes = config.inventory().into_iter().map(|entry| (entry.name, entry.shape));
            let found = Config::from_header(&Header::of_shapes(shapes));
            assert_eq!(found.expect("a model"), config);
        }
    }

    #[test]
    fn the_published_model_has_485_tensors_and_272_million_numbers() {
        let inventory = Config::b16().inventory();
        // CLIP ViT-B/16 has 149,620,737 numbers; to these come three adaptive experts in six blocks of each tower, their routers
        // and scales, the adapter and the five levels.
        assert_eq!(inventory.len(), 485);
        let numbers: usize = inventory
            .iter()
            .map(|entry| entry.shape.iter().product::<usize>())
            .sum();
        assert_eq!(numbers, 272_704_566);
    }
}
