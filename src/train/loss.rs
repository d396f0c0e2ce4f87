//! The loss of a step.

use burn::tensor::{Tensor, TensorData, activation};

use super::config::LossConfig;

/// The terms of a loss, each as a tensor of one number.
#[derive(Debug, Clone)]
pub struct LossTerms {
    /// What is minimised.
    pub total: Tensor<1>,
    /// Mean squared error, unweighted.
    pub mse: Tensor<1>,
}

/// Compares scores `[crops]` with labels from 0 to 1.
///
/// `datasets` is ascending: correlation and order only mean something among labels of one dataset. `weights` are those of
/// each dataset. `groups` tells crops apart that show different things, ascending within a dataset.
pub fn loss(
    scores: Tensor<1>,
    labels: &[f32],
    datasets: &[usize],
    groups: &[usize],
    weights: &[f64],
    config: &LossConfig,
) -> LossTerms {
    let device = scores.device();
    let constant = |values: Vec<f32>| {
        let count = values.len();
        Tensor::<1>::from_data(TensorData::new(values, [count]), &device)
    };
    let weight = |dataset: &usize| weights.get(*dataset).map_or(1.0, |&weight| weight as f32);
    let errors = scores.clone() - constant(labels.to_vec());
    let squares = errors.clone() * errors.clone();
    let mse = squares.clone().mean();
    let mut total = (squares * constant(datasets.iter().map(weight).collect())).mean() * config.mse;
    let mut first = 0;
    for group in datasets.chunk_by(|a, b| a == b) {
        let range = first..first + group.len();
        first = range.end;
        let share =
            group.len() as f64 / datasets.len().max(1) as f64 * group.first().map_or(1.0, |d| f64::from(weight(d)));
        if config.difference > 0.0
            && let Some(variance) = variance_within(errors.clone().slice([range.clone()]), &groups[range.clone()])
        {
            total = total + variance * (config.difference * share);
        }
        let (labels, groups) = (&labels[range.clone()], &groups[range.clone()]);
        let scores = scores.clone().slice([range]);
        if config.plcc > 0.0 && labels.len() > 2 {
            total = total + (correlation(scores.clone(), labels) * -1.0 + 1.0) * (config.plcc * share);
        }
        if config.rank > 0.0
            && let Some(disorder) = disorder(scores.clone(), labels, None, config.temperature)
        {
            total = total + disorder * (config.rank * share);
        }
        if config.order > 0.0
            && let Some(disorder) = disorder(scores, labels, Some(groups), config.temperature)
        {
            total = total + disorder * (config.order * share);
        }
    }
    LossTerms { total, mse }
}

/// Pearson's correlation of scores `[n]` with labels.
fn correlation(scores: Tensor<1>, labels: &[f32]) -> Tensor<1> {
    let count = labels.len();
    let mean = labels.iter().sum::<f32>() / count as f32;
    let centred: Vec<f32> = labels.iter().map(|label| label - mean).collect();
    let norm = centred.iter().map(|c| c * c).sum::<f32>().sqrt().max(1e-6);
    let direction = centred.into_iter().map(|c| c / norm).collect::<Vec<f32>>();
    let direction = Tensor::<1>::from_data(TensorData::new(direction, [count]), &scores.device());
    let centred = scores.clone() - scores.mean();
    // The small number keeps the gradient finite where all scores are the same.
    let norm = ((centred.clone() * centred.clone()).sum() + 1e-8).sqrt();
    (centred * direction).sum() / norm
}

/// The variance of errors `[n]` within groups of two or more, over all of them; `None` without any.
fn variance_within(errors: Tensor<1>, groups: &[usize]) -> Option<Tensor<1>> {
    let count = groups.len();
    let of_group = |group: &usize| groups.iter().filter(|other| *other == group).count();
    let freedom: f64 = groups
        .chunk_by(|a, b| a == b)
        .map(|group| group.len() as f64 - 1.0)
        .sum();
    if freedom == 0.0 {
        return None;
    }
    let means: Vec<f32> = groups
        .iter()
        .flat_map(|a| groups.iter().map(move |b| (a, b)))
        .map(|(a, b)| if a == b { 1.0 / of_group(a) as f32 } else { 0.0 })
        .collect();
    let means = Tensor::<2>::from_data(TensorData::new(means, [count, count]), &errors.device());
    let mean = means.matmul(errors.clone().reshape([count, 1])).reshape([count]);
    let centred = errors - mean;
    Some((centred.clone() * centred).sum() / freedom)
}

/// The mean of `softplus(-(p_i - p_j) / temperature) * temperature` over pairs, of one group if there are some, in which `i`
/// has the higher label.
fn disorder(scores: Tensor<1>, labels: &[f32], groups: Option<&[usize]>, temperature: f64) -> Option<Tensor<1>> {
    let count = labels.len();
    let alike = |i: usize, j: usize| groups.is_none_or(|groups| groups[i] == groups[j]);
    let pairs: Vec<f32> = (0..count * count)
        .map(|at| (at / count, at % count))
        .map(|(i, j)| f32::from(u8::from(labels[i] > labels[j] && alike(i, j))))
        .collect();
    let number = pairs.iter().sum::<f32>();
    if number == 0.0 {
        return None;
    }
    let pairs = Tensor::<2>::from_data(TensorData::new(pairs, [count, count]), &scores.device());
    let differences = scores.clone().reshape([count, 1]) - scores.reshape([1, count]);
    let cost = activation::softplus(differences * (-1.0 / temperature), 1.0) * temperature;
    Some((cost * pairs).sum() / f64::from(number))
}
