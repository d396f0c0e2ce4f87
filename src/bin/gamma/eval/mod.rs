//! `gamma eval`: photos that people have judged to figures that say how well the model's scores agree with them.

mod args;
#[cfg(feature = "train")]
mod faults;
mod labels;
mod ladders;
mod output;
mod picture;
mod reliability;
mod splits;

use std::convert::Infallible;
use std::fs;
use std::io;
use std::time::Instant;

use gamma_wasm::image::{CropOptions, DecodeOptions, Pixels};
use gamma_wasm::metrics::deviation::Scored;
use gamma_wasm::metrics::{Sample, evaluate};
use gamma_wasm::scorer::{Assessment, ScoreOptions, Scorer};
use gamma_wasm::{Error, Result};

pub use args::Eval;
use args::Source;
use labels::{Labelled, Labels};
#[cfg(feature = "train")]
pub use output::estimate;

use crate::caught::by_model;
use crate::default_model::Weights;
use crate::exit::Status;
use crate::load;
use crate::many::{self, News, Progress, Share, Shares};
use crate::names::printable;
use crate::photos::{Input, Photo};
use crate::progress::Photos;
use crate::report::{Failure, about, complain, refused};

/// What became of the photos of a CSV.
struct Results {
    source: Source,
    /// Photos scored, with the models' scores in the same order.
    rows: Vec<Labelled>,
    model: Vec<Scored>,
    against: Option<Vec<Scored>>,
    /// Rows left out.
    failed: Vec<(String, Failure)>,
}

/// The models, and how they look at photos.
struct Models {
    model: Scorer,
    against: Option<Scorer>,
    options: ScoreOptions,
}

/// Runs the command.
pub fn run(arguments: &Eval) -> Status {
    let usage = |error: Error| {
        complain(&format!("{} ({})", printable(&error.to_string()), error.code()));
        Status::Usage
    };
    let read = || -> Result<Vec<(Source, Labels)>> {
        arguments.check_svg()?;
        let with_labels = |source: Source| labels::read(&source, arguments.limit).map(|labels| (source, labels));
        arguments.sources()?.into_iter().map(with_labels).collect()
    };
    // Before the model, since that may take a while to load.
    let sets = match read() {
        Ok(sets) => sets,
        Err(error) => return usage(error),
    };
    let models = match Models::load(arguments) {
        Ok(models) => models,
        Err(status) => return status,
    };
    if let Err(error) = models.check(sets.iter().map(|(source, _)| models.scene(source))) {
        return usage(error);
    }
    let start = Instant::now();
    let results = models.score(sets);
    let samples: Vec<Sample> = results.iter().map(Results::sample).collect();
    let evaluation = evaluate(&samples, arguments.seed);
    let report = output::Report {
        arguments,
        models: &models,
        results: &results,
        evaluation: &evaluation,
        seconds: start.elapsed().as_secs_f64(),
    };
    let mut status = match results.iter().any(|set| !set.failed.is_empty()) {
        true => Status::Incomplete,
        false => Status::Done,
    };
    if let Some(path) = &arguments.svg
        && let Err(error) = fs::write(path, picture::svg(&models, &results, &evaluation))
    {
        complain(&about(path, &refused(path, error)));
        status = Status::Incomplete;
    }
    if let Some(path) = &arguments.reliability
        && let Err(error) = fs::write(path, reliability::json(&models, &results))
    {
        complain(&about(path, &refused(path, error)));
        status = Status::Incomplete;
    }
    match report.print() {
        // Whoever read the results, as `head` does, has seen enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain(&format!("standard output: {error}"));
            Status::Incomplete
        }
        _ => status,
    }
}

impl Models {
    fn load(arguments: &Eval) -> Result<Self, Status> {
        let load = |weights: &Weights| {
            load::scorer(weights, arguments.device.choice).map_err(|error| {
                complain(&load::refusal(weights, &error));
                Status::NoModel
            })
        };
        let model = load(&arguments.weights)?;
        if !model.info().trained {
            complain("warning: this model is not trained; its scores mean nothing");
        }
        let against = arguments.against.as_ref().map(load).transpose()?;
        let options = ScoreOptions {
            crops: arguments.crops.choice(arguments.seed),
            parity: arguments.crops.parity,
            tolerance: None,
        };
        Ok(Self {
            model,
            against,
            options,
        })
    }

    fn each(&self) -> impl Iterator<Item = &Scorer> {
        std::iter::once(&self.model).chain(&self.against)
    }

    /// Refuses what could not be answered for any photo.
    fn check<'a>(&self, scenes: impl Iterator<Item = &'a str>) -> Result<()> {
        for id in scenes {
            for scorer in self.each() {
                let offered: Vec<String> = scorer.scenes().map(|scene| scene.id.clone()).collect();
                if !offered.iter().any(|known| known == id) {
                    let id = id.to_owned();
                    return Err(Error::SceneUnknown { id, offered });
                }
            }
        }
        let sides: Vec<usize> = self.each().map(|scorer| scorer.info().config.image).collect();
        match sides.as_slice() {
            [model, against] if model != against => Err(Error::Option {
                name: "against",
                reason: format!("it looks at crops of {against} pixels, the model at crops of {model}"),
            }),
            _ => self.check_crops(),
        }
    }

    /// Refuses two models that would not see the same crops.
    fn check_crops(&self) -> Result<()> {
        let Some(against) = &self.against else { return Ok(()) };
        let short_side = |scorer: &Scorer| scorer.info().photo.short_side.filter(|_| !self.options.parity);
        let differ = |reason: &str| {
            Err(Error::Option {
                name: "against",
                reason: format!("its file states {reason} than the model's, so the crops are not the same"),
            })
        };
        if short_side(&self.model) != short_side(against) {
            return differ("another short side of photos");
        }
        let sizes = |scorer: &Scorer| scorer.info().photo.sizes().to_vec();
        if !self.options.parity && sizes(&self.model) != sizes(against) {
            return differ("other sizes of crops");
        }
        match self.crops() == against.crop_options(&self.options) {
            true => Ok(()),
            false => differ("another policy or number of crops (--policy and --crops choose for both)"),
        }
    }

    /// What the photos of a CSV are judged as.
    fn scene<'a>(&'a self, source: &'a Source) -> &'a str {
        source.scene.as_deref().unwrap_or_else(|| self.model.default_scene())
    }

    /// The crops of each photo.
    fn crops(&self) -> CropOptions {
        self.model.crop_options(&self.options)
    }

    /// What the models scale a photo's short side to, if all of them do the same.
    fn short_side(&self) -> Option<u32> {
        let mut sides = self.each().map(|scorer| scorer.info().photo.short_side);
        let first = sides.next()?;
        first.filter(|_| sides.all(|side| side == first))
    }

    /// Scores all photos of all CSVs, and names those that fail on standard error.
    fn score(&self, sets: Vec<(Source, Labels)>) -> Vec<Results> {
        let mut inputs = Vec::new();
        let mut scenes = Vec::new();
        let mut rows = Vec::new();
        let mut results = Vec::with_capacity(sets.len());
        for (at, (source, labels)) in sets.into_iter().enumerate() {
            let scene = self.scene(&source).to_owned();
            scenes.extend(labels.rows.iter().map(|_| scene.clone()));
            inputs.extend(
                labels
                    .rows
                    .iter()
                    .map(|row| Input::file(source.images.join(&row.image))),
            );
            rows.extend(labels.rows.into_iter().map(|row| (at, row)));
            let mut set = Results::new(source, self.against.is_some());
            for (name, error) in labels.refused {
                complain(&printable(&format!("{name}: {error} ({})", error.code())));
                set.failed.push((name, Failure::from(&error)));
            }
            results.push(set);
        }
        let decode = DecodeOptions {
            parity: self.options.parity,
            short_side: self.short_side(),
            ..DecodeOptions::default()
        };
        let mut bar = Photos::new(inputs.len());
        let shares = Shares::new(&self.model, inputs.len(), None, None);
        let work = |models: &Self, place: usize, photo: Photo, progress: Progress| {
            let scene = scenes
                .get(place)
                .map_or_else(|| models.model.default_scene(), String::as_str);
            let scored = photo
                .decoded
                .and_then(|decoded| by_model(|| models.one(decoded.pixels, scene, progress)));
            (photo.path, scored)
        };
        let mut rows = rows.into_iter();
        let Ok(()) = many::in_order(self, inputs, decode, shares, work, |news| {
            let (path, scored) = match news {
                News::Crops(done, crops) => {
                    bar.crops(done, crops);
                    return Ok::<(), Infallible>(());
                }
                News::Photo(found) => found,
            };
            bar.next(scored.is_ok());
            // Photos come in the order of the rows, one for each.
            if let Some((at, row)) = rows.next()
                && let Some(set) = results.get_mut(at)
            {
                match scored {
                    Ok(scored) => set.add(row, scored),
                    Err(error) => {
                        bar.aside(|| complain(&about(&path, &error)));
                        set.failed.push((row.image, Failure::from(&error)));
                    }
                }
            }
            Ok(())
        });
        bar.finish();
        results
    }

    /// What each model says about a photo, of the same crops.
    fn one(&self, pixels: Pixels, scene: &str, progress: Progress) -> Result<Vec<Scored>> {
        let mut jobs = self
            .each()
            .map(|scorer| scorer.job(pixels.clone(), &self.options))
            .collect::<Result<Vec<_>>>()?;
        let crops = jobs.iter().map(|job| job.crops()).sum();
        let mut done = 0;
        for (job, scorer) in jobs.iter_mut().zip(self.each()) {
            let before = done;
            while !job.is_done() {
                progress(done, crops);
                done = before + pollster::block_on(job.step(scorer.batch()))?;
            }
        }
        jobs.iter().map(|job| Ok(scored(&job.assess(scene)?))).collect()
    }
}

impl Share for Models {
    fn share(&self) -> Self {
        Self {
            model: self.model.share(),
            against: self.against.as_ref().map(Scorer::share),
            options: self.options.clone(),
        }
    }
}

fn scored(assessment: &Assessment) -> Scored {
    Scored {
        photo: f64::from(assessment.score),
        crops: assessment.crops.iter().map(|crop| f64::from(crop.score)).collect(),
        findings: assessment.findings.as_ref().map(|findings| {
            findings
                .iter()
                .map(|found| (found.fault.clone(), found.form.clone()))
                .collect()
        }),
    }
}

impl Results {
    fn new(source: Source, two: bool) -> Self {
        Self {
            source,
            rows: Vec::new(),
            model: Vec::new(),
            against: two.then(Vec::new),
            failed: Vec::new(),
        }
    }

    fn add(&mut self, row: Labelled, scored: Vec<Scored>) {
        let mut scored = scored.into_iter();
        self.rows.push(row);
        self.model.extend(scored.next());
        self.against
            .iter_mut()
            .for_each(|against| against.extend(scored.next()));
    }

    fn sample(&self) -> Sample {
        let scores = |scored: &[Scored]| scored.iter().map(|scored| scored.photo).collect();
        Sample {
            scores: scores(&self.model),
            against: self.against.as_deref().map(scores),
            labels: self.rows.iter().map(|row| row.label).collect(),
            lower_better: self.source.lower_better,
            range: self.source.paper.map(|paper| paper.range),
        }
    }
}
