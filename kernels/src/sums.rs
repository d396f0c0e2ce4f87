//! The sums of a tile: where they start, and what becomes of them on their way into the output.

use super::{
    activation::gelu,
    lanes::{Lanes, add, clamp, load, store, zero},
};
use crate::Activation;

/// Rows of `x` in a tile.
pub(super) const ROWS: usize = 4;
/// Outputs in a tile: two registers. 4 x 8 makes 8 accumulators; more than about 9 spill in V8.
pub(super) const OUTPUTS: usize = 8;

/// What a tile sums up, in registers.
pub(super) type Sums = [[Lanes; 2]; ROWS];

/// All that follows the products of a layer: `activation(onto + products + bias)`.
#[derive(Debug, Clone, Default)]
pub struct Epilogue {
    /// `[rows, outputs]`, row-major.
    pub onto: Option<Vec<f32>>,
    /// `[outputs]`.
    pub bias: Option<Vec<f32>>,
    /// Last of all.
    pub activation: Activation,
}

impl Epilogue {
    /// What it says of the 8 outputs from `output` on. `added`: whether their products are added to what `y` holds.
    pub(super) fn of(&self, output: usize, added: bool) -> Part {
        let mut bias = [0.0; OUTPUTS];
        let biases = self.bias.as_deref().unwrap_or_default();
        for (to, &from) in bias.iter_mut().zip(biases.get(output..).unwrap_or_default()) {
            *to = from;
        }
        Part {
            output,
            added,
            bias,
            activation: self.activation,
        }
    }
}

/// The epilogue of 8 outputs.
#[derive(Clone, Copy)]
pub(super) struct Part {
    output: usize,
    added: bool,
    bias: [f32; OUTPUTS],
    activation: Activation,
}

impl Part {
    /// The same for a part of the depth: the bias is added to the first, and the activation follows the last.
    pub(super) fn part(self, first: bool, last: bool) -> Self {
        Self {
            added: self.added || !first,
            bias: if first { self.bias } else { [0.0; OUTPUTS] },
            activation: if last { self.activation } else { Activation::None },
            ..self
        }
    }

    /// The numbers to which the products of up to 4 rows, `y` `[rows, outputs]`, are added.
    #[inline(always)]
    pub(super) fn start(&self, y: &[f32], outputs: usize) -> Sums {
        let bias = halves(&self.bias);
        let mut sums = [bias; ROWS];
        if self.added {
            for (sums, y) in sums.iter_mut().zip(y.chunks_exact(outputs)) {
                let y = match y[self.output..].first_chunk::<OUTPUTS>() {
                    Some(y) => halves(y),
                    None => {
                        let (mut whole, y) = ([0.0; OUTPUTS], &y[self.output..]);
                        whole[..y.len()].copy_from_slice(y);
                        halves(&whole)
                    }
                };
                *sums = [add(bias[0], y[0]), add(bias[1], y[1])];
            }
        }
        sums
    }

    /// Stores the sums of up to 4 rows, `y` `[rows, outputs]`.
    #[inline(always)]
    pub(super) fn store(&self, mut sums: Sums, y: &mut [f32], outputs: usize) {
        match self.activation {
            Activation::None => {}
            Activation::Relu6 => sums = sums.map(|halves| halves.map(|half| clamp(half, 0.0, 6.0))),
            Activation::QuickGelu => gelu(sums.as_flattened_mut()),
        }
        for ([left, right], y) in sums.into_iter().zip(y.chunks_exact_mut(outputs)) {
            let (left, right) = (store(left), store(right));
            let y = &mut y[self.output..];
            match y.first_chunk_mut::<OUTPUTS>() {
                Some(y) => {
                    y[..4].copy_from_slice(&left);
                    y[4..].copy_from_slice(&right);
                }
                None => {
                    for (y, sum) in y.iter_mut().zip(left.into_iter().chain(right)) {
                        *y = sum;
                    }
                }
            }
        }
    }
}

/// Eight numbers in two registers.
#[inline(always)]
pub(super) fn halves(values: &[f32; OUTPUTS]) -> [Lanes; 2] {
    match values.as_chunks::<4>() {
        ([left, right], _) => [load(left), load(right)],
        _ => [zero(); 2],
    }
}
