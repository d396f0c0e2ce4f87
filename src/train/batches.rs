//! Batches of crops: which photos, in which order, cut and mirrored how. All of it follows from the seed, the epoch and the
//! place in the epoch, so that a resumed run sees what an uninterrupted one would have seen.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, sync_channel},
    },
    thread::Scope,
};

use super::{
    dataset::{Dataset, Sample, shuffle},
    kin::Kin,
    live::{Drawn, Faults},
};
use crate::{
    Error, Result,
    image::{self, CROP, Crop, Normalization, Pixels, Preparation, random::SplitMix64},
};

/// A photo's turn in an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// Index of its dataset.
    pub dataset: usize,
    /// Index of the photo in it.
    pub photo: usize,
    /// Turns of one group are cut alike.
    pub group: usize,
    /// Which of the group.
    pub member: usize,
}

/// Crops of one step, sorted by dataset.
#[derive(Debug, Clone)]
pub struct Batch {
    /// `[crops, 3, side, side]`, normalised.
    pub pixels: Vec<f32>,
    /// 0 to 1.
    pub labels: Vec<f32>,
    /// Index of each crop's dataset, ascending.
    pub datasets: Vec<usize>,
    /// Which of its dataset's domains each crop is of.
    pub domains: Vec<Option<usize>>,
    /// What is known of each crop's faults.
    pub faults: Vec<Option<Faults>>,
    /// Group of each crop, ascending within a dataset.
    pub groups: Vec<usize>,
}

/// What an epoch is made of.
pub struct Plan<'a> {
    /// Where photos come from.
    pub datasets: &'a [Dataset],
    /// Start of all random numbers.
    pub seed: u64,
    /// Crops of a step.
    pub batch: usize,
    /// How photos are brought to the model.
    pub photo: &'a Preparation,
    /// How pixels become input.
    pub normalization: Normalization,
    /// Decoded photos that are kept.
    pub cache: Cache,
}

/// Decoded photos, up to a number of bytes; what does not fit is decoded anew each time.
pub struct Cache {
    photos: Mutex<Photos>,
    limit: usize,
}

#[derive(Default)]
struct Photos {
    /// By dataset and place in it.
    decoded: HashMap<(usize, usize), Arc<Pixels>>,
    bytes: usize,
}

impl Cache {
    /// An empty cache of at most `bytes`.
    pub fn new(bytes: usize) -> Self {
        Self {
            photos: Mutex::default(),
            limit: bytes,
        }
    }

    fn get(&self, key: (usize, usize), read: impl FnOnce() -> Result<Pixels>) -> Result<Arc<Pixels>> {
        let lock = || self.photos.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(found) = lock().decoded.get(&key) {
            return Ok(Arc::clone(found));
        }
        let pixels = Arc::new(read()?);
        let mut photos = lock();
        if photos.bytes + pixels.rgb.len() <= self.limit {
            photos.bytes += pixels.rgb.len();
            photos.decoded.insert(key, Arc::clone(&pixels));
        }
        Ok(pixels)
    }
}

/// Random numbers that follow from the seed and where they are needed.
pub(super) fn random(seed: u64, epoch: usize, place: usize) -> SplitMix64 {
    let mut mixed = SplitMix64::new(seed);
    for part in [epoch as u64, place as u64] {
        mixed = SplitMix64::new(mixed.next_u64() ^ part.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    }
    mixed
}

impl Plan<'_> {
    /// Steps of an epoch; what does not fill a batch waits for another epoch's order.
    pub fn steps(&self) -> usize {
        self.order(0).len() / self.batch
    }

    /// The turns of an epoch, in its order.
    pub fn order(&self, epoch: usize) -> Vec<Turn> {
        let mut groups = Vec::new();
        for (index, dataset) in self.datasets.iter().enumerate() {
            let photos = dataset.train.len();
            let wanted = (photos as f64 * dataset.config.repeats).round() as usize;
            // Every photo equally often, as far as it goes, then a random choice of them.
            let mut choice: Vec<usize> = (0..photos).collect();
            shuffle(&mut choice, &mut random(self.seed, epoch, usize::MAX - 1 - index));
            let kin = Kin::new(&dataset.train, dataset.config.group);
            let mut draw = random(self.seed, epoch, usize::MAX / 2 - index);
            groups.extend((0..wanted.div_ceil(dataset.config.group)).map(|at| {
                let first = choice[at % photos];
                match &dataset.live {
                    Some(live) => (index, vec![first; live.group]),
                    None => (index, kin.group(first, &mut draw)),
                }
            }));
        }
        shuffle(&mut groups, &mut random(self.seed, epoch, usize::MAX));
        let turns = groups.into_iter().enumerate().flat_map(|(group, (dataset, photos))| {
            let photos = photos.into_iter().enumerate();
            photos.map(move |(member, photo)| Turn {
                dataset,
                photo,
                group,
                member,
            })
        });
        turns.collect()
    }

    /// Starts threads that prepare the batches of an epoch from step `first` on, in order. At most two of each thread wait.
    pub fn start<'scope, 'env>(
        &'env self,
        scope: &'scope Scope<'scope, 'env>,
        epoch: usize,
        first: usize,
        threads: usize,
    ) -> Batches {
        let order = Arc::new(self.order(epoch));
        let (steps, threads) = (order.len() / self.batch, threads.max(1));
        let receivers = (0..threads)
            .map(|thread| {
                let (sender, receiver) = sync_channel(1);
                let order = Arc::clone(&order);
                scope.spawn(move || {
                    for step in (first + thread..steps).step_by(threads) {
                        // The receiver is gone once the run has ended or failed.
                        if sender.send(self.batch(epoch, step, &order)).is_err() {
                            break;
                        }
                    }
                });
                receiver
            })
            .collect();
        Batches {
            receivers,
            next: 0,
            left: steps.saturating_sub(first),
        }
    }

    fn batch(&self, epoch: usize, step: usize, order: &[Turn]) -> Result<Batch> {
        let first = step * self.batch;
        let mut turns: Vec<Turn> = order.iter().copied().skip(first).take(self.batch).collect();
        turns.sort_by_key(|turn| (turn.dataset, turn.group));
        let size = 3 * (CROP as usize).pow(2);
        let mut batch = Batch {
            pixels: vec![0.0; turns.len() * size],
            labels: Vec::with_capacity(turns.len()),
            datasets: Vec::with_capacity(turns.len()),
            domains: Vec::with_capacity(turns.len()),
            faults: Vec::with_capacity(turns.len()),
            groups: Vec::with_capacity(turns.len()),
        };
        for (turn, out) in turns.into_iter().zip(batch.pixels.chunks_exact_mut(size)) {
            let Turn {
                dataset, photo, group, ..
            } = turn;
            let Some((set, sample)) = self
                .datasets
                .get(dataset)
                .and_then(|set| Some((set, set.train.get(photo)?)))
            else {
                continue;
            };
            let pixels = self.cache.get((dataset, photo), || open(set, sample))?;
            let drawn = self.cut(&pixels, set, &mut random(self.seed, epoch, group), turn.member, out)?;
            batch
                .labels
                .push(drawn.as_ref().map_or(sample.label, |drawn| drawn.label));
            batch.faults.push(drawn.and_then(|drawn| drawn.faults));
            batch.datasets.push(dataset);
            batch.domains.push(sample.domain);
            batch.groups.push(group);
        }
        Ok(batch)
    }

    /// A random crop of a random size, distorted if the dataset asks for it, mirrored or not; what was drawn for a distorted one.
    fn cut(
        &self,
        pixels: &Pixels,
        set: &Dataset,
        random: &mut SplitMix64,
        member: usize,
        out: &mut [f32],
    ) -> Result<Option<Drawn>> {
        let size = match self.photo.sizes() {
            [size] => *size,
            sizes => sizes[random.up_to(sizes.len() as u32 - 1) as usize],
        };
        let y = random.up_to(pixels.height.saturating_sub(size));
        let x = random.up_to(pixels.width.saturating_sub(size));
        let mirrored = random.up_to(1) == 1;
        let crop = Crop { x, y, size };
        let drawn = match &set.live {
            Some(live) => {
                let drawn = live.draw(pixels, crop, random, member)?;
                image::input(&drawn.part, drawn.crop, &self.normalization, out)?;
                Some(drawn)
            }
            None => {
                image::input(pixels, crop, &self.normalization, out)?;
                None
            }
        };
        if mirrored {
            out.chunks_exact_mut(CROP as usize).for_each(<[f32]>::reverse);
        }
        Ok(drawn)
    }
}

/// A photo as scoring would look at it.
pub(super) fn open(dataset: &Dataset, sample: &Sample) -> Result<Pixels> {
    let refuse = |reason| Error::Dataset {
        name: dataset.config.name.clone(),
        reason,
    };
    let preparation = Preparation {
        short_side: dataset.config.short_side,
        ..Preparation::default()
    };
    let pixels = sample.source.pixels().map_err(refuse)?;
    preparation
        .apply(pixels)
        .map_err(|error| refuse(format!("{}: {error}", sample.name)))
}

/// The batches of an epoch as they become ready.
pub struct Batches {
    receivers: Vec<Receiver<Result<Batch>>>,
    next: usize,
    left: usize,
}

impl Iterator for Batches {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Result<Batch>> {
        self.left = self.left.checked_sub(1)?;
        let receiver = &self.receivers[self.next];
        self.next = (self.next + 1) % self.receivers.len();
        Some(
            receiver
                .recv()
                .unwrap_or_else(|_| Err(Error::Train("a thread that prepares batches died".into()))),
        )
    }
}
