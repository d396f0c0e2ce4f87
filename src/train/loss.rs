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

/// How the labels of a dataset count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weight {
    /// The weight of its terms.
    pub weight: f64,
    /// Whether nothing counts but the order within a group (`loss.order`).
    pub order_alone: bool,
}

impl Default for Weight {
    fn default() -> Self {
        Self {
            weight: 1.0,
            order_alone: false,
        }
    }
}

/// Compares scores `[crops]` with labels from 0 to 1.
///
/// `datasets` is ascending: correlation and order only mean something among labels of one dataset. `lessons` says of each dataset how it
/// counts. `groups` tells crops apart that show different things, ascending within a dataset.
pub fn loss(
    scores: Tensor<1>,
    labels: &[f32],
    datasets: &[usize],
    groups: &[usize],
    lessons: &[Weight],
    config: &LossConfig,
) -> LossTerms {
    let device = scores.device();
    let constant = |values: Vec<f32>| {
        let count = values.len();
        Tensor::<1>::from_data(TensorData::new(values, [count]), &device)
    };
    let lesson = |dataset: &usize| lessons.get(*dataset).copied().unwrap_or_default();
    let weight = |dataset: &usize| match lesson(dataset) {
        Weight { order_alone: true, .. } => 0.0,
        Weight { weight, .. } => weight as f32,
    };
    let errors = scores.clone() - constant(labels.to_vec());
    let squares = errors.clone() * errors.clone();
    let counts = |dataset: &usize| f32::from(u8::from(!lesson(dataset).order_alone));
    let counted = datasets.iter().map(counts).sum::<f32>().max(1.0);
    let mean = |weights: Vec<f32>| (squares.clone() * constant(weights)).sum() / counted;
    let mse = mean(datasets.iter().map(counts).collect());
    let mut total = mean(datasets.iter().map(weight).collect()) * config.mse;
    let mut first = 0;
    for group in datasets.chunk_by(|a, b| a == b) {
        let range = first..first + group.len();
        first = range.end;
        let Weight { weight, order_alone } = group.first().map(lesson).unwrap_or_default();
        let share = group.len() as f64 / f64::from(counted) * weight;
        let values = !order_alone;
        if config.difference > 0.0
            && values
            && let Some(variance) = variance_within(errors.clone().slice([range.clone()]), &groups[range.clone()])
        {
            total = total + variance * (config.difference * share);
        }
        let (labels, groups) = (&labels[range.clone()], &groups[range.clone()]);
        let scores = scores.clone().slice([range]);
        if config.plcc > 0.0 && values && labels.len() > 2 {
            total = total + (correlation(scores.clone(), labels) * -1.0 + 1.0) * (config.plcc * share);
        }
        if config.rank > 0.0
            && values
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

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn differences_leave_out_what_a_photo_shows() {
        let terms = LossConfig {
            mse: 0.0,
            difference: 1.0,
            ..LossConfig::default()
        };
        let of = |scores: &[f32]| {
            let scores = Tensor::<1>::from_floats(scores, &Device::flex());
            let labels = [0.2, 0.6, 0.4, 0.8, 0.5];
            let twice = Weight {
                weight: 2.0,
                ..Weight::default()
            };
            let weights = [Weight::default(), twice];
            loss(scores, &labels, &[0, 0, 0, 1, 1], &[4, 4, 7, 8, 8], &weights, &terms)
                .total
                .into_scalar::<f32>()
        };
        assert!(
            of(&[0.5, 0.9, 0.1, 0.3, 0.0]).abs() < 1e-6,
            "only what groups show differs"
        );
        // Errors 0 and 0.2 of one group of the first dataset, 3 of 5 crops: a variance of 0.02.
        assert!((of(&[0.2, 0.8, 0.9, 0.8, 0.5]) - 0.02 * 0.6).abs() < 1e-6);
        // Errors 0 and 0.1 in the second, 2 of 5 crops, weight 2: a variance of 0.005.
        assert!((of(&[0.2, 0.6, 0.9, 0.9, 0.5]) - 0.005 * 0.4 * 2.0).abs() < 1e-6);
    }

    #[test]
    fn order_counts_within_a_group_alone() {
        let terms = LossConfig {
            mse: 0.0,
            order: 1.0,
            ..LossConfig::default()
        };
        let of = |scores: &[f32], groups: &[usize]| {
            let scores = Tensor::<1>::from_floats(scores, &Device::flex());
            loss(
                scores,
                &[0.9, 0.5, 0.7, 0.1],
                &[0; 4],
                groups,
                &[Weight::default()],
                &terms,
            )
            .total
            .into_scalar::<f32>()
        };
        // Each group is in order, by twenty temperatures; across groups nothing is.
        assert!(of(&[1.0, 0.0, 2.0, 1.0], &[3, 3, 5, 5]) < 1e-6);
        assert!(of(&[1.0, 0.0, 2.0, 1.0], &[3, 3, 3, 3]) > 0.1);
        // One pair of two is wrong by 1: softplus(20) temperatures, halved.
        assert!((of(&[0.0, 1.0, 2.0, 1.0], &[3, 3, 5, 5]) - 0.5).abs() < 1e-4);
        assert!(of(&[0.0, 1.0, 2.0, 3.0], &[1, 2, 3, 4]).abs() < 1e-9, "no pair");
    }

    #[test]
    fn where_order_counts_alone_labels_do_not() {
        let terms = LossConfig {
            order: 1.0,
            plcc: 1.0,
            rank: 1.0,
            difference: 1.0,
            ..LossConfig::default()
        };
        let order = Weight {
            order_alone: true,
            ..Weight::default()
        };
        let of = |scores: &[f32], datasets: &[usize], groups: &[usize]| {
            let labels = [0.9, 0.5, 0.7, 0.1];
            let scores = Tensor::<1>::from_floats(scores, &Device::flex());
            let terms = loss(
                scores,
                &labels[..datasets.len()],
                datasets,
                groups,
                &[Weight::default(), order],
                &terms,
            );
            (terms.total.into_scalar::<f32>(), terms.mse.into_scalar::<f32>())
        };
        // Far from the labels, in order within each group.
        let (total, mse) = of(&[4.0, 3.0, -1.0, -2.0], &[1; 4], &[3, 3, 5, 5]);
        assert!(total < 1e-6 && mse == 0.0, "{total}, {mse}");
        assert!(of(&[3.0, 4.0, -1.0, -2.0], &[1; 4], &[3, 3, 5, 5]).0 > 0.1);
        // Beside another dataset they change nothing of its terms.
        let alone = of(&[0.5, 0.6], &[0, 0], &[1, 2]);
        let beside = of(&[0.5, 0.6, 2.0, 1.0], &[0, 0, 1, 1], &[1, 2, 3, 3]);
        assert!(
            (alone.0 - beside.0).abs() < 1e-6 && alone.1 == beside.1,
            "{alone:?}, {beside:?}"
        );
    }
}
