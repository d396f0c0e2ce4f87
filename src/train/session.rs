//! A run: its state, its loop, its files.

mod calibration;
mod findings;
mod judging;
mod pooled;

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::Instant,
};

use burn::tensor::{Device, Tensor, TensorData};

use super::{
    about::{About, Measured, OtherScenes},
    batches::{Batch, Cache, Plan},
    beginning::{beginning, photo},
    checkpoint::{self, Saved, Snapshot},
    config::{DatasetConfig, Keep, TrainConfig},
    curves::curves,
    dataset::Dataset,
    distorted,
    faults::FaultScenes,
    lessons::{Lesson, Lessons},
    log,
    loss::{Weight, loss},
    network::{Network, Scenes},
    open_device,
    optimizer::{Adam, scalar},
    parameters::Parameters,
    state::{Epoch, Event, Outcome, State},
    teachers::Teachers,
    validation::Figures,
};
use crate::{
    Error, Result,
    image::{CROP, Preparation},
};

/// What the names of the stem's tensors begin with.
const STEM: &str = "clip_model.visual.stem";

/// A run of training.
pub struct Session {
    /// Its configuration.
    pub config: TrainConfig,
    /// The tensors.
    pub parameters: Parameters,
    /// Where it is.
    pub state: State,
    /// What it learns from.
    pub datasets: Vec<Dataset>,
    adam: Adam,
    average: Vec<Tensor<1>>,
    /// The tensors that the run began with.
    begun: Vec<Tensor<1>>,
    scenes: Scenes,
    /// How photos are brought to the model.
    photo: Preparation,
    /// Which scenes learn from which datasets.
    lessons: Lessons,
    /// The scenes of faults.
    faults: FaultScenes,
    /// What labels the crops that nobody has judged.
    teachers: Teachers,
    /// Scenes of the model that the run begins with, which stay as they are.
    other_scenes: OtherScenes,
    device: Device,
}

impl Session {
    /// Reads datasets and weights, and goes on from the checkpoint in the output folder if there is one.
    ///
    /// # Errors
    /// [`Error::Dataset`], [`Error::Train`] for a configuration that cannot be used or that is not the one the checkpoint
    /// was made with, or what is wrong with the weights.
    pub fn open(config: TrainConfig) -> Result<Self> {
        let device = open_device(&config.device)?;
        // Nobody listens, so it does not end early.
        let _ = distorted::prepare(&config, &mut |_| ControlFlow::Continue(()))?;
        let photo = photo(&config)?;
        let open = |dataset: &DatasetConfig| {
            let mut dataset = distorted::ordinary(&config, dataset);
            dataset.short_side = dataset.short_side.or(photo.short_side);
            if let (Some(short_side), Some(&largest)) = (dataset.short_side, photo.sizes().iter().max())
                && short_side < largest
            {
                return Err(Error::Dataset {
                    name: dataset.name,
                    reason: format!(
                        "its photos of short_side {short_side} hold no crop of {largest} (model.photo.sizes)"
                    ),
                });
            }
            match distorted::live(&config, &dataset)? {
                Some((photos, live)) => Dataset::live(&dataset, &config.data, photos, live),
                // Photos that were distorted before the run are held out by what was done to them.
                None if dataset.distort.is_some() => Dataset::open(&dataset, &config.data, config.seed),
                None => Dataset::open_split(&dataset, &config.data, config.seed, config.split.as_ref()),
            }
        };
        let datasets = config.datasets.iter().map(open).collect::<Result<Vec<_>>>()?;
        let ids = config.learned_scenes();
        let mut parameters = beginning(&config, &ids, &device)?;
        let lessons = Lessons::new(&config, &mut parameters, &device);
        let teachers = Teachers::open(&config, &device)?;
        let other_scenes = OtherScenes::keep(&config, &mut parameters, &device)?;
        let scenes = Scenes::new(&ids, parameters.config.text.is_some())?;
        let mut session = Self {
            adam: Adam::new(&parameters),
            average: parameters.values(),
            begun: parameters.values(),
            parameters,
            state: State::default(),
            scenes,
            photo,
            lessons,
            faults: FaultScenes::new(&config),
            teachers,
            other_scenes,
            datasets,
            device,
            config,
        };
        session.resume()?;
        Ok(session)
    }

    fn resume(&mut self) -> Result<()> {
        let path = self.file("checkpoint.safetensors");
        if !path.exists() {
            return Ok(());
        }
        let saved = checkpoint::restore(
            &path,
            &mut self.parameters,
            &mut self.adam,
            &mut self.average,
            &self.device,
        )?;
        if saved.config != self.identity()? {
            return Err(Error::Train(format!(
                "{} was made with another configuration; name another output folder, or delete it to begin anew",
                path.display()
            )));
        }
        self.state = saved.state;
        log::shorten(&self.file("log.jsonl"), &self.state)
    }

    /// The configuration without what may change between a stop and going on.
    fn identity(&self) -> Result<serde_json::Value> {
        let mut config = self.config.clone();
        config.loaders = 0;
        config.cache_mb = 0;
        config.schedule.checkpoint_every = 0;
        // Where the folders are says nothing about the run.
        config.data = PathBuf::new();
        config.output = PathBuf::new();
        for distort in config
            .datasets
            .iter_mut()
            .filter_map(|dataset| dataset.distort.as_mut())
        {
            distort.cache = None;
        }
        serde_json::to_value(config).map_err(|error| Error::Train(error.to_string()))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.config.output.join(name)
    }

    /// Trains to the end, or until `news` breaks off: what was done since the last checkpoint is then lost, as in a kill.
    ///
    /// # Errors
    /// If a photo or a device fails, or a file cannot be written. The last checkpoint stays.
    pub fn run(&mut self, news: &mut dyn FnMut(&Event) -> ControlFlow<()>) -> Result<Option<Outcome>> {
        std::fs::create_dir_all(&self.config.output).map_err(|source| checkpoint::io(&self.config.output, source))?;
        let datasets = std::mem::take(&mut self.datasets);
        let photo = self.photo.clone();
        let plan = Plan {
            datasets: &datasets,
            seed: self.config.seed,
            batch: self.config.schedule.batch,
            photo: &photo,
            normalization: self.parameters.config.normalization(),
            cache: Cache::new(self.config.cache_mb << 20),
        };
        let outcome = self.train(&plan, news);
        self.datasets = datasets;
        outcome
    }

    fn train(&mut self, plan: &Plan<'_>, news: &mut dyn FnMut(&Event) -> ControlFlow<()>) -> Result<Option<Outcome>> {
        let per_epoch = plan.steps();
        if per_epoch == 0 {
            return Err(Error::Train(format!(
                "an epoch has fewer photos than schedule.batch, which is {}",
                plan.batch
            )));
        }
        if self.state.step == 0 {
            self.measure_usual(plan)?;
        }
        while !self.is_over() {
            if self.epoch(plan, per_epoch, news)?.is_break() {
                return Ok(None);
            }
        }
        let predictions = match self.state.judged.clone() {
            Some(judged) if self.file("model.safetensors").exists() => judged,
            _ => self.finish(plan)?,
        };
        Ok(Some(Outcome {
            validation: predictions.iter().map(Figures::from).collect(),
            predictions,
            model: self.file("model.safetensors"),
            best: self.kept().cloned(),
        }))
    }

    fn is_over(&self) -> bool {
        let done = self.state.epochs.len();
        let patience = self.config.schedule.patience;
        let waited = self.state.best().map_or(0, |best| done - best.epoch);
        let limit = self.config.schedule.steps;
        done >= self.config.schedule.epochs
            || (patience > 0 && waited >= patience)
            || (limit > 0 && self.state.step >= limit && done > 0)
    }

    fn epoch(
        &mut self,
        plan: &Plan<'_>,
        per_epoch: usize,
        news: &mut dyn FnMut(&Event) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>> {
        let epoch = self.state.epochs.len();
        let total = per_epoch * self.config.schedule.epochs;
        let end = match self.config.schedule.steps {
            0 => total,
            steps => steps.min(total),
        };
        let (begin, first) = (Instant::now(), self.state.step);
        let flow = std::thread::scope(|scope| -> Result<ControlFlow<()>> {
            let batches = plan.start(scope, epoch, self.state.step % per_epoch, self.config.loaders);
            for batch in batches {
                let mut batch = batch?;
                self.teachers.label(&mut batch, &self.device)?;
                let (step_loss, mse, rate, norm) = self.step(&batch, total)?;
                self.state.step += 1;
                self.state.loss += step_loss;
                self.state.mse += mse;
                let done = (self.state.step - first) as f64;
                let event = Event::Step {
                    step: self.state.step,
                    steps: end,
                    epoch: epoch + 1,
                    loss: step_loss,
                    mse,
                    rate,
                    gradient_norm: norm,
                    seconds_left: begin.elapsed().as_secs_f64() / done * (end - self.state.step) as f64,
                };
                log::add(&self.file("log.jsonl"), &event)?;
                let every = self.config.schedule.checkpoint_every;
                if every > 0 && self.state.step.is_multiple_of(every) {
                    self.save()?;
                }
                if news(&event).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                if self.state.step == end {
                    break;
                }
            }
            Ok(ControlFlow::Continue(()))
        })?;
        if flow.is_break() {
            return Ok(flow);
        }
        self.calibrate(plan, epoch)?;
        let validation = self.judge(plan.datasets, self.config.validation.crops)?;
        let steps = (self.state.step - epoch * per_epoch).max(1) as f64;
        let done = Epoch {
            epoch: epoch + 1,
            loss: self.state.loss / steps,
            mse: self.state.mse / steps,
            validation: validation.iter().map(Figures::from).collect(),
        };
        (self.state.loss, self.state.mse) = (0.0, 0.0);
        self.state.epochs.push(done.clone());
        if self.kept().is_some_and(|kept| kept.epoch == done.epoch) {
            self.write_model(&self.file("model.safetensors"), Measured::default())?;
        }
        let event = Event::Epoch(done);
        log::add(&self.file("log.jsonl"), &event)?;
        checkpoint::replace(
            &self.file("curves.svg"),
            curves(&self.config.name, &self.state.epochs).as_bytes(),
        )?;
        self.save()?;
        Ok(news(&event))
    }

    /// Takes one step and returns loss, mean squared error, part of the learning rate and norm of the gradients.
    fn step(&mut self, batch: &Batch, total: usize) -> Result<(f64, f64, f64, f64)> {
        let leaves = self.parameters.leaves();
        let mut network = Network::new(&self.parameters, &leaves, &self.scenes)?;
        let (count, side) = (batch.labels.len(), CROP as usize);
        let crops = TensorData::new(batch.pixels.clone(), [count, 3, side, side]);
        let of_lesson = |lesson: &Lesson| Weight {
            weight: self.config.datasets[lesson.dataset].weight,
            order_alone: lesson.order_alone,
        };
        self.leave_out(&mut network.gamma.visual.stem, count);
        let weights: Vec<Weight> = self.lessons.list.iter().map(of_lesson).collect();
        let answers = network.answers(Tensor::from_data(crops, &self.device));
        let (scores, crops, lessons) = self.lessons.gather(&answers, batch, &leaves);
        let labels: Vec<f32> = crops.iter().map(|&crop| batch.labels[crop]).collect();
        let groups: Vec<usize> = crops.iter().map(|&crop| batch.groups[crop]).collect();
        let terms = loss(scores, &labels, &lessons, &groups, &weights, &self.config.loss);
        let further = [
            (
                self.lessons.domain_loss(&answers.domains, batch),
                self.config.loss.domain,
            ),
            (self.faults.loss(&answers, batch), self.config.loss.faults),
        ];
        let further = further.into_iter().filter_map(|(term, weight)| Some(term? * weight));
        let minimised = further.fold(terms.total, |total, term| total + term);
        let mut gradients = minimised.backward();
        let (value, mse) = (scalar(minimised.inner())?, scalar(terms.mse.inner())?);
        drop(network);
        let rate = self.config.schedule.rate(self.state.step, total);
        let norm = self.adam.step(
            &mut self.parameters,
            &leaves,
            &mut gradients,
            &self.config.optimizer,
            rate,
        )?;
        self.follow();
        Ok((f64::from(value), f64::from(mse), rate, norm))
    }

    /// Moves the average of the weights towards them. Early on it follows faster: an average over few steps of a long decay
    /// would be one of the random beginning.
    fn follow(&mut self) {
        let steps = self.adam.steps as f64;
        let decay = self.config.optimizer.ema.min((1.0 + steps) / (10.0 + steps));
        for (average, parameter) in self.average.iter_mut().zip(&self.parameters.list) {
            if parameter.is_trained() {
                *average = match self.config.optimizer.ema > 0.0 {
                    true => average.clone() * decay + parameter.values.clone() * (1.0 - decay),
                    false => parameter.values.clone(),
                };
            }
        }
    }

    /// What is judged and stored: the average of the weights, or a point between it and what the run began with.
    fn result(&self) -> Vec<Tensor<1>> {
        let part = self.config.optimizer.interpolation;
        let between = |(average, begun): (&Tensor<1>, &Tensor<1>)| match part < 1.0 {
            true => average.clone() * part + begun.clone() * (1.0 - part),
            false => average.clone(),
        };
        self.average.iter().zip(&self.begun).map(between).collect()
    }

    /// The epoch, of those done, whose weights are stored.
    fn kept(&self) -> Option<&Epoch> {
        match self.config.schedule.keep {
            Keep::Best => self.state.best(),
            Keep::Last => self.state.epochs.last(),
        }
    }

    /// Writes the checkpoint.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn save(&self) -> Result<()> {
        let saved = Saved {
            state: self.state.clone(),
            config: self.identity()?,
            adam_steps: self.adam.steps,
        };
        checkpoint::save(
            &self.file("checkpoint.safetensors"),
            &Snapshot {
                parameters: &self.parameters,
                adam: &self.adam,
                average: &self.average,
                saved: &saved,
            },
        )
    }

    /// Writes the result as a model, with what is known of how far its scores can be relied on.
    fn write_model(&self, path: &Path, measured: Measured) -> Result<()> {
        let about = About {
            config: &self.config,
            photo: &self.photo,
            evaluated: self.state.epochs.last(),
            measured,
            other_scenes: &self.other_scenes,
        };
        let (scenes, metadata) = (about.scenes(), about.metadata()?);
        let (parameters, average) = self.parameters.folded(&self.result())?;
        checkpoint::write_model(path, &parameters, &average, metadata, &scenes)
    }
}
