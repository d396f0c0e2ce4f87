//! Many photos at the same time: read, decoded and scored by several threads, each with its share of the processor.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread::{self, available_parallelism};

use gamma_wasm::image::DecodeOptions;
use gamma_wasm::scorer::Scorer;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::photos::{self, Input, Photo};

/// Cores that this process may use.
pub fn cores() -> usize {
    available_parallelism().map_or(1, NonZeroUsize::get)
}

/// A pool of `threads`, this one among them, as long as it is held: what the model runs in parallel stays there. Without one it
/// would be the whole processor's, which is slower and no less right.
pub fn own_pool(threads: usize) -> Option<ThreadPool> {
    let builder = ThreadPoolBuilder::new().num_threads(threads);
    builder.use_current_thread().build().ok()
}

/// How the processor is shared.
#[derive(Debug, Clone, Copy)]
pub struct Shares {
    /// Photos at the same time.
    pub workers: usize,
    /// Threads that share the work on one of them.
    pub threads: usize,
}

impl Shares {
    /// For `photos` photos: a core for each, several where there are fewer photos than cores. What is asked for counts. A GPU takes
    /// one photo after the other, and many crops at once.
    pub fn new(scorer: &Scorer, photos: usize, workers: Option<usize>, threads: Option<usize>) -> Self {
        let cores = cores();
        let photos = if scorer.batch() > 1 { 1 } else { photos };
        let workers = workers.unwrap_or(cores).min(photos).max(1);
        let threads = threads.unwrap_or(cores / workers).max(1);
        Self { workers, threads }
    }
}

/// What each worker has one of, with the weights in memory once.
pub trait Share: Send {
    /// One more.
    fn share(&self) -> Self;
}

impl Share for Scorer {
    fn share(&self) -> Self {
        self.share()
    }
}

/// Hears how many crops of how many are done.
pub type Progress<'a> = &'a mut dyn FnMut(usize, usize);

/// What happens on the way.
pub enum News<T> {
    /// So many crops of so many, of the one photo at hand.
    Crops(usize, usize),
    /// What came of the next photo.
    Photo(T),
}

/// Does `work` with each photo and its place, and has `take` told of it in the order of the photos, on this thread.
///
/// # Errors
/// What `take` says; photos that are not begun are left alone then.
pub fn in_order<M: Share, T: Send, E>(
    model: &M,
    inputs: Vec<Input>,
    decode: DecodeOptions,
    shares: Shares,
    work: impl Fn(&M, usize, Photo, Progress) -> T + Sync,
    mut take: impl FnMut(News<T>) -> Result<(), E>,
) -> Result<(), E> {
    if shares.workers == 1 {
        let _pool = own_pool(shares.threads);
        // While one is scored, the next ones are decoded.
        for (place, photo) in photos::decoded_ahead(inputs, decode).into_iter().enumerate() {
            let mut told = Ok(());
            let found = work(model, place, photo, &mut |done, crops| {
                if told.is_ok() {
                    told = take(News::Crops(done, crops));
                }
            });
            told?;
            take(News::Photo(found))?;
        }
        return Ok(());
    }
    let queue = Mutex::new(inputs.into_iter().enumerate());
    let (queue, work) = (&queue, &work);
    thread::scope(|scope| {
        let (sender, found) = mpsc::channel();
        for _ in 0..shares.workers {
            let (model, sender) = (model.share(), sender.clone());
            scope.spawn(move || {
                let _pool = own_pool(shares.threads);
                loop {
                    // The lock goes with the statement: the others take the next photos.
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some((place, input)) = next else { return };
                    let found = work(&model, place, input.decoded(&decode), &mut |_, _| {});
                    if sender.send((place, found)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        // Results are small: those that wait for an earlier one may be many.
        let mut waiting = BTreeMap::new();
        let mut next = 0;
        for (place, result) in found {
            waiting.insert(place, result);
            while let Some(result) = waiting.remove(&next) {
                take(News::Photo(result))?;
                next += 1;
            }
        }
        Ok(())
    })
}
