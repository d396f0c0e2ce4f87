//! Threads that score photos, each with its own share of the processor. What a GPU says is held until a check has vouched for it.

use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
#[cfg(feature = "listen")]
use std::sync::mpsc::TrySendError;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use gamma_wasm::image::{DecodeOptions, Decoded, Limits, Provenance};
use gamma_wasm::scorer::{Assessment, Job, Scorer};
use gamma_wasm::{Error, Result};

use super::args::{Memory, Service};
use super::budget::Loan;
use super::request::{Asked, Photo};
use crate::assess::{assess_with_job, chosen};
use crate::caught::by_model;
use crate::fetch;
use crate::guard::{Guard, Guarded};
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
    waiting: Arc<AtomicUsize>,
}

impl Workers {
    /// Starts the threads that `service` asks for. They end with the last sender of tasks.
    ///
    /// # Errors
    /// What the operating system says if it gives no threads.
    pub fn start(scorer: &Scorer, guard: Guard, service: &Service) -> Result<Self, String> {
        let (tasks, queue) = sync_channel(service.queue());
        let (guard, waiting) = (Arc::new(guard), Arc::new(AtomicUsize::new(0)));
        let shared = Arc::new(Shared {
            queue: Mutex::new(queue),
            waiting: Arc::clone(&waiting),
            checked: Mutex::new(Guarded::new(Arc::clone(&guard))),
            guard,
            memory: service.memory(),
        });
        for number in 0..service.workers() {
            let (scorer, shared) = (scorer.share(), Arc::clone(&shared));
            let threads = service.threads();
            thread::Builder::new()
                .name(format!("worker {number}"))
                .spawn(move || shared.work(&scorer, threads))
                .map_err(|error| error.to_string())?;
        }
        Ok(Self { tasks, waiting })
    }

    /// Hands in a task; waits while the queue is full.
    ///
    /// # Errors
    /// The task, if there are no threads any more.
    pub fn submit(&self, task: Task) -> Result<(), Box<Task>> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.tasks.send(task).map_err(|error| Box::new(error.0))
    }

    /// Hands in a task unless the queue is full.
    ///
    /// # Errors
    /// The task.
    #[cfg(feature = "listen")]
    pub fn try_submit(&self, task: Task) -> Result<(), Box<Task>> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.tasks.try_send(task).map_err(|error| match error {
            TrySendError::Full(task) | TrySendError::Disconnected(task) => {
                self.waiting.fetch_sub(1, Ordering::Relaxed);
                Box::new(task)
            }
        })
    }
}

/// A photo that was scored.
struct Scored {
    /// Where it is, if it may have to be scored again.
    photo: Option<Photo>,
    asked: Asked,
    loan: Option<Loan>,
    reply: Box<dyn FnOnce(Outcome) + Send>,
    outcome: Outcome,
}

/// What the threads have in common.
struct Shared {
    queue: Mutex<Receiver<Task>>,
    /// How many tasks were handed in and not taken.
    waiting: Arc<AtomicUsize>,
    guard: Arc<Guard>,
    checked: Mutex<Guarded<Arc<Guard>, Scored>>,
    memory: Memory,
}

impl Shared {
    /// What one thread does.
    fn work(&self, scorer: &Scorer, threads: usize) {
        let _pool = own_pool(threads);
        while let Some(task) = self.next() {
            let (scorer, checked) = self.guard.scorer(scorer);
            let photo = checked.then(|| task.photo.clone());
            let Task { asked, loan, reply, .. } = task;
            let (outcome, job) = self.score(scorer, task.photo, &asked);
            let scored = Scored {
                photo,
                asked,
                loan,
                reply,
                outcome,
            };
            for Scored {
                loan, reply, outcome, ..
            } in self.vouched(scored, job.filter(|_| checked))
            {
                drop(loan);
                reply(outcome);
            }
        }
    }

    /// The next task; `None` after the last one.
    fn next(&self) -> Option<Task> {
        // The lock goes with the statement: the others take the next tasks.
        let task = self.queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()?;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        Some(task)
    }

    /// The photos that can be answered now.
    fn vouched(&self, scored: Scored, job: Option<Job>) -> Vec<Scored> {
        let again = |scored: Scored, cpu: &Scorer| match scored.photo.clone() {
            Some(photo) => Scored {
                outcome: self.score(cpu, photo, &scored.asked).0,
                ..scored
            },
            None => scored,
        };
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        let mut vouched = checked.pass(scored, job, again);
        // Whoever asks may wait for these answers before asking further.
        if self.waiting.load(Ordering::Relaxed) == 0 {
            vouched.extend(checked.end(again));
        }
        vouched
    }

    fn score(&self, scorer: &Scorer, photo: Photo, asked: &Asked) -> (Outcome, Option<Job>) {
        let start = Instant::now();
        let found = by_model(|| score(scorer, photo, asked, self.memory));
        let seconds = start.elapsed().as_secs_f64();
        let (assessments, job) = match found {
            Ok((assessments, job)) => (Ok(assessments), Some(job)),
            Err(error) => (Err(error), None),
        };
        (Outcome { assessments, seconds }, job)
    }
}

fn score(scorer: &Scorer, photo: Photo, asked: &Asked, memory: Memory) -> Result<(Vec<Assessment>, Job)> {
    let scenes = chosen(scorer, Some(&asked.scene))?;
    // As the plain command decodes it: the score depends on it.
    let (decoded, provenance) = decoded(photo, asked, scorer.info().photo.short_side, memory)?;
    let (mut assessments, job) = assess_with_job(scorer, &scenes, decoded, &asked.options, |_, _| {})?;
    for assessment in &mut assessments {
        assessment.provenance.clone_from(&provenance);
    }
    Ok((assessments, job))
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

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::mpsc::channel;

    use gamma_wasm::ops::DeviceChoice;
    use gamma_wasm::scorer::ScoreOptions;

    use super::*;
    use crate::default_model::Weights;
    use crate::load;

    fn repository(path: &str) -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
    }

    fn service() -> Service {
        Service {
            serve: None,
            #[cfg(feature = "listen")]
            listen: None,
            workers: Some(2),
            threads: None,
            queue: None,
            max_memory: None,
        }
    }

    #[test]
    fn a_gpu_that_computes_wrongly_answers_nobody() {
        // Another model stands for it: its scores are not those of the processor.
        let cpu = load::scorer(&Weights::Default, DeviceChoice::Cpu).expect("the default model");
        let other = Weights::Path(repository("weights/gamma-lite-next.safetensors"));
        let gpu = load::scorer(&other, DeviceChoice::Cpu).expect("the other model");
        let asked = Asked {
            scene: cpu.default_scene().to_owned(),
            options: ScoreOptions::default(),
        };
        let photo = Photo::Path(repository("www/samples/dog.jpg"));
        let memory = service().memory();
        let (expected, _) = score(&cpu, photo.clone(), &asked, memory).expect("a photo");
        let workers = Workers::start(&gpu, Guard::by(cpu), &service()).expect("threads");
        let submit = |sender: std::sync::mpsc::Sender<f32>| {
            let reply = Box::new(move |outcome: Outcome| {
                let assessments = outcome.assessments.expect("a photo");
                sender.send(assessments[0].score).expect("the test waits");
            });
            let (photo, asked) = (photo.clone(), asked.clone());
            let task = Task {
                photo,
                asked,
                loan: None,
                reply,
            };
            assert!(workers.submit(task).is_ok());
        };
        // Who waits for an answer before the next question gets it.
        for _ in 0..2 {
            let (sender, answer) = channel();
            submit(sender);
            assert_eq!(answer.recv(), Ok(expected[0].score));
        }
        let (sender, answers) = channel();
        for _ in 0..5 {
            submit(sender.clone());
        }
        drop(sender);
        assert_eq!(answers.iter().collect::<Vec<f32>>(), [expected[0].score; 5]);
    }
}
