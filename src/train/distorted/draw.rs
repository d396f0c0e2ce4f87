//! Which photo is distorted by what: all of it follows from the configuration, the seed and the names of the photos.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::config::{DistortConfig, ListConfig};
use crate::metrics::Split;
use crate::train::config::distinct;
use crate::train::dataset::shuffle;
use crate::train::distortion::Distortion;
use crate::{Error, Result, image::random::SplitMix64};

/// Raised whenever the same recipe gives other pixels or labels, so that photos made before are not taken for its own.
const VERSION: u32 = 2;
/// Names that mark a file as a photo, in small letters.
const EXTENSIONS: [&str; 9] = ["bmp", "gif", "jpeg", "jpg", "png", "tif", "tiff", "webp", "jfif"];

/// Everything that the photos of a dataset follow from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    version: u32,
    /// The dataset's name, for errors.
    #[serde(skip)]
    pub name: String,
    /// What is asked for, without what says nothing about the outcome.
    pub config: DistortConfig,
    /// Start of the random numbers.
    pub seed: u64,
    /// The clean photos, by name.
    pub photos: Vec<Photo>,
}

/// A clean photo.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Photo {
    /// Its file; where that is says nothing about the photo.
    #[serde(skip)]
    pub path: PathBuf,
    /// The file's name.
    pub name: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Whether nothing of it may be learned.
    #[serde(default)]
    pub held_out: bool,
}

/// Who sees a photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The model that learns.
    Train,
    /// Who judges it: unseen photos and unseen strengths of kinds that are learned.
    UnseenStrengths,
    /// Who judges it: unseen photos, unseen strengths, unseen kinds.
    UnseenKinds,
}

/// A photo to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// Who sees it.
    pub part: Part,
    /// The clean photo, by its place in [`Recipe::photos`].
    pub photo: usize,
    /// What is done to it; nothing to a clean one.
    pub kind: Option<Distortion>,
    /// 0 for a clean one.
    pub strength: f32,
    /// Start of the distortion's random numbers; one for all steps of a ladder.
    pub seed: u32,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Train, Self::UnseenStrengths, Self::UnseenKinds];

    /// The name of its label file.
    pub fn labels(self) -> &'static str {
        match self {
            Self::Train => "train.csv",
            Self::UnseenStrengths => "unseen-strengths.csv",
            Self::UnseenKinds => "unseen-kinds.csv",
        }
    }

    /// The folder of its photos.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::UnseenStrengths | Self::UnseenKinds => "test",
        }
    }
}

impl Recipe {
    /// Lists and hashes the clean photos, in files under `data`; of the photos in lists, `split` holds some out.
    ///
    /// # Errors
    /// [`Error::Dataset`] if the configuration asks for what cannot be, [`Error::Io`] for a photo that cannot be read.
    pub fn new(name: &str, config: &DistortConfig, data: &Path, seed: u64, split: Option<&Split>) -> Result<Self> {
        let refuse = |reason: String| Error::Dataset {
            name: name.into(),
            reason,
        };
        config.check().map_err(refuse)?;
        let mut photos = match config.photos == PathBuf::new() {
            true => Vec::new(),
            false => folder(&data.join(&config.photos))?,
        };
        for list in &config.lists {
            photos.extend(listed(list, data, split).map_err(|error| refuse(error.to_string()))?);
        }
        photos.sort_by(|a, b| a.name.cmp(&b.name));
        let stems: BTreeSet<&str> = photos.iter().map(Photo::stem).collect();
        if stems.len() < photos.len() {
            return Err(refuse("two clean photos differ only in their ending".into()));
        }
        let held_out = photos.iter().filter(|photo| photo.held_out).count();
        if photos.len() - held_out <= config.held_out.photos.saturating_sub(held_out) {
            return Err(refuse(format!(
                "there are {} photos, of which {} are held out",
                photos.len(),
                config.held_out.photos.max(held_out)
            )));
        }
        Ok(Self {
            version: VERSION,
            name: name.into(),
            config: DistortConfig {
                photos: PathBuf::new(),
                lists: Vec::new(),
                cache: None,
                seed: None,
                ..config.clone()
            },
            seed,
            photos,
        })
    }

    /// The clean photos to learn from, and those to judge by, each by its place.
    ///
    /// Photos that are held out already come first; others only where those are too few.
    fn sides(&self, random: &mut SplitMix64) -> (Vec<usize>, Vec<usize>) {
        let mut order: Vec<usize> = (0..self.photos.len()).collect();
        shuffle(&mut order, random);
        order.sort_by_key(|&at| !self.photos[at].held_out);
        let wanted = self.config.held_out.photos;
        let (held_out, rest) = order.split_at(wanted.min(order.len()));
        let rest = rest.iter().copied().filter(|&at| !self.photos[at].held_out);
        let (mut held_out, mut learned) = (held_out.to_vec(), rest.collect::<Vec<_>>());
        held_out.sort_unstable();
        learned.sort_unstable();
        (learned, held_out)
    }

    /// The clean photos to learn from.
    pub fn learned(&self) -> Vec<&Photo> {
        let (learned, _) = self.sides(&mut SplitMix64::new(self.seed));
        learned.into_iter().map(|at| &self.photos[at]).collect()
    }

    /// What is to be made, in the order of the label files.
    pub fn tasks(&self) -> Vec<Task> {
        let random = &mut SplitMix64::new(self.seed);
        let (learned, held_out) = self.sides(random);
        let mut tasks = self.training(&learned, random);
        self.ladders(&held_out, random, &mut tasks);
        tasks
    }

    /// Kinds take turns. Of one kind no photo comes twice at the same strength before all others have come.
    fn training(&self, photos: &[usize], random: &mut SplitMix64) -> Vec<Task> {
        let mut clean = photos.to_vec();
        shuffle(&mut clean, random);
        clean.truncate((self.config.clean * self.config.count as f64).round() as usize);
        clean.sort_unstable();
        let task = |photo, kind, strength, seed| Task {
            part: Part::Train,
            photo,
            kind,
            strength,
            seed,
        };
        let mut tasks: Vec<Task> = clean.into_iter().map(|photo| task(photo, None, 0.0, 0)).collect();
        let kinds = self.config.learned();
        let strengths = &self.config.strengths;
        let choices: Vec<(usize, f32)> = photos
            .iter()
            .flat_map(|&p| strengths.iter().map(move |&s| (p, s)))
            .collect();
        let mut decks = vec![Vec::new(); kinds.len()];
        for place in 0..self.config.count {
            let (kind, deck) = (kinds[place % kinds.len()], &mut decks[place % kinds.len()]);
            if deck.is_empty() {
                deck.clone_from(&choices);
                shuffle(deck, random);
            }
            if let Some((photo, strength)) = deck.pop() {
                tasks.push(task(photo, Some(kind), strength, seed(random)));
            }
        }
        tasks
    }

    fn ladders(&self, photos: &[usize], random: &mut SplitMix64, tasks: &mut Vec<Task>) {
        let held_out = &self.config.held_out;
        let mut strengths = held_out.strengths.clone();
        strengths.sort_by(f32::total_cmp);
        // However often a kind is learned, it is judged once.
        let learned = distinct(&self.config.learned());
        let learned = learned.into_iter().map(|kind| (Part::UnseenStrengths, kind));
        let unseen = held_out.kinds.iter().map(|&kind| (Part::UnseenKinds, kind));
        for (part, kind) in learned.chain(unseen) {
            let mut photos = photos.to_vec();
            if part == Part::UnseenStrengths {
                shuffle(&mut photos, random);
                photos.truncate(held_out.ladders);
                photos.sort_unstable();
            }
            for photo in photos {
                let seed = seed(random);
                tasks.extend(strengths.iter().map(|&strength| Task {
                    part,
                    photo,
                    kind: Some(kind),
                    strength,
                    seed,
                }));
            }
        }
    }
}

impl Photo {
    fn new(path: PathBuf, name: String, held_out: bool) -> Result<Self> {
        let bytes = std::fs::read(&path).map_err(|source| failed(&path, source))?;
        let sha256 = Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Ok(Self {
            path,
            name,
            sha256,
            held_out,
        })
    }

    /// The file's name without its ending.
    pub fn stem(&self) -> &str {
        self.name.rsplit_once('.').map_or(self.name.as_str(), |(stem, _)| stem)
    }
}

fn seed(random: &mut SplitMix64) -> u32 {
    (random.next_u64() >> 32) as u32
}

/// The photos of a folder, in no order.
fn folder(folder: &Path) -> Result<Vec<Photo>> {
    let mut photos = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|source| failed(folder, source))? {
        let path = entry.map_err(|source| failed(folder, source))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase());
        let known = ending.is_some_and(|ending| EXTENSIONS.contains(&ending.as_str()));
        if known && !name.starts_with('.') && path.is_file() {
            photos.push(Photo::new(path, name, false)?);
        }
    }
    Ok(photos)
}

/// The clean photos of a list. Without a split, those of its validation file are held out.
fn listed(list: &ListConfig, data: &Path, split: Option<&Split>) -> Result<Vec<Photo>> {
    let mut photos = Vec::new();
    let files = [(Some(&list.labels), false), (list.validation.as_ref(), true)];
    for (file, validation) in files
        .into_iter()
        .filter_map(|(file, validation)| Some((file?, validation)))
    {
        let path = data.join(file);
        let refuse = |reason: String| Error::Train(format!("{}: {reason}", path.display()));
        let mut reader = csv::Reader::from_path(&path).map_err(|error| refuse(error.to_string()))?;
        let header = reader.headers().map_err(|error| refuse(error.to_string()))?.clone();
        let column = |name: &str| {
            let place = header.iter().position(|found| found.trim() == name);
            place.ok_or_else(|| refuse(format!("it has no column `{name}`")))
        };
        let image = column("image")?;
        let [clean, group] = match list.all {
            true => [image, column("group").unwrap_or(image)],
            false => [column("clean")?, column("group")?],
        };
        for record in reader.records() {
            let record = record.map_err(|error| refuse(error.to_string()))?;
            let field = |at: usize| record.get(at).unwrap_or_default().trim();
            if !list.all && field(clean) != "1" {
                continue;
            }
            let held_out = split.map_or(validation, |split| split.holds_out(field(group)));
            let path = data.join(&list.images).join(field(image));
            photos.push(Photo::new(path, field(image).to_owned(), held_out)?);
        }
    }
    Ok(photos)
}

fn failed(path: &Path, source: std::io::Error) -> Error {
    Error::Io {
        path: path.display().to_string(),
        source,
    }
}
