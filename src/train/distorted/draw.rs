//! Which photo is distorted by what: all of it follows from the configuration, the seed and the names of the photos.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::config::DistortConfig;
use crate::train::dataset::shuffle;
use crate::train::distortion::Distortion;
use crate::{Error, Result, image::random::SplitMix64};

/// Raised whenever the same recipe gives other pixels or labels, so that photos made before are not taken for its own.
const VERSION: u32 = 1;
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
    /// Lists and hashes the photos of `folder`.
    ///
    /// # Errors
    /// [`Error::Dataset`] if the configuration asks for what cannot be, [`Error::Io`] for a photo that cannot be read.
    pub fn new(name: &str, config: &DistortConfig, folder: &Path, seed: u64) -> Result<Self> {
        let refuse = |reason: String| Error::Dataset {
            name: name.into(),
            reason,
        };
        config.check().map_err(refuse)?;
        let photos = photos(folder)?;
        let stems: BTreeSet<&str> = photos.iter().map(Photo::stem).collect();
        if stems.len() < photos.len() {
            return Err(refuse(format!(
                "two photos of {} differ only in their ending",
                folder.display()
            )));
        }
        if photos.len() <= config.held_out.photos {
            return Err(refuse(format!(
                "{} has {} photos, of which {} are held out",
                folder.display(),
                photos.len(),
                config.held_out.photos
            )));
        }
        Ok(Self {
            version: VERSION,
            name: name.into(),
            config: DistortConfig {
                photos: PathBuf::new(),
                cache: None,
                seed: None,
                ..config.clone()
            },
            seed,
            photos,
        })
    }

    /// What is to be made, in the order of the label files.
    pub fn tasks(&self) -> Vec<Task> {
        let random = &mut SplitMix64::new(self.seed);
        let mut order: Vec<usize> = (0..self.photos.len()).collect();
        shuffle(&mut order, random);
        let (held_out, learned) = order.split_at(self.config.held_out.photos);
        let (mut held_out, mut learned) = (held_out.to_vec(), learned.to_vec());
        held_out.sort_unstable();
        learned.sort_unstable();
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
        let learned = self
            .config
            .learned()
            .into_iter()
            .map(|kind| (Part::UnseenStrengths, kind));
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
    /// The file's name without its ending.
    pub fn stem(&self) -> &str {
        self.name.rsplit_once('.').map_or(self.name.as_str(), |(stem, _)| stem)
    }
}

fn seed(random: &mut SplitMix64) -> u32 {
    (random.next_u64() >> 32) as u32
}

fn photos(folder: &Path) -> Result<Vec<Photo>> {
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |source| Error::Io { path, source }
    };
    let mut photos = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed(folder))? {
        let path = entry.map_err(failed(folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase());
        let known = ending.is_some_and(|ending| EXTENSIONS.contains(&ending.as_str()));
        if !known || name.starts_with('.') || !path.is_file() {
            continue;
        }
        let bytes = std::fs::read(&path).map_err(failed(&path))?;
        let sha256 = Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        photos.push(Photo { path, name, sha256 });
    }
    photos.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(photos)
}
