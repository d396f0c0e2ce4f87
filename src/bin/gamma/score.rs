//! `gamma score`: photos to scores, in the order in which they were given.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use gamma_wasm::Result;
use gamma_wasm::image::DecodeOptions;
use gamma_wasm::prompt::Scene;
use gamma_wasm::scorer::{Assessment, Job, ScoreOptions, Scorer};

use crate::args::Score;
use crate::assess::{assess_with_job, chosen};
use crate::caught::by_model;
use crate::exit::Status;
use crate::guard::{Guard, Guarded};
use crate::many::{self, News, Progress, Shares};
use crate::names::name;
use crate::output::{Format, Output, print};
use crate::photos::{Input, Photo};
use crate::progress::Photos;
use crate::report::{about, complain};
use crate::serve::args::Service;
use crate::walk::{self, Found};
use crate::{load, serve};

/// Runs the command.
pub fn run(arguments: &Score) -> Status {
    let weights = &arguments.weights;
    let scorer = match load::scorer(weights, arguments.device.choice) {
        Ok(scorer) => scorer,
        Err(error) => {
            complain(&load::refusal(weights, &error));
            return Status::NoModel;
        }
    };
    let scenes = match chosen(&scorer, arguments.scene.as_deref()) {
        Ok(scenes) => scenes,
        Err(error) => {
            complain(&format!("{error} ({})", error.code()));
            return Status::Usage;
        }
    };
    if !scorer.info().trained {
        complain("warning: this model is not trained; its scores mean nothing");
    }
    let options = options(arguments);
    if arguments.service.is_wanted() {
        let guard = Guard::new(&arguments.weights, &scorer);
        return serve::run(&scorer, guard, &arguments.service, arguments.scene.as_deref(), options);
    }
    let run = Run {
        scorer,
        scenes,
        options,
    };
    match run.all(arguments) {
        Ok(status) => status,
        // Whoever read the results, as `head` does, has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Status::Done,
        Err(error) => {
            complain(&format!("standard output: {error}"));
            Status::Incomplete
        }
    }
}

fn options(arguments: &Score) -> ScoreOptions {
    ScoreOptions {
        crops: arguments.crops.choice(arguments.seed),
        parity: arguments.crops.parity,
        tolerance: arguments.tolerance,
    }
}

struct Run {
    scorer: Scorer,
    scenes: Vec<Scene>,
    options: ScoreOptions,
}

impl Run {
    /// Scores every photo and prints as it goes.
    fn all(&self, arguments: &Score) -> io::Result<Status> {
        let format = match arguments {
            Score { json: true, .. } => Format::Json,
            Score { csv: true, .. } => Format::Csv,
            _ => Format::Table,
        };
        let mut output = Output::new(format, &self.scorer.info().name, &self.scenes);
        let mut summary = Summary::default();
        let Found { inputs, passed } = walk::list(&arguments.images, arguments.recursive);
        if let Some(sentence) = passed.sentence() {
            complain(&sentence);
        }
        let several = inputs.len() > 1;
        let mut bar = Photos::new(inputs.len());
        let decode = DecodeOptions {
            short_side: self.scorer.info().photo.short_side,
            ..arguments.crops.decode_options()
        };
        let Service { workers, threads, .. } = arguments.service;
        let shares = Shares::new(
            &self.scorer,
            inputs.len(),
            workers.map(usize::from),
            threads.map(usize::from),
        );
        let Self { scenes, options, .. } = self;
        let guard = Guard::new(&arguments.weights, &self.scorer);
        let work = |scorer: &Scorer, _, photo, progress: Progress| {
            let (scorer, checked) = guard.scorer(scorer);
            let (scored, job) = scored(scorer, scenes, options, photo, progress);
            (scored, job.filter(|_| checked))
        };
        let again = |(path, ..): Scored, cpu: &Scorer| {
            let photo = Input::file(path).decoded(&decode);
            scored(cpu, scenes, options, photo, &mut |_, _| {}).0
        };
        let mut tell = |bar: &mut Photos, (path, result, seconds): Scored| {
            bar.aside(|| match &result {
                Ok(assessments) => output.scored(&path, assessments, seconds),
                Err(error) => {
                    complain(&about(&path, error));
                    output.failed(&path, error)
                }
            })?;
            summary.add(&path, &result);
            bar.next(result.is_ok());
            Ok::<(), io::Error>(())
        };
        let mut guarded = Guarded::new(&guard);
        many::in_order(&self.scorer, inputs, decode, shares, work, |news| match news {
            News::Crops(done, crops) => {
                bar.crops(done, crops);
                Ok(())
            }
            News::Photo((scored, job)) => {
                let mut vouched = guarded.pass(scored, job, again).into_iter();
                vouched.try_for_each(|scored| tell(&mut bar, scored))
            }
        })?;
        let mut rest = guarded.end(again).into_iter();
        rest.try_for_each(|scored| tell(&mut bar, scored))?;
        bar.finish();
        if format == Format::Table && several {
            print(summary.line(self.scenes.len(), bar.elapsed().as_secs_f64()).as_bytes())?;
        }
        Ok(if summary.failed > 0 {
            Status::Incomplete
        } else {
            Status::Done
        })
    }
}

/// A photo's path, its assessments, and the seconds that it took.
type Scored = (PathBuf, Result<Vec<Assessment>>, f64);

fn scored(
    scorer: &Scorer,
    scenes: &[Scene],
    options: &ScoreOptions,
    photo: Photo,
    progress: Progress,
) -> (Scored, Option<Job>) {
    let start = Instant::now();
    let found = photo
        .decoded
        .and_then(|decoded| by_model(|| assess_with_job(scorer, scenes, decoded, options, progress)));
    let (mut result, job) = match found {
        Ok((assessments, job)) => (Ok(assessments), Some(job)),
        Err(error) => (Err(error), None),
    };
    for assessment in result.iter_mut().flatten() {
        assessment.provenance.clone_from(&photo.provenance);
    }
    let seconds = (photo.time + start.elapsed()).as_secs_f64();
    ((photo.path, result, seconds), job)
}

/// What is said of all photos together.
#[derive(Default)]
struct Summary {
    scored: usize,
    failed: usize,
    total: f64,
    lowest: Option<(f32, PathBuf)>,
    highest: Option<(f32, PathBuf)>,
}

impl Summary {
    fn add(&mut self, path: &Path, result: &Result<Vec<Assessment>>) {
        let Ok([assessment, ..]) = result.as_deref() else {
            self.failed += 1;
            return;
        };
        let percent = assessment.percent;
        self.scored += 1;
        self.total += f64::from(percent);
        if self.lowest.as_ref().is_none_or(|(lowest, _)| percent < *lowest) {
            self.lowest = Some((percent, path.to_owned()));
        }
        if self.highest.as_ref().is_none_or(|(highest, _)| percent > *highest) {
            self.highest = Some((percent, path.to_owned()));
        }
    }

    /// The percentages are said of one scene only; across scenes they have no meaning.
    fn line(&self, scenes: usize, seconds: f64) -> String {
        let mut line = format!("{} photos scored", self.scored);
        if self.failed > 0 {
            let _ = write!(line, ", {} failed", self.failed);
        }
        if let (1, Some((low, worst)), Some((high, best))) = (scenes, &self.lowest, &self.highest) {
            let mean = self.total / self.scored as f64;
            let (worst, best) = (name(worst), name(best));
            let _ = write!(
                line,
                "; mean {mean:.1} %, from {low:.1} ({worst}) to {high:.1} ({best})"
            );
        }
        let _ = writeln!(
            line,
            "; {seconds:.1} s, {:.2} photos/s",
            self.scored as f64 / seconds.max(f64::EPSILON)
        );
        line
    }
}
