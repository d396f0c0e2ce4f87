//! How each matrix of a model is quantised: estimates on a sample of its rows, then the search of [`allocate`].

use std::collections::{BTreeMap, HashMap};

use super::allocate::{Choice, Goal, allocate};
use super::quantize::Coding;
use super::select::Selection;
use super::source::Source;
use crate::model::{Entry, Part, may_be_quantized};
use crate::weights::QuantizedLayout;
use crate::{Error, Result};

/// Neighbouring weights of a row that share a scale.
pub const GROUP: usize = 64;
/// Rows of a matrix that its error is estimated on.
const SAMPLE_ROWS: usize = 32;
/// The least that an adaptive expert's error counts, beside 1 for every other matrix: a scale near zero may be one that
/// this checkpoint happens to have.
const LEAST_SENSITIVITY: f64 = 1e-3;
/// F16 scales are taken if the error grows by no more than this.
const HALF_SCALE_PRICE: f64 = 1.02;
/// Bits of a weight that the scheme q4 may spend on average, scales not counted.
const Q4_BITS: u64 = 4;
/// How much of plain rounding's error q8 may use, as the estimates are made on a sample.
const Q8_MARGIN: f64 = 0.97;

/// The schemes of quantisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// As good as plain 8 bits, in the fewest bytes.
    Q8,
    /// The least error at 4 bits a weight.
    Q4,
}

impl Scheme {
    /// As the metadata spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Q8 => "q8",
            Self::Q4 => "q4",
        }
    }
}

/// How one matrix is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Bits, group, shape and base.
    pub layout: QuantizedLayout,
    /// Whether its scales are F16.
    pub half_scales: bool,
    /// How much its relative squared error counts.
    pub sensitivity: f64,
}

impl Plan {
    /// How its numbers become codes.
    pub fn coding(&self) -> Coding {
        Coding {
            bits: self.layout.bits,
            group: self.layout.group,
            half_scales: self.half_scales,
        }
    }
}

/// A matrix and some of its rows.
struct Sample {
    name: String,
    shape: [usize; 2],
    rows: Vec<f32>,
    /// Mean square of the sampled weights; 1 if all are zero.
    energy: f64,
    sensitivity: f64,
    /// The shared expert's matrix, by index.
    base: Option<usize>,
}

/// Plans all matrices of the model. `read` is told of each entry that was sampled.
///
/// # Errors
/// If a tensor cannot be read.
pub fn plan(
    source: &mut dyn Source,
    selection: &Selection,
    scheme: Scheme,
    mut sampled: impl FnMut(&Entry),
) -> Result<BTreeMap<String, Plan>> {
    let mut plans = BTreeMap::new();
    // Each part keeps to the goal for itself: who never fetches the text tower has nothing of its savings.
    for part in [Part::Vision, Part::Text] {
        let mut samples: Vec<Sample> = Vec::new();
        let mut places = HashMap::new();
        for entry in selection
            .entries
            .iter()
            .filter(|entry| entry.part == part && may_be_quantized(&entry.name, &entry.shape))
        {
            let &[outputs, inputs] = entry.shape.as_slice() else {
                continue;
            };
            let shared = shared_expert(&entry.name);
            let sensitivity = match &shared {
                Some(_) => expert_sensitivity(source, selection, &entry.name)?,
                None => 1.0,
            };
            let weights = selection.read(source, &entry.name)?;
            let rows = sample_rows(&weights, outputs, inputs);
            let energy = rows.iter().map(|&weight| f64::from(weight).powi(2)).sum::<f64>() / rows.len().max(1) as f64;
            places.insert(entry.name.clone(), samples.len());
            samples.push(Sample {
                name: entry.name.clone(),
                shape: [outputs, inputs],
                rows,
                energy: if energy > 0.0 { energy } else { 1.0 },
                sensitivity,
                base: shared.and_then(|shared| places.get(&shared).copied()),
            });
            sampled(entry);
        }
        plans.extend(search(&samples, scheme));
    }
    Ok(plans)
}

/// The search: once with differences to shared experts of assumed bits, then with those that they got.
fn search(samples: &[Sample], scheme: Scheme) -> BTreeMap<String, Plan> {
    let goal = goal(samples, scheme);
    let assumed = match scheme {
        Scheme::Q8 => 8,
        Scheme::Q4 => 6,
    };
    let direct: Vec<Vec<Choice>> = samples
        .iter()
        .map(|sample| choices(sample, &sample.rows, false))
        .collect();
    let is_base = |index: usize| samples.iter().any(|sample| sample.base == Some(index));
    let with_differences = |bits_of: &dyn Fn(usize) -> Choice| -> Vec<Vec<Choice>> {
        let mut all = direct.clone();
        for (sample, choices_of) in samples.iter().zip(&mut all) {
            let Some((index, base)) = sample.base.and_then(|index| Some((index, samples.get(index)?))) else {
                continue;
            };
            let difference = difference(
                &sample.rows,
                &base.rows,
                coding(bits_of(index), base.shape[1]),
                base.shape[1],
            );
            choices_of.extend(choices(sample, &difference, true));
        }
        all
    };
    let of_bits = |index: usize| {
        let choice = direct
            .get(index)
            .and_then(|choices| choices.iter().find(|choice| choice.bits == assumed));
        choice.copied().unwrap_or(NO_CHOICE)
    };
    let first = with_differences(&of_bits);
    let picked = allocate(&first, goal);
    let choice = |all: &[Vec<Choice>], picked: &[usize], index: usize| {
        let chosen = picked.get(index).and_then(|&pick| all.get(index)?.get(pick));
        chosen.copied().unwrap_or(NO_CHOICE)
    };
    let mut second = with_differences(&|index| choice(&first, &picked, index));
    for (index, choices) in second.iter_mut().enumerate() {
        if is_base(index) {
            *choices = vec![choice(&first, &picked, index)];
        }
    }
    let picked = allocate(&second, goal);
    let plan = |(index, sample): (usize, &Sample)| {
        let choice = choice(&second, &picked, index);
        let base = sample
            .base
            .filter(|_| choice.difference)
            .and_then(|index| samples.get(index));
        let plan = Plan {
            layout: QuantizedLayout {
                bits: choice.bits,
                group: group(sample.shape[1]),
                shape: sample.shape,
                base: base.map(|base| base.name.clone()),
            },
            half_scales: choice.half_scales,
            sensitivity: sample.sensitivity,
        };
        (sample.name.clone(), plan)
    };
    samples.iter().enumerate().map(plan).collect()
}

/// Stands where there is nothing to choose from, which no model's matrix is.
const NO_CHOICE: Choice = Choice {
    bits: 8,
    difference: false,
    half_scales: false,
    bytes: 0,
    error: 0.0,
};

/// Weights of a row of `inputs` that share a scale: 64, or the largest part of the row below.
fn group(inputs: usize) -> usize {
    (1..=GROUP)
        .rev()
        .find(|&group| inputs.is_multiple_of(group))
        .unwrap_or(1)
}

fn coding(choice: Choice, inputs: usize) -> Coding {
    Coding {
        bits: choice.bits,
        group: group(inputs),
        half_scales: choice.half_scales,
    }
}

fn goal(samples: &[Sample], scheme: Scheme) -> Goal {
    let numbers = |sample: &Sample| (sample.shape[0] * sample.shape[1]) as u64;
    match scheme {
        Scheme::Q4 => Goal::Bytes(
            (samples.iter())
                .map(|sample| numbers(sample) * Q4_BITS / 8 + 2 * numbers(sample) / group(sample.shape[1]) as u64)
                .sum(),
        ),
        Scheme::Q8 => {
            let error = |sample: &Sample| {
                let plain = Coding {
                    bits: 8,
                    group: group(sample.shape[1]),
                    half_scales: false,
                };
                weigh(
                    sample,
                    plain.quantize_plainly(&sample.rows, sample.shape[1]).squared_error,
                )
            };
            Goal::Error(Q8_MARGIN * samples.iter().map(error).sum::<f64>())
        }
    }
}

/// A sample's squared error as the model's: sensitivity x relative squared error x numbers.
fn weigh(sample: &Sample, squared_error: f64) -> f64 {
    let mean = squared_error / sample.rows.len().max(1) as f64;
    sample.sensitivity * mean / sample.energy * (sample.shape[0] * sample.shape[1]) as f64
}

/// The ways to store `rows`, which are those of `sample` or their difference to something.
fn choices(sample: &Sample, rows: &[f32], difference: bool) -> Vec<Choice> {
    let numbers = (sample.shape[0] * sample.shape[1]) as u64;
    let group = group(sample.shape[1]);
    let groups = numbers / group as u64;
    (2..=8)
        .map(|bits| {
            let error = |half_scales| {
                let coding = Coding {
                    bits,
                    group,
                    half_scales,
                };
                coding.quantize(rows, sample.shape[1]).squared_error
            };
            let (half, full) = (error(true), error(false));
            let half_scales = half <= HALF_SCALE_PRICE * full;
            Choice {
                bits,
                difference,
                half_scales,
                bytes: numbers * u64::from(bits) / 8 + groups * if half_scales { 2 } else { 4 },
                error: weigh(sample, if half_scales { half } else { full }),
            }
        })
        .collect()
}

/// What is left of `rows` when the quantised rows of the base are taken away.
fn difference(rows: &[f32], base: &[f32], coding: Coding, inputs: usize) -> Vec<f32> {
    let quantized = coding.quantize(base, inputs);
    let groups = quantized.codes.chunks(coding.group).zip(&quantized.scales);
    let base = groups.flat_map(|(codes, &scale)| codes.iter().map(move |&code| f32::from(code) * scale));
    rows.iter().zip(base).map(|(weight, base)| weight - base).collect()
}

/// Rows at equal distances.
fn sample_rows(weights: &[f32], outputs: usize, inputs: usize) -> Vec<f32> {
    let count = outputs.min(SAMPLE_ROWS);
    let rows = (0..count).filter_map(|index| {
        let start = index * outputs / count * inputs;
        weights.get(start..start + inputs)
    });
    rows.flatten().copied().collect()
}

/// The shared expert's tensor for one of an adaptive expert.
fn shared_expert(name: &str) -> Option<String> {
    let (block, rest) = name.split_once(".mlp.experts.expert_")?;
    let (_, matrix) = rest.split_once('.')?;
    Some(format!("{block}.mlp.useful_experts.{matrix}"))
}

/// An adaptive expert's output is multiplied by the mixture's scale and a gate of 1 / experts on average.
fn expert_sensitivity(source: &mut dyn Source, selection: &Selection, name: &str) -> Result<f64> {
    let block = name.split_once(".experts.").map_or("", |(block, _)| block);
    let scale = format!("{block}.scale");
    let value = selection.read(source, &scale)?.first().copied();
    let scale = value.ok_or(Error::TensorMissing(scale))?;
    Ok((f64::from(scale) / selection.config.experts.max(1) as f64)
        .powi(2)
        .max(LEAST_SENSITIVITY))
}
