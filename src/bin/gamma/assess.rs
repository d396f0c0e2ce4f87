//! What a model says of a photo under some scenes.

use gamma_wasm::image::Decoded;
use gamma_wasm::prompt::Scene;
use gamma_wasm::scorer::{Assessment, Job, ScoreOptions, Scorer};
use gamma_wasm::{Error, Result};

/// The scenes that `--scene` means.
///
/// # Errors
/// [`Error::SceneUnknown`].
pub fn chosen(scorer: &Scorer, id: Option<&str>) -> Result<Vec<Scene>> {
    let offered: Vec<Scene> = scorer.scenes().cloned().collect();
    let id = id.unwrap_or_else(|| scorer.default_scene());
    if id == "all" {
        return Ok(offered);
    }
    match offered.iter().find(|scene| scene.id == id) {
        Some(scene) => Ok(vec![scene.clone()]),
        None => Err(Error::SceneUnknown {
            id: id.to_owned(),
            offered: offered.into_iter().map(|scene| scene.id).collect(),
        }),
    }
}

/// Scores the crops of a photo, until every scene is settled; `progress` is told how many of how many are done.
///
/// # Errors
/// What the scorer says.
pub fn assess(
    scorer: &Scorer,
    scenes: &[Scene],
    decoded: Decoded,
    options: &ScoreOptions,
    progress: impl FnMut(usize, usize),
) -> Result<Vec<Assessment>> {
    assess_with_job(scorer, scenes, decoded, options, progress).map(|(assessments, _)| assessments)
}

/// The same, with the job, of which a crop can be computed again.
///
/// # Errors
/// What the scorer says.
pub fn assess_with_job(
    scorer: &Scorer,
    scenes: &[Scene],
    decoded: Decoded,
    options: &ScoreOptions,
    mut progress: impl FnMut(usize, usize),
) -> Result<(Vec<Assessment>, Job)> {
    let origin = decoded.origin();
    let mut job = scorer.job(decoded.pixels, options)?.with_origin(origin);
    while !scenes.iter().all(|scene| job.is_settled(&scene.id)) {
        progress(job.done(), job.crops());
        pollster::block_on(job.step(scorer.batch()))?;
    }
    let assessments: Result<_> = scenes.iter().map(|scene| job.assess(&scene.id)).collect();
    Ok((assessments?, job))
}
