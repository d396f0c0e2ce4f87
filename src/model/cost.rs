//! What a forward pass costs, counted from the dimensions.

use super::{Config, TowerConfig, stem::FIRST};

impl Config {
    /// Floating-point operations of the vision tower and the head for one crop and one scene: two for each multiplication
    /// and addition of convolutions, linear layers and attention. Norms, activations and sums are left out, as is usual.
    pub fn crop_flops(&self) -> u64 {
        let tokens = self.vision.context_length as u64;
        let (width, embed_dim) = (self.vision.width as u64, self.embed_dim as u64);
        let head = 2 * embed_dim * self.adapter as u64 + 5 * embed_dim;
        2 * (self.stem_products() + tower(&self.vision, tokens, self.experts as u64) + width * embed_dim + head)
    }

    fn stem_products(&self) -> u64 {
        let width = self.vision.width as u64;
        let cells = (self.grid() as u64).pow(2);
        let Some(stem) = &self.stem else {
            return cells * 3 * (self.patch as u64).pow(2) * width;
        };
        let mut side = (self.image as u64).div_ceil(2);
        let mut products = side.pow(2) * 27 * FIRST as u64;
        for block in stem.blocks() {
            let [input, hidden, output, kernel] =
                [block.input, block.hidden, block.output, block.kernel].map(|number| number as u64);
            if input != hidden {
                products += side.pow(2) * input * hidden;
            }
            side = side.div_ceil(block.stride as u64);
            products += side.pow(2) * hidden * (kernel.pow(2) + output);
        }
        products
            + stem
                .taps()
                .iter()
                .map(|level| cells * (level.channels * stem.statistics()) as u64 * width)
                .sum::<u64>()
            + stem.pooled_statistics() as u64 * width
    }
}

/// Products of a transformer of which only the first token is read.
fn tower(config: &TowerConfig, tokens: u64, experts: u64) -> u64 {
    let (width, hidden) = (config.width as u64, (config.ratio * config.width) as u64);
    (0..config.layers)
        .map(|index| {
            let queries = if index + 1 == config.layers { 1 } else { tokens };
            let attention = 2 * queries * width * width + 2 * tokens * width * width + 2 * queries * tokens * width;
            let mlps = if index < config.moae_from { 1 } else { 1 + experts };
            attention + queries * mlps * 2 * width * hidden
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_size_costs_61_gflop_a_crop() {
        // `docs`: 68 GFLOP, less what the last block saves by computing the class token alone.
        let gflop = Config::b16().crop_flops() as f64 / 1e9;
        assert!((60.0..62.0).contains(&gflop), "{gflop}");
    }

    #[test]
    fn gamma_lite_costs_at_most_1_2_gflop_a_crop_and_6_mb_at_8_bits() {
        let config = Config::lite();
        let gflop = config.crop_flops() as f64 / 1e9;
        assert!(gflop <= 1.2, "{gflop}");
        // Matrices in 8 bits with a 4-byte scale for each 64, other tensors in 2 bytes, 4 if they have one dimension.
        let bytes: usize = config
            .inventory()
            .iter()
            .map(|entry| {
                let numbers = entry.shape.iter().product::<usize>();
                match entry.shape.len() {
                    2 => numbers + numbers / 16,
                    4 => 2 * numbers,
                    _ => 4 * numbers,
                }
            })
            .sum();
        assert!(bytes <= 6_000_000, "{bytes}");
    }
}
