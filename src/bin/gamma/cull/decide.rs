//! Which photos stay.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gamma_wasm::Error;
use gamma_wasm::group::{Kind, Look};

use super::args::{Keep, Naming};
use super::xmp;

/// What is known of a photo that could be read.
pub struct Scored {
    pub score: f32,
    pub percent: f32,
    pub look: Look,
}

/// A photo, and what becomes of it.
pub struct Member {
    pub path: PathBuf,
    /// The RAW file of a JPEG, which goes where that goes.
    pub beside: Vec<PathBuf>,
    /// As [`Capture::time`](gamma_wasm::image::Capture::time).
    pub time: Option<f64>,
    pub scored: Result<Scored, Error>,
    /// Counted from 1; 0 if it could not be read.
    pub group: usize,
    pub kind: Kind,
    /// Whether it is likely the best of its group.
    pub best: bool,
    pub keep: bool,
    /// Why it is the best.
    pub why: String,
}

impl Member {
    /// A photo in no group yet.
    pub fn new(path: PathBuf, beside: Vec<PathBuf>, time: Option<f64>, scored: Result<Scored, Error>) -> Self {
        Self {
            path,
            beside,
            time,
            scored,
            group: 0,
            kind: Kind::Single,
            best: false,
            keep: false,
            why: String::new(),
        }
    }

    /// Whether it may be left out: it could be read, and is in no set that is only worth something whole.
    pub fn may_go(&self) -> bool {
        self.scored.is_ok() && !self.kind.is_whole()
    }

    /// Whether it is kept, by choice or in a set.
    pub fn stays(&self) -> bool {
        self.keep || (self.scored.is_ok() && self.kind.is_whole())
    }

    /// The photo, its RAW file, and the sidecars that are there.
    pub fn files(&self) -> Vec<PathBuf> {
        let photos = || std::iter::once(&self.path).chain(&self.beside);
        let mut files: Vec<PathBuf> = photos().cloned().collect();
        for sidecar in photos().flat_map(|photo| xmp::names(photo)) {
            if sidecar.is_file() && !files.contains(&sidecar) {
                files.push(sidecar);
            }
        }
        files
    }
}

/// Chooses the photos with the highest scores; with `one_per_scene` only among the best of each group.
pub fn keep(members: &mut [Member], keep: Keep, one_per_scene: bool) {
    let number = keep.of(members.iter().filter(|member| member.may_go()).count());
    let mut order: Vec<(usize, f32)> = members
        .iter()
        .enumerate()
        .filter(|(_, member)| member.may_go() && (member.best || !one_per_scene))
        .filter_map(|(place, member)| Some((place, member.scored.as_ref().ok()?.score)))
        .collect();
    // Stable: of equal scores the earlier photo.
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    for &(place, _) in order.iter().take(number) {
        if let Some(member) = members.get_mut(place) {
            member.keep = true;
        }
    }
}

/// The ratings to write: 1 for what is kept, -1 for the rest; nothing for sets. Of photos that share a sidecar one that
/// is kept decides.
pub fn ratings(members: &[Member], naming: Naming) -> Vec<(&Path, i8)> {
    let mut ratings: BTreeMap<PathBuf, (&Path, i8)> = BTreeMap::new();
    for member in members.iter().filter(|member| member.may_go()) {
        let rating = if member.keep { 1 } else { -1 };
        for path in std::iter::once(&member.path).chain(&member.beside) {
            let [full, short] = xmp::names(path);
            let key = if naming == Naming::Adobe && !full.exists() {
                short
            } else {
                full
            };
            let entry = ratings.entry(key).or_insert((path, rating));
            if rating > entry.1 {
                *entry = (path, rating);
            }
        }
    }
    ratings.into_values().collect()
}
