//! `gamma train --folds` and `--splits`: a recipe judged by photos that its runs have not seen.

use std::collections::BTreeMap;

use gamma_wasm::{
    Error, Result,
    metrics::{Protocol, Sample, Split, Spread, Statistics, evaluate, evaluation::Estimate},
    train::{Outcome, Predictions, TrainConfig, config::Keep, reliability},
};
use serde::Serialize;

use super::{Train, one_after_the_other};

/// What the runs say together about a dataset.
#[derive(Debug, Serialize)]
struct Summary {
    dataset: String,
    /// Runs that held photos of it out.
    runs: usize,
    /// Photos held out, over all runs.
    photos: usize,
    srcc: Option<Spread>,
    plcc: Option<Spread>,
    /// Part of the neighbouring steps of ladders in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    ladders: Option<Spread>,
    /// Of cross-validation: figures of all photos together, each scored by the run that has not seen it.
    #[serde(skip_serializing_if = "Option::is_none")]
    together: Option<Statistics<Estimate>>,
}

/// Takes the runs one after the other; one that is done only says again what came of it.
pub fn run(config: &TrainConfig, protocol: Protocol, arguments: &Train) -> Result<()> {
    // One seed for the whole chain: a run that comes first must not learn what a later one is judged by.
    let all = protocol.runs(config.seed)?;
    warn_of_files(config);
    let chosen = all
        .iter()
        .filter(|split| arguments.only.is_none_or(|only| split.run == only));
    let mut outcomes = Vec::new();
    for &split in chosen {
        eprintln!("{split}");
        outcomes.extend(one_after_the_other(of_split(config.clone(), split), arguments.json)?);
    }
    if outcomes.is_empty() {
        return Err(Error::Option {
            name: "only",
            reason: format!("there are {} runs, from 1 on", all.len()),
        });
    }
    let complete = matches!(protocol, Protocol::Folds(_)) && outcomes.len() == all.len();
    if complete {
        write_reliability(config, &outcomes)?;
    }
    for summary in summaries(&outcomes, complete) {
        match arguments.json {
            true => println!("{}", serde_json::to_string(&summary).unwrap_or_default()),
            false => print!("{}", text(&summary)),
        }
    }
    Ok(())
}

/// A configuration and all that come before it, as `split` has them: in a folder of its own.
pub fn of_split(mut config: TrainConfig, split: Split) -> TrainConfig {
    config.change(&mut |run| {
        run.split = Some(split);
        // Photos that are held out choose nothing, and there may be none.
        run.schedule.keep = Keep::Last;
        run.output = run.output.join(split.to_string());
    });
    config
}

/// Says which models of the chain are files. What those have learned from is not held out: no run here makes them.
fn warn_of_files(config: &TrainConfig) {
    let made: Vec<_> = config.first.iter().map(TrainConfig::model_file).collect();
    let named = config
        .model
        .init
        .iter()
        .chain(config.datasets.iter().flat_map(|dataset| &dataset.teachers));
    for file in named.filter(|file| !made.contains(file)) {
        eprintln!(
            "gamma: warning: {} is a file, which no run here trains: if it has learned from these photos, the figures flatter; name its configuration instead",
            file.display()
        );
    }
    config.first.iter().for_each(warn_of_files);
}

/// Writes how far the scores can be relied on, from all photos of each data set, each scored by the run that has not seen it: for
/// `gamma convert --reliability`.
fn write_reliability(config: &TrainConfig, outcomes: &[Outcome]) -> Result<()> {
    let mut together: Vec<Predictions> = Vec::new();
    for of in outcomes.iter().flat_map(|outcome| &outcome.predictions) {
        match together.iter_mut().find(|known| known.dataset == of.dataset) {
            None => together.push(of.clone()),
            Some(known) => {
                known.scores.extend(&of.scores);
                known.labels.extend(&of.labels);
            }
        }
    }
    let path = config.output.join("reliability.json");
    let json = serde_json::to_string(&reliability(config, &together)).unwrap_or_default();
    std::fs::write(&path, json + "\n").map_err(|source| Error::Io {
        path: path.display().to_string(),
        source,
    })
}

fn summaries(outcomes: &[Outcome], complete: bool) -> Vec<Summary> {
    let mut names: Vec<&str> = Vec::new();
    let mut samples: BTreeMap<&str, Sample> = BTreeMap::new();
    for of in outcomes.iter().flat_map(|outcome| &outcome.predictions) {
        if !names.contains(&of.dataset.as_str()) {
            names.push(&of.dataset);
        }
        let sample = samples.entry(&of.dataset).or_default();
        sample.scores.extend(&of.scores);
        sample.labels.extend(&of.labels);
    }
    let summary = |name: &&str| {
        let runs = outcomes.iter().flat_map(|outcome| &outcome.validation);
        let runs: Vec<_> = runs.filter(|figures| figures.dataset == *name).collect();
        let ladders = runs.iter().all(|figures| figures.ladders.is_some());
        let sample = samples.get(name).cloned().unwrap_or_default();
        Summary {
            dataset: (*name).to_owned(),
            runs: runs.len(),
            photos: sample.labels.len(),
            srcc: Spread::of(runs.iter().map(|figures| figures.srcc)),
            plcc: Spread::of(runs.iter().map(|figures| figures.plcc)),
            ladders: Spread::of(
                runs.iter()
                    .filter(|_| ladders)
                    .map(|f| f.ladders.and_then(|l| l.share())),
            ),
            together: complete.then(|| evaluate(&[sample], 0).datasets[0].figures.model),
        }
    };
    names.iter().map(summary).collect()
}

fn text(summary: &Summary) -> String {
    let Summary {
        dataset,
        runs,
        photos,
        srcc,
        plcc,
        ladders,
        together,
    } = summary;
    let spread = |spread: &Option<Spread>| spread.map_or("-".into(), |spread| spread.to_string());
    let mut text = format!("{dataset}, {runs} runs, {photos} photos held out: median [least, most]\n");
    text += &format!("  SRCC  {}\n  PLCC  {}\n", spread(srcc), spread(plcc));
    if ladders.is_some() {
        text += &format!("  ladders  {}\n", spread(ladders));
    }
    if let Some(figures) = together {
        let estimate = |estimate: &Estimate| crate::eval::estimate(estimate);
        let (srcc, plcc) = (estimate(&figures.srcc), estimate(&figures.plcc));
        text += &format!("  all together, with 95% intervals: SRCC {srcc}, PLCC {plcc}\n");
    }
    text
}
