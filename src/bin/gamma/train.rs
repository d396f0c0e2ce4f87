//! `gamma train`: shows how a training run goes; the run itself is the library's.

use std::{ops::ControlFlow, path::PathBuf};

use clap::Args;
use gamma_wasm::{
    Result,
    metrics::{Protocol, Split},
    train::{Event, Figures, Outcome, Session, TrainConfig, distorted},
};
use indicatif::{FormattedDuration, ProgressBar};

use crate::exit::Status;
use crate::progress;

mod protocol;

#[derive(Debug, Args)]
pub struct Train {
    /// What is trained on what, and how: a TOML file. docs/training.md explains it.
    #[arg(value_name = "CONFIG.toml")]
    pub config: PathBuf,
    /// Where it computes, instead of what the configuration says: cpu, gpu, auto, libtorch, libtorch-cuda.
    #[arg(long, value_name = "NAME")]
    pub device: Option<String>,
    /// The folder that the paths of datasets start from, instead of what the configuration says.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The folder of checkpoints and of the model, instead of what the configuration says.
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// The beginning of all random numbers, instead of what the configuration says.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Cross-validation instead of one run: N runs, each of which holds out another N-th of all photos, by group.
    #[arg(long, value_name = "N", conflicts_with = "splits")]
    pub folds: Option<usize>,
    /// N runs instead of one, each of which holds out a random fifth of all photos, by group.
    #[arg(long, value_name = "N")]
    pub splits: Option<usize>,
    /// Learn from all photos, those to judge by too: the last run, of a recipe that folds or splits have chosen.
    #[arg(long, conflicts_with_all = ["folds", "splits", "only"])]
    pub all: bool,
    /// Of those runs, this one alone, from 1 on.
    #[arg(long, value_name = "K")]
    pub only: Option<usize>,
    /// Print one JSON object a line: every step, every epoch, the outcome.
    #[arg(long)]
    pub json: bool,
}

pub fn run(arguments: &Train) -> Status {
    match train(arguments) {
        Ok(()) => Status::Done,
        Err(error) => {
            eprintln!("gamma: {error}");
            match error.code() {
                "train" | "dataset" | "option" => Status::Usage,
                _ => Status::NoModel,
            }
        }
    }
}

fn train(arguments: &Train) -> Result<()> {
    let mut config = TrainConfig::open(&arguments.config)?;
    if let Some(output) = &arguments.output {
        let mut output = output.clone();
        config.change(&mut |run| {
            run.output.clone_from(&output);
            output.push("first");
        });
    }
    config.change(&mut |run| {
        if let Some(data) = &arguments.data {
            run.data.clone_from(data);
        }
        if let Some(device) = &arguments.device {
            run.device.clone_from(device);
        }
        run.seed = arguments.seed.unwrap_or(run.seed);
    });
    match (arguments.folds, arguments.splits, arguments.all) {
        (Some(count), _, _) => protocol::run(&config, Protocol::Folds(count), arguments),
        (_, Some(count), _) => protocol::run(&config, Protocol::Splits(count), arguments),
        (_, _, true) => one_after_the_other(protocol::of_split(config, Split::NONE), arguments.json).map(drop),
        _ => one_after_the_other(config, arguments.json).map(drop),
    }
}

/// Trains all that has to come first, then the run itself; one that is done only says again what came of it.
fn one_after_the_other(config: TrainConfig, json: bool) -> Result<Option<Outcome>> {
    for first in config.first.clone() {
        one_after_the_other(first, json)?;
    }
    make_photos(&config)?;
    eprintln!("{}", config.name);
    let mut session = Session::open(config)?;
    describe(&session);
    let mut bar: Option<ProgressBar> = None;
    let outcome = session.run(&mut |event| {
        if json {
            println!("{}", serde_json::to_string(event).unwrap_or_default());
        } else {
            show(event, &mut bar);
        }
        ControlFlow::Continue(())
    })?;
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    if let Some(outcome) = &outcome {
        conclude(outcome, json);
    }
    Ok(outcome)
}

/// Photos that are to be distorted, before the run: with progress.
fn make_photos(config: &TrainConfig) -> Result<()> {
    let mut bar: Option<ProgressBar> = None;
    let _ = distorted::prepare(config, &mut |progress| {
        let total = progress.total as u64;
        let bar = match &bar {
            Some(bar) if bar.length() == Some(total) => bar,
            _ => bar.insert(progress::distorted(progress.total)),
        };
        bar.set_position(progress.done as u64);
        ControlFlow::Continue(())
    })?;
    Ok(())
}

fn describe(session: &Session) {
    let trained = session
        .parameters
        .list
        .iter()
        .filter(|parameter| parameter.is_trained());
    let numbers: usize = trained.map(|p| p.shape.iter().product::<usize>()).sum();
    eprintln!("{numbers} numbers are trained");
    for dataset in &session.datasets {
        eprintln!(
            "{}: {} photos to learn from, {} to judge by",
            dataset.config.name,
            dataset.train.len(),
            dataset.validation.len()
        );
    }
    if session.state.step > 0 {
        eprintln!("going on after step {}", session.state.step);
    }
}

fn show(event: &Event, bar: &mut Option<ProgressBar>) {
    match event {
        Event::Step {
            step,
            steps,
            epoch,
            loss,
            seconds_left,
            ..
        } => {
            let bar = bar.get_or_insert_with(|| progress::steps(*steps));
            bar.set_position(*step as u64);
            let left = std::time::Duration::try_from_secs_f64(*seconds_left).unwrap_or_default();
            bar.set_message(format!(
                "epoch {epoch}  loss {loss:.4}  {} left",
                FormattedDuration(left)
            ));
        }
        Event::Epoch(epoch) => {
            let figures: Vec<String> = epoch.validation.iter().map(figures).collect();
            let line = format!("epoch {}  loss {:.4}  {}", epoch.epoch, epoch.loss, figures.join("; "));
            match bar {
                Some(bar) => bar.suspend(|| println!("{line}")),
                None => println!("{line}"),
            }
        }
    }
}

fn figures(figures: &Figures) -> String {
    let number = |value: Option<f64>| value.map_or("-".into(), |value| format!("{value:.4}"));
    let ladders = figures.ladders.and_then(|order| order.share());
    let ladders = ladders.map_or(String::new(), |share| format!(", ladders {share:.4}"));
    format!(
        "{}: SRCC {}, PLCC {}, RMSE {:.4}{ladders}",
        figures.dataset,
        number(figures.srcc),
        number(figures.plcc),
        figures.rmse
    )
}

fn conclude(outcome: &Outcome, json: bool) {
    if json {
        println!("{}", serde_json::to_string(outcome).unwrap_or_default());
        return;
    }
    for dataset in &outcome.validation {
        println!("{}", figures(dataset));
    }
    let epoch = outcome.best.as_ref().map_or(0, |best| best.epoch);
    println!("{} (epoch {epoch})", outcome.model.display());
}
