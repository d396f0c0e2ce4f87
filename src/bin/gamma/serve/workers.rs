//! Threads that score photos, each with its own share of the processor.

use std::io::Read;
#[cfg(feature = "listen")]
use std::sync::mpsc::TrySendError;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use gamma_wasm::image::{DecodeOptions, Decoded, Limits, Provenance};
use gamma_wasm::scorer::{Assessment, Scorer};
use gamma_wasm::{Error, Result};

use super::args::{Memory, Service};
use super::budget::Loan;
use super::request::{Asked, Photo};
use crate::assess::{assess, chosen};
use crate::caught::by_model;
use crate::fetch;
use crate::many::own_pool;
use crate::photos::Contents;

/// What came of a photo.
pub struct Outcome {
    /// One for each scene that was asked for.
    pub assessments: Result<Vec<Assessment>>,
    /// What reading, decoding and scoring took.
    pub seconds: f64,
}

/// A photo to score.
pub struct Task {
    pub photo: Photo,
    pub asked: Asked,
    /// The memory that the photo takes while it waits.
    pub loan: Option<Loan>,
    /// Gets the outcome.
    pub reply: Box<dyn FnOnce(Outcome) + Send>,
}

/// The threads, by way of the queue that they take from.
#[derive(Clone)]
pub struct Workers {
    tasks: SyncSender<Task>,
}

impl Workers {
    /// Starts the threads that `service` asks for. They end with the last sender of tasks.
    ///
    /// # Errors
    /// What the operating system says if it gives no threads.
    pub fn start(scorer: &Scorer, service: &Service) -> Result<Self, String> {
        let (tasks, queue) = sync_channel(service.queue());
        let queue = Arc::new(Mutex::new(queue));
        for number in 0..service.workers() {
            let (scorer, queue, memory) = (scorer.share(), Arc::clone(&queue), service.memory());
            let threads = service.threads();
            thread::Builder::new()
                .name(format!("worker {number}"))
                .spawn(move || work(&scorer, threads, memory, &queue))
                .map_err(|error| error.to_string())?;
        }
        Ok(Self { tasks })
    }

    /// Hands in a task; waits while the queue is full.
    ///
    /// # Errors
    /// The task, if there are no threads any more.
    pub fn submit(&self, task: Task) -> Result<(), Box<Task>> {
        self.tasks.send(task).map_err(|error| Box::new(error.0))
    }

    /// Hands in a task unless the queue is full.
    ///
    /// # Errors
    /// The task.
    #[cfg(feature = "listen")]
    pub fn try_submit(&self, task: Task) -> Result<(), Box<Task>> {
        self.tasks.try_send(task).map_err(|error| match error {
            TrySendError::Full(task) | TrySendError::Disconnected(task) => Box::new(task),
        })
    }
}

/// What one thread does.
fn work(scorer: &Scorer, threads: usize, memory: Memory, queue: &Mutex<Receiver<Task>>) {
    let _pool = own_pool(threads);
    loop {
        // The lock goes with the statement: the others take the next tasks.
        let task = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Task {
            photo,
            asked,
            loan,
            reply,
        }) = task
        else {
            return;
        };
        let start = Instant::now();
        let assessments = by_model(|| score(scorer, photo, &asked, memory));
        drop(loan);
        let seconds = start.elapsed().as_secs_f64();
        reply(Outcome { assessments, seconds });
    }
}

fn score(scorer: &Scorer, photo: Photo, asked: &Asked, memory: Memory) -> Result<Vec<Assessment>> {
    let scenes = chosen(scorer, Some(&asked.scene))?;
    // As the plain command decodes it: the score depends on it.
    let (decoded, provenance) = decoded(photo, asked, scorer.info().photo.short_side, memory)?;
    let mut assessments = assess(scorer, &scenes, decoded, &asked.options, |_, _| {})?;
    for assessment in &mut assessments {
        assessment.provenance.clone_from(&provenance);
    }
    Ok(assessments)
}

/// Reads and decodes a photo, and says what it declares. What is read here counts as memory of decoding.
fn decoded(photo: Photo, asked: &Asked, short_side: Option<u32>, memory: Memory) -> Result<(Decoded, Provenance)> {
    let decoding = memory.decoding;
    let mut declared = None;
    let (contents, left) = match photo {
        Photo::Bytes(bytes) => (Contents::File(bytes), decoding),
        Photo::Path(path) => {
            let contents = Contents::read(&path, decoding / 2)?;
            declared = Some(contents.declared(Some(&path)));
            let left = decoding - contents.len();
            (contents, left)
        }
        Photo::Url(url) => {
            let contents = Contents::File(download(&url, decoding / 2)?);
            let left = decoding - contents.len();
            (contents, left)
        }
    };
    let limits = Limits {
        max_alloc: left.min(Limits::default().max_alloc),
        ..Limits::default()
    };
    let decoded = contents.decode(&DecodeOptions {
        parity: asked.options.parity,
        limits,
        short_side,
    })?;
    Ok((decoded, declared.unwrap_or_else(|| contents.declared(None))))
}

fn download(url: &str, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let reader = fetch::photo(url)?;
    reader
        .take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| Error::Io {
            path: url.to_owned(),
            source,
        })?;
    if bytes.len() as u64 > most {
        return Err(Error::ImageTooLarge(format!("the file has more than {most} bytes")));
    }
    Ok(bytes)
}
