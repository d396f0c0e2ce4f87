//! Which scenes learn from which datasets, and how a scene's scores become a dataset's labels.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::{
    batches::Batch,
    config::{DatasetConfig, TrainConfig},
    network::{Answers, Domains},
    optimizer::numbers,
    parameters::{AFFINE, Parameters},
};
use crate::Result;

/// A scene that learns from a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lesson {
    /// The dataset's place.
    pub dataset: usize,
    /// The scene's place.
    pub scene: usize,
    /// The place among the parameters of the line that leads from scores to labels, `[factor, constant]`.
    pub line: Option<usize>,
    /// Whether it is nothing but the order within a group of photos.
    pub order_alone: bool,
    /// Whether it is learned by the level features of each photo's own domain, not by those of all domains together.
    pub own_domain: bool,
}

/// All lessons of a run.
#[derive(Debug, Clone)]
pub(super) struct Lessons {
    /// Those of a dataset beside each other, its own scene's first.
    pub list: Vec<Lesson>,
    /// For each dataset the places of its domains among those of its scene.
    domains: Vec<Vec<usize>>,
}

/// Keeps the logarithm of a probability finite.
const LEAST_PROBABILITY: f64 = 1e-6;

impl Lessons {
    /// Those of a configuration; the lines that it asks for are added to the parameters.
    pub fn new(config: &TrainConfig, parameters: &mut Parameters, device: &Device) -> Self {
        let scenes = config.learned_scenes();
        let place = |name: &String| scenes.iter().position(|scene| scene == name).unwrap_or_default();
        let mut lessons = Vec::new();
        for (dataset, of) in config.datasets.iter().enumerate() {
            let order_alone = |scene: &String| of.order_alone.contains(scene);
            let line = (of.affine && !order_alone(&of.scene)).then(|| {
                let name = format!("{AFFINE}{}", of.name);
                parameters.add(name, vec![1.0, 0.0], config.optimizer.lr, device)
            });
            let own_domain =
                (config.domains(&of.scene).len() > 1 && !of.domains.is_empty()).then_some((&of.scene, line, true));
            let further = of.auxiliary.iter().chain(&of.order_alone);
            let further = further.filter(|&scene| scene != &of.scene);
            let further = own_domain.into_iter().chain(further.map(|scene| (scene, None, false)));
            for (scene, line, own_domain) in std::iter::once((&of.scene, line, false)).chain(further) {
                lessons.push(Lesson {
                    own_domain,
                    dataset,
                    scene: place(scene),
                    line,
                    order_alone: order_alone(scene),
                });
            }
        }
        let places = |of: &DatasetConfig| {
            let of_scene = config.domains(&of.scene);
            let place = |domain| of_scene.iter().position(|known| known == domain);
            of.domains.iter().filter_map(place).collect()
        };
        Self {
            list: lessons,
            domains: config.datasets.iter().map(places).collect(),
        }
    }

    /// The lesson of a dataset's own scene.
    pub fn own(&self, dataset: usize) -> Option<Lesson> {
        self.list.iter().copied().find(|lesson| lesson.dataset == dataset)
    }

    /// Which domain of its dataset's scene each crop of a batch is of.
    fn places(&self, batch: &Batch) -> Vec<Option<usize>> {
        let place = |(&dataset, &domain): (&usize, &Option<usize>)| self.domains.get(dataset)?.get(domain?).copied();
        batch.datasets.iter().zip(&batch.domains).map(place).collect()
    }

    /// The mean over crops of the cross-entropy of their domains, 0 for a crop of none; `None` if all are.
    pub fn domain_loss(&self, domains: &[Domains], batch: &Batch) -> Option<Tensor<1>> {
        let places = self.places(batch);
        let mut total: Option<Tensor<1>> = None;
        for (scene, Domains { probabilities, .. }) in domains.iter().enumerate() {
            let of_scene = |dataset: &usize| self.own(*dataset).is_some_and(|lesson| lesson.scene == scene);
            let places = batch.datasets.iter().zip(&places);
            let places = places.map(|(dataset, place)| place.filter(|_| of_scene(dataset)));
            let Some(entropy) = cross_entropy(probabilities, places) else {
                continue;
            };
            let entropy = entropy / batch.datasets.len() as f64;
            total = Some(total.map_or(entropy.clone(), |total| total + entropy));
        }
        total
    }

    /// `[factor, constant]` of a lesson's line among the values of the parameters.
    pub fn line(&self, lesson: Lesson, values: &[Tensor<1>]) -> Result<[f64; 2]> {
        let Some(values) = lesson.line.and_then(|at| values.get(at)) else {
            return Ok([1.0, 0.0]);
        };
        let line = numbers(values.clone())?;
        Ok(std::array::from_fn(|at| line.get(at).copied().map_or(0.0, f64::from)))
    }

    /// What the crops of a batch are answered with → a score for each lesson of each crop, on the scale of its labels; the crops they are
    /// of; and the lessons' places, ascending.
    pub fn gather(
        &self,
        answers: &Answers,
        batch: &Batch,
        leaves: &[Tensor<1>],
    ) -> (Tensor<1>, Vec<usize>, Vec<usize>) {
        let (mut crops, mut places, mut parts) = (Vec::new(), Vec::new(), Vec::new());
        let domains = self.places(batch);
        for (place, lesson) in self.list.iter().enumerate() {
            // Which number of a crop's row is its score.
            let column = |crop: usize| match lesson.own_domain {
                true => domains[crop],
                false => Some(lesson.scene),
            };
            let of_lesson: Vec<(usize, usize)> = (0..batch.datasets.len())
                .filter(|&crop| batch.datasets[crop] == lesson.dataset)
                .filter_map(|crop| Some((crop, column(crop)?)))
                .collect();
            if of_lesson.is_empty() {
                continue;
            }
            let scores = match lesson.own_domain {
                true => &answers.domains[lesson.scene].scores,
                false => &answers.scores,
            };
            let ([_, width], count) = (scores.dims(), of_lesson.len());
            let at: Vec<i32> = of_lesson
                .iter()
                .map(|(crop, column)| (crop * width + column) as i32)
                .collect();
            let at = Tensor::<1, Int>::from_data(TensorData::new(at, [count]), &scores.device());
            let mut part = scores.clone().flatten::<1>(0, 1).select(0, at);
            if let Some(line) = lesson.line.and_then(|at| leaves.get(at)) {
                let factor = line.clone().narrow(0, 0, 1).expand([count]);
                let constant = line.clone().narrow(0, 1, 1).expand([count]);
                part = part * factor + constant;
            }
            parts.push(part);
            crops.extend(of_lesson.into_iter().map(|(crop, _)| crop));
            places.extend(std::iter::repeat_n(place, count));
        }
        (Tensor::cat(parts, 0), crops, places)
    }
}

/// The sum over crops of the cross-entropy of what they are of, 0 for a crop of nothing, given `[crops, domains]`; `None` if all are, or if there is
/// but one domain.
pub(super) fn cross_entropy(
    probabilities: &Tensor<2>,
    places: impl Iterator<Item = Option<usize>>,
) -> Option<Tensor<1>> {
    let [count, width] = probabilities.dims();
    let chosen: Vec<f32> = places
        .flat_map(|place| (0..width).map(move |at| f32::from(u8::from(place == Some(at)))))
        .collect();
    if width < 2 || !chosen.contains(&1.0) {
        return None;
    }
    let chosen = Tensor::<2>::from_data(TensorData::new(chosen, [count, width]), &probabilities.device());
    Some(-((probabilities.clone() + LEAST_PROBABILITY).log() * chosen).sum())
}
