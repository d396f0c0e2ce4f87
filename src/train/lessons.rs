//! Which scenes learn from which datasets, and how a scene's scores become a dataset's labels.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::{
    config::TrainConfig,
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
}

/// All lessons of a run, those of a dataset beside each other, its own scene's first.
#[derive(Debug, Clone)]
pub(super) struct Lessons(pub Vec<Lesson>);

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
            let further = of.auxiliary.iter().chain(&of.order_alone);
            let further = further.filter(|&scene| scene != &of.scene);
            for (scene, line) in std::iter::once((&of.scene, line)).chain(further.map(|scene| (scene, None))) {
                lessons.push(Lesson {
                    dataset,
                    scene: place(scene),
                    line,
                    order_alone: order_alone(scene),
                });
            }
        }
        Self(lessons)
    }

    /// The lesson of a dataset's own scene.
    pub fn own(&self, dataset: usize) -> Option<Lesson> {
        self.0.iter().copied().find(|lesson| lesson.dataset == dataset)
    }

    /// `[factor, constant]` of a lesson's line among the values of the parameters.
    pub fn line(&self, lesson: Lesson, values: &[Tensor<1>]) -> Result<[f64; 2]> {
        let Some(values) = lesson.line.and_then(|at| values.get(at)) else {
            return Ok([1.0, 0.0]);
        };
        let line = numbers(values.clone())?;
        Ok(std::array::from_fn(|at| line.get(at).copied().map_or(0.0, f64::from)))
    }

    /// Scores `[crops, scenes]` of crops of these datasets, ascending → a score for each lesson of each crop, on the scale of its
    /// labels; the crops they are of; and the lessons' places, ascending.
    pub fn gather(
        &self,
        scores: Tensor<2>,
        datasets: &[usize],
        leaves: &[Tensor<1>],
    ) -> (Tensor<1>, Vec<usize>, Vec<usize>) {
        let [_, scenes] = scores.dims();
        let (mut crops, mut places, mut parts) = (Vec::new(), Vec::new(), Vec::new());
        let device = scores.device();
        let flat: Tensor<1> = scores.flatten(0, 1);
        for (place, lesson) in self.0.iter().enumerate() {
            let of_dataset: Vec<usize> = (0..datasets.len())
                .filter(|&crop| datasets[crop] == lesson.dataset)
                .collect();
            if of_dataset.is_empty() {
                continue;
            }
            let count = of_dataset.len();
            let at: Vec<i32> = of_dataset
                .iter()
                .map(|crop| (crop * scenes + lesson.scene) as i32)
                .collect();
            let at = Tensor::<1, Int>::from_data(TensorData::new(at, [count]), &device);
            let mut part = flat.clone().select(0, at);
            if let Some(line) = lesson.line.and_then(|at| leaves.get(at)) {
                let factor = line.clone().narrow(0, 0, 1).expand([count]);
                let constant = line.clone().narrow(0, 1, 1).expand([count]);
                part = part * factor + constant;
            }
            parts.push(part);
            crops.extend(of_dataset);
            places.extend(std::iter::repeat_n(place, count));
        }
        (Tensor::cat(parts, 0), crops, places)
    }
}
