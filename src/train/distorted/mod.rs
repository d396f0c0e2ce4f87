//! Clean photos, distorted on purpose, as a dataset: what is drawn ([`draw`]) from what is asked for ([`config`]), and the
//! folder that it is written to once ([`folder`]). `docs/distortions.md` explains it.

pub mod config;
pub mod draw;
pub mod folder;

use std::ops::ControlFlow;
use std::path::PathBuf;

use super::config::{DatasetConfig, TrainConfig};
use super::dataset::{Sample, Source};
use super::live::Live;
use crate::{Error, Result};
use config::DistortConfig;
use draw::{Part, Recipe};
use folder::Progress;

/// Makes the photos of every dataset of a run that are to be distorted and are not there yet.
///
/// Broken off by `news` or a kill, it goes on with the next photo when it is called again.
///
/// # Errors
/// As [`folder::generate`].
pub fn prepare(config: &TrainConfig, news: &mut dyn FnMut(&Progress) -> ControlFlow<()>) -> Result<ControlFlow<()>> {
    for dataset in &config.datasets {
        if dataset.distort.is_none() {
            continue;
        }
        let flow = folder::generate(&recipe(config, dataset)?, &place(config, dataset), config.loaders, news)?;
        if flow.is_break() {
            return Ok(flow);
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// What the photos of a dataset that is to be distorted follow from.
fn recipe(config: &TrainConfig, dataset: &DatasetConfig) -> Result<Recipe> {
    let Some(distort) = &dataset.distort else {
        return Err(Error::Train(format!("{} is not to be distorted", dataset.name)));
    };
    let short_side = config.model.photo.as_ref().and_then(|photo| photo.short_side);
    let distort = DistortConfig {
        short_side: distort.short_side.or(dataset.short_side).or(short_side),
        ..distort.clone()
    };
    let seed = distort.seed.unwrap_or(config.seed);
    Recipe::new(&dataset.name, &distort, &config.data, seed, config.split.as_ref())
}

/// The clean photos of a dataset that is distorted anew for each step, and how; nothing of another.
pub(super) fn live(config: &TrainConfig, dataset: &DatasetConfig) -> Result<Option<(Vec<Sample>, Live)>> {
    let Some(distort) = dataset.distort.as_ref().filter(|distort| distort.count == 0) else {
        return Ok(None);
    };
    let recipe = recipe(config, dataset)?;
    let samples = recipe.learned().into_iter().map(|photo| Sample {
        source: Source::File(photo.path.clone()),
        name: photo.name.clone(),
        label: 1.0,
        rung: None,
        domain: (!dataset.domains.is_empty()).then_some(0),
    });
    let live = Live {
        kinds: distort.learned(),
        clean: distort.clean,
        group: dataset.group,
        faults: dataset.faults,
        range: dataset.range.map(|end| end as f32),
    };
    Ok(Some((samples.collect(), live)))
}

/// The dataset as one of label files: itself, or where [`prepare`] has put its photos.
pub(super) fn ordinary(config: &TrainConfig, dataset: &DatasetConfig) -> DatasetConfig {
    let Some(distort) = &dataset.distort else {
        return dataset.clone();
    };
    let folder = place(config, dataset);
    DatasetConfig {
        labels: folder.join(Part::Train.labels()),
        // Unseen kinds are for the finished model: choosing an epoch by them would be a way of seeing them.
        validation: (distort.held_out.photos > 0).then(|| folder.join(Part::UnseenStrengths.labels())),
        images: Some(folder),
        ladders: true,
        ..dataset.clone()
    }
}

fn place(config: &TrainConfig, dataset: &DatasetConfig) -> PathBuf {
    let distort = dataset.distort.as_ref();
    let folder = match distort.and_then(|distort| distort.cache.clone()) {
        Some(cache) => cache,
        None => config.output.join("distorted").join(&dataset.name),
    };
    // A dataset's relative paths start from the data's folder, which this is not in.
    std::path::absolute(&folder).unwrap_or(folder)
}
