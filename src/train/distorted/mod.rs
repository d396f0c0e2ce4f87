//! Clean photos, distorted on purpose, as a dataset: what is drawn ([`draw`]) from what is asked for ([`config`]), and the
//! folder that it is written to once ([`folder`]). `docs/distortions.md` explains it.

pub mod config;
pub mod draw;
pub mod folder;

use std::ops::ControlFlow;
use std::path::PathBuf;

use super::config::{DatasetConfig, TrainConfig};
use crate::Result;
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
        let Some(distort) = &dataset.distort else { continue };
        let seed = distort.seed.unwrap_or(config.seed);
        let recipe = Recipe::new(&dataset.name, distort, &config.data.join(&distort.photos), seed)?;
        let flow = folder::generate(&recipe, &place(config, dataset), config.loaders, news)?;
        if flow.is_break() {
            return Ok(flow);
        }
    }
    Ok(ControlFlow::Continue(()))
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
    match distort.and_then(|distort| distort.cache.clone()) {
        Some(cache) => cache,
        None => config.output.join("distorted").join(&dataset.name),
    }
}
