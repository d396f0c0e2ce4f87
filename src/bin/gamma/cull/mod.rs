//! `gamma cull`: which photos of a folder to keep, and why. Nothing is deleted, ever.

pub mod args;
mod decide;
mod files;
mod print;
mod xmp;

use std::convert::Infallible;
use std::fs;
use std::io::{self, ErrorKind};
use std::mem;
use std::path::{Path, PathBuf};

use gamma_wasm::Result;
use gamma_wasm::group::{Candidate, Look, Shot, choose, group, segments};
use gamma_wasm::image::{Capture, DecodeOptions, Decoded};
use gamma_wasm::ops::DeviceChoice;
use gamma_wasm::prompt::Scene;
use gamma_wasm::scorer::{ScoreOptions, Scorer};

use crate::assess::{assess, chosen};
use crate::caught::by_model;
use crate::exit::Status;
use crate::load;
use crate::many::{self, News, Progress, Shares};
use crate::names::name;
use crate::photos::Photo;
use crate::progress::Photos;
use crate::report::{about, complain, count};
use crate::walk::{self, Found};
use args::Cull;
use decide::{Member, Scored};
use files::Item;

/// Runs the command.
pub fn run(arguments: &Cull) -> Status {
    let scorer = match load::scorer(&arguments.weights, DeviceChoice::Cpu) {
        Ok(scorer) => scorer,
        Err(error) => {
            let about = about(arguments.weights.name(), &error);
            complain(&format!("the model could not be loaded: {about}"));
            return Status::NoModel;
        }
    };
    let scene = match chosen(&scorer, arguments.scene.as_deref()).map(<[Scene; 1]>::try_from) {
        Ok(Ok(scene)) => scene,
        Ok(Err(_)) => {
            complain("photos are culled by one scene, not by all");
            return Status::Usage;
        }
        Err(error) => {
            complain(&format!("{error} ({})", error.code()));
            return Status::Usage;
        }
    };
    if !scorer.info().trained {
        complain("warning: this model is not trained; its scores mean nothing");
    }
    let Found { inputs, passed } = walk::list(&arguments.images, arguments.recursive);
    if let Some(sentence) = passed.sentence() {
        complain(&sentence);
    }
    let items = files::items(inputs);
    let mut members = compared(&scorer, &scene, items);
    decide::keep(&mut members, arguments.keep, arguments.one_per_scene);
    if let Err(error) = print::print_all(&members, arguments.csv) {
        if error.kind() != ErrorKind::BrokenPipe {
            complain(&format!("standard output: {error}"));
        }
        return Status::Incomplete;
    }
    let mut failed = members.iter().filter(|member| member.scored.is_err()).count();
    failed += act(&members, arguments);
    if failed > 0 { Status::Incomplete } else { Status::Done }
}

/// Scores and groups photos, a run of them after the other.
fn compared(scorer: &Scorer, scene: &[Scene; 1], items: Vec<Item>) -> Vec<Member> {
    let captures: Vec<Capture> = items.iter().map(|item| files::capture(&item.input.path)).collect();
    let shown: Vec<String> = items.iter().map(|item| name(&item.input.path)).collect();
    let pairs: Vec<(&Capture, &str)> = captures.iter().zip(shown.iter().map(String::as_str)).collect();
    let mut slots: Vec<Option<Item>> = items.into_iter().map(Some).collect();
    let mut inputs = Vec::new();
    // What is known of them before, and whether they are the last of a run.
    let mut before = Vec::new();
    for segment in segments(&pairs) {
        for (at, &place) in segment.iter().enumerate() {
            if let Some(item) = slots.get_mut(place).and_then(Option::take) {
                inputs.push(item.input);
                let capture = captures.get(place).cloned().unwrap_or_default();
                before.push((item.beside, capture, at + 1 == segment.len()));
            }
        }
    }
    let mut before = before.into_iter();
    let mut bar = Photos::new(inputs.len());
    let decode = DecodeOptions {
        short_side: scorer.info().photo.short_side,
        ..DecodeOptions::default()
    };
    let shares = Shares::new(scorer, inputs.len(), None, None);
    let work = |scorer: &Scorer, _, photo: Photo, progress: Progress| {
        let looked = photo
            .decoded
            .and_then(|decoded| by_model(|| look(scorer, scene, decoded, progress)));
        (photo.path, looked)
    };
    let mut members = Vec::new();
    let mut groups = 0;
    let mut run: Vec<Member> = Vec::new();
    let mut shots = Vec::new();
    let Ok(()) = many::in_order(scorer, inputs, decode, shares, work, |news| {
        let (path, looked) = match news {
            News::Crops(done, crops) => {
                bar.crops(done, crops);
                return Ok::<(), Infallible>(());
            }
            News::Photo(found) => found,
        };
        if let Err(error) = &looked {
            bar.aside(|| complain(&about(&path, error)));
        }
        bar.next(looked.is_ok());
        let (beside, capture, last) = before.next().unwrap_or_default();
        let time = capture.time;
        let scored = looked.map(|(scored, likeness)| {
            shots.push((run.len(), Shot { capture, likeness }));
            scored
        });
        run.push(Member::new(path, beside, time, scored));
        if last {
            groups = put_together(&mut run, mem::take(&mut shots), groups);
            members.append(&mut run);
        }
        Ok(())
    });
    bar.finish();
    members
}

/// Tells the photos of a run which groups they are in; `shots` are those with a score, with their places in `run`.
fn put_together(run: &mut [Member], shots: Vec<(usize, Shot)>, mut groups: usize) -> usize {
    let (places, shots): (Vec<usize>, Vec<Shot>) = shots.into_iter().unzip();
    for group in group(&shots) {
        groups += 1;
        let places: Vec<usize> = group
            .shots
            .iter()
            .filter_map(|&shot| places.get(shot).copied())
            .collect();
        let candidates: Vec<Candidate> = places
            .iter()
            .filter_map(|&place| run.get(place)?.scored.as_ref().ok())
            .map(|scored| Candidate {
                percent: scored.percent,
                look: scored.look,
            })
            .collect();
        let choice = choose(&candidates);
        for (at, &place) in places.iter().enumerate() {
            let Some(member) = run.get_mut(place) else { continue };
            member.group = groups;
            member.kind = group.kind;
            if let Some(choice) = choice
                .as_ref()
                .filter(|choice| choice.best == at && !group.kind.is_whole())
            {
                member.best = true;
                member.why.clone_from(&choice.why);
            }
        }
    }
    groups
}

type Looked = (Scored, gamma_wasm::group::Likeness);

fn look(scorer: &Scorer, scene: &[Scene; 1], mut decoded: Decoded, progress: Progress) -> Result<Looked> {
    decoded.pixels = scorer.info().photo.apply(decoded.pixels)?;
    let look = Look::of(&decoded.pixels);
    let likeness = pollster::block_on(scorer.likeness(&decoded.pixels))?;
    let options = ScoreOptions::default();
    let assessments = assess(scorer, scene, decoded, &options, progress)?;
    let (score, percent) = assessments
        .first()
        .map_or((0.0, 0.0), |first| (first.score, first.percent));
    Ok((Scored { score, percent, look }, likeness))
}

/// Writes ratings and copies what is kept, as far as that is asked for; says how many files could not be written.
fn act(members: &[Member], arguments: &Cull) -> usize {
    let mut failed = 0;
    if let Some(naming) = arguments.xmp {
        let (mut rated, mut kept) = (0, 0);
        for (path, rating) in decide::ratings(members, naming) {
            match xmp::rate(path, naming, rating) {
                Ok(xmp::Written::Rated) => rated += 1,
                Ok(xmp::Written::Kept) => kept += 1,
                Err(error) => {
                    failed += 1;
                    complain(&format!("{}: no rating was written: {error}", name(path)));
                }
            }
        }
        complain(&format!(
            "{} rated; {kept} had a rating, which stays",
            count(rated, "photo", "photos")
        ));
    }
    if let Some(folder) = &arguments.copy_to {
        let files: Vec<PathBuf> = members
            .iter()
            .filter(|member| member.stays())
            .flat_map(Member::files)
            .collect();
        match files::copy_all(&files, folder) {
            Ok(copied) => {
                failed += copied.failed;
                complain(&format!(
                    "{} copied, {} there already",
                    count(copied.new, "file", "files"),
                    copied.there
                ));
            }
            Err(error) => {
                failed += 1;
                complain(&format!("{}: {error}", name(folder)));
            }
        }
    }
    if arguments.xmp.is_none() && arguments.copy_to.is_none() {
        complain("nothing was written; --xmp writes ratings, --copy-to DIR copies what is kept");
    }
    failed
}

/// Makes a file under another name beside it, and gives it its name when it is complete. One that has the name is only
/// replaced if that is meant.
fn safely(path: &Path, replace: bool, make: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let made = make(&part).and_then(|()| match replace {
        true => fs::rename(&part, path),
        // Fails if the name was taken meanwhile.
        false => fs::hard_link(&part, path).or_else(|error| match path.exists() {
            true => Err(error),
            // A file system without links.
            false => fs::rename(&part, path),
        }),
    });
    let _ = fs::remove_file(&part);
    made
}
