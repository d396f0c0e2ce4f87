//! The folder of a dataset of distorted photos, made once by threads that each take a clean photo at a time.
//!
//! `recipe.json` says what it holds, and no other recipe is mixed into it. A photo counts once `unfinished.csv` has its
//! label, which happens after the photo is whole: a kill loses the photos at hand, and nothing else. The label files are
//! written when all photos are there.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;

use serde::Serialize;

use super::draw::{Part, Photo, Recipe, Task};
use crate::image::{DecodeOptions, Preparation, decode};
use crate::metrics::ladder::columns;
use crate::train::checkpoint::{io, replace};
use crate::train::distortion::{Distortion, encode_png};
use crate::{Error, Result};

/// What clean photos have as their kind.
pub const CLEAN: &str = "clean";

/// How far the making is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Photos done, those of earlier calls too.
    pub done: usize,
    /// Photos in all.
    pub total: usize,
}

/// Writes the photos and label files of `recipe` into `folder`, or what is still missing of them, with `threads` threads.
/// `news` hears of every photo and may break off.
///
/// # Errors
/// [`Error::Dataset`] if the folder holds another recipe's photos, or a clean photo cannot be used; [`Error::Io`].
pub fn generate(
    recipe: &Recipe,
    folder: &Path,
    threads: usize,
    news: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<ControlFlow<()>> {
    claim(recipe, folder)?;
    let parts = parts(recipe);
    if parts.iter().all(|part| folder.join(part.labels()).is_file()) {
        return Ok(ControlFlow::Continue(()));
    }
    for part in Part::ALL {
        let place = folder.join(part.folder());
        fs::create_dir_all(&place).map_err(|source| io(&place, source))?;
    }
    let tasks = recipe.tasks();
    let path = folder.join(UNFINISHED);
    let mut made = journal(folder, &path)?;
    let missing: Vec<&Task> = tasks
        .iter()
        .filter(|task| !made.contains_key(&file(recipe, task)))
        .collect();
    let mut of_photos: Vec<Vec<&Task>> = vec![Vec::new(); recipe.photos.len()];
    for task in missing {
        of_photos[task.photo].push(task);
    }
    of_photos.retain(|tasks| !tasks.is_empty());
    let mut progress = Progress {
        done: tasks.len() - of_photos.iter().map(Vec::len).sum::<usize>(),
        total: tasks.len(),
    };
    let journal = OpenOptions::new().append(true).open(&path);
    let mut journal = journal.map_err(|source| io(&path, source))?;
    let flow = make_all(recipe, folder, &of_photos, threads, &mut |name, label| {
        writeln!(journal, "{name},{label}").map_err(|source| io(&path, source))?;
        made.insert(name, label);
        progress.done += 1;
        Ok(news(&progress))
    })?;
    if flow.is_continue() {
        for part in parts {
            labels(recipe, folder, part, &tasks, &made)?;
        }
        drop(journal);
        fs::remove_file(&path).map_err(|source| io(&path, source))?;
    }
    Ok(flow)
}

/// The labels of photos that are there, as `unfinished.csv` has them while the folder is being made.
const UNFINISHED: &str = "unfinished.csv";

/// The parts that a recipe has photos for.
fn parts(recipe: &Recipe) -> Vec<Part> {
    let held_out = &recipe.config.held_out;
    let has = |part: &Part| match part {
        Part::Train => recipe.config.count > 0,
        Part::UnseenStrengths => held_out.photos > 0,
        Part::UnseenKinds => held_out.photos > 0 && !held_out.kinds.is_empty(),
    };
    Part::ALL.into_iter().filter(has).collect()
}

/// Says what the folder is for, or finds that it is for this recipe.
fn claim(recipe: &Recipe, folder: &Path) -> Result<()> {
    let path = folder.join("recipe.json");
    let refuse = |reason: String| Error::Dataset {
        name: recipe.name.clone(),
        reason,
    };
    let text = serde_json::to_string_pretty(recipe).map_err(|error| refuse(error.to_string()))? + "\n";
    match fs::read_to_string(&path) {
        Ok(found) if found == text => Ok(()),
        Ok(_) => Err(refuse(format!(
            "{} holds photos of another recipe (recipe.json); delete the folder, or name another",
            folder.display()
        ))),
        Err(_) => {
            fs::create_dir_all(folder).map_err(|source| io(folder, source))?;
            replace(&path, text.as_bytes())
        }
    }
}

/// Reads what is there already, and takes a line that a kill has cut off out of the file.
fn journal(folder: &Path, path: &Path) -> Result<HashMap<String, f32>> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let whole = text
        .rsplit_once('\n')
        .map_or(String::new(), |(whole, _)| format!("{whole}\n"));
    replace(path, whole.as_bytes())?;
    let rows = whole.lines().filter_map(|line| {
        let (name, label) = line.rsplit_once(',')?;
        let label = label.parse().ok()?;
        folder.join(name).is_file().then(|| (name.to_owned(), label))
    });
    Ok(rows.collect())
}

/// A photo's file, from the folder on.
fn file(recipe: &Recipe, task: &Task) -> String {
    let (folder, stem) = (task.part.folder(), recipe.photos[task.photo].stem());
    match task.kind {
        Some(kind) => format!("{folder}/{stem}-{kind}-{}-{:08x}.png", task.strength, task.seed),
        None => format!("{folder}/{stem}-{CLEAN}.png"),
    }
}

/// Makes what is missing; `done` hears of each photo, on the thread that calls.
fn make_all(
    recipe: &Recipe,
    folder: &Path,
    of_photos: &[Vec<&Task>],
    threads: usize,
    done: &mut dyn FnMut(String, f32) -> Result<ControlFlow<()>>,
) -> Result<ControlFlow<()>> {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(threads.max(1));
        for _ in 0..threads.max(1) {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                while let Some(tasks) = of_photos.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // The receiver is gone once the making has been broken off or has failed.
                    let made = make(recipe, folder, tasks, &mut |name, label| {
                        sender.send(Ok((name, label))).is_ok()
                    });
                    if let Err(error) = made {
                        let _ = sender.send(Err(error));
                        return;
                    }
                }
            });
        }
        drop(sender);
        for made in receiver {
            let (name, label) = made?;
            if done(name, label)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    })
}

/// Makes photos of one clean photo, as long as `done` wants more.
fn make(recipe: &Recipe, folder: &Path, tasks: &[&Task], done: &mut dyn FnMut(String, f32) -> bool) -> Result<()> {
    let Some(first) = tasks.first() else { return Ok(()) };
    let Photo { path, .. } = &recipe.photos[first.photo];
    let refuse = |error: Error| Error::Dataset {
        name: recipe.name.clone(),
        reason: format!("{}: {error}", path.display()),
    };
    let bytes = fs::read(path).map_err(|source| io(path, source))?;
    let clean = decode(&bytes, &DecodeOptions::default()).map_err(refuse)?.pixels;
    // Without a short side photos stay as they are, however small.
    let clean = match recipe.config.short_side {
        None => clean,
        short_side => {
            let preparation = Preparation {
                short_side,
                ..Preparation::default()
            };
            preparation.apply(clean).map_err(refuse)?
        }
    };
    for task in tasks {
        let seed = u64::from(task.seed);
        let kind = task.kind.unwrap_or(Distortion::GaussianBlur);
        let pixels = kind.apply(&clean, task.strength, seed).map_err(refuse)?;
        let label = kind.label(task.strength, seed).map_err(refuse)?;
        let name = file(recipe, task);
        replace(&folder.join(&name), &encode_png(&pixels).map_err(refuse)?)?;
        if !done(name, label) {
            break;
        }
    }
    Ok(())
}

/// Writes the label file of a part.
fn labels(recipe: &Recipe, folder: &Path, part: Part, tasks: &[Task], made: &HashMap<String, f32>) -> Result<()> {
    let refuse = |reason: String| Error::Dataset {
        name: recipe.name.clone(),
        reason,
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = [
        "image",
        "mos",
        columns::KIND,
        columns::STRENGTH,
        columns::SEED,
        columns::PHOTO,
    ];
    writer.write_record(header).map_err(|error| refuse(error.to_string()))?;
    for task in tasks.iter().filter(|task| task.part == part) {
        let name = file(recipe, task);
        let label = made
            .get(&name)
            .ok_or_else(|| refuse(format!("{name} was not made")))?
            .to_string();
        let kind = task.kind.map_or(CLEAN, |kind| kind.as_str());
        let (strength, seed) = (task.strength.to_string(), task.seed.to_string());
        let photo = recipe.photos[task.photo].name.as_str();
        let row = [&name, &label, kind, &strength, &seed, photo];
        writer.write_record(row).map_err(|error| refuse(error.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|error| refuse(error.to_string()))?;
    replace(&folder.join(part.labels()), &bytes)
}
