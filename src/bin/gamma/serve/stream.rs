//! Requests on standard input, answers on standard output, in the same order.

use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use gamma_wasm::Error;

use super::answer::{self, To};
use super::args::Input;
use super::budget::{Budget, Loan};
use super::request::{Asked, Id, Request};
use super::workers::{Task, Workers};
use crate::exit::Status;
use crate::output::print;
use crate::report::complain;

/// How often a writer without work looks whether the end is asked for.
const LOOK: Duration = Duration::from_millis(100);
/// The most bytes of JSON beside a photo.
const MAX_JSON: u64 = 1 << 16;
/// Bytes of the two lengths before a frame.
const LENGTHS: usize = 8;

/// The line of one answer, once it is there.
type Promise = Receiver<Vec<u8>>;

/// What a stream of requests needs.
pub struct Stream {
    pub workers: Workers,
    pub waiting: Arc<Budget>,
    pub defaults: Asked,
    /// The model's name.
    pub model: String,
    /// Requests read and not answered.
    pub queue: usize,
    /// Set when the process is asked to end: no request is read any more, those that were are answered.
    pub stop: Arc<AtomicBool>,
}

impl Stream {
    /// Answers until the input ends.
    pub fn run(self, input: Input) -> Status {
        // A request is read when there is room among those that are not answered: whoever asks faster waits.
        let (promises, answers) = sync_channel(self.queue);
        let stop = Arc::clone(&self.stop);
        let reader = thread::spawn(move || {
            let result = match input {
                Input::Lines => self.lines(&promises),
                Input::Frames => self.frames(&promises),
            };
            if let Err(error) = &result {
                complain(&format!("standard input: {error}"));
            }
            result.is_ok()
        });
        match write(&answers, &stop) {
            Ok(true) if reader.join().is_ok_and(|read| read) => Status::Done,
            Ok(true) => Status::Incomplete,
            // Asked to end: the reader waits for requests that nobody wants.
            Ok(false) => Status::Done,
            // Whoever read the answers has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Status::Done,
            Err(error) => {
                complain(&format!("standard output: {error}"));
                Status::Incomplete
            }
        }
    }

    fn lines(&self, promises: &SyncSender<Promise>) -> io::Result<()> {
        let mut input = io::stdin().lock();
        // Base64 has four bytes for three.
        let most = (self.waiting.limit() / 3).saturating_mul(4).saturating_add(MAX_JSON);
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            (&mut input).take(most + 1).read_until(b'\n', &mut line)?;
            if line.is_empty() {
                break;
            }
            let request = if line.len() as u64 > most {
                skip_line(&mut input, &line)?;
                Request::refused(too_long(most))
            } else {
                Request::read(&line, Vec::new(), &self.defaults)
            };
            // A photo of many megabytes must not stay here while its request is answered.
            line.shrink_to(MAX_JSON as usize);
            if !self.accept(request, number, None, promises) {
                break;
            }
        }
        Ok(())
    }

    fn frames(&self, promises: &SyncSender<Promise>) -> io::Result<()> {
        let mut input = io::stdin().lock();
        for number in 1.. {
            if input.fill_buf()?.is_empty() {
                break;
            }
            let mut lengths = [0; LENGTHS];
            input.read_exact(&mut lengths)?;
            let (json, photo) = lengths.split_at(LENGTHS / 2);
            let [json, photo] =
                [json, photo].map(|bytes| u64::from(u32::from_le_bytes(bytes.try_into().unwrap_or_default())));
            let loan = if json > MAX_JSON {
                None
            } else {
                self.waiting.borrow(photo)
            };
            let request = match &loan {
                None => {
                    skip(&mut input, json + photo)?;
                    Request::refused(too_long(MAX_JSON.min(self.waiting.limit())))
                }
                Some(_) => {
                    let json = exactly(&mut input, json)?;
                    let photo = exactly(&mut input, photo)?;
                    Request::read(&json, photo, &self.defaults)
                }
            };
            if !self.accept(request, number, loan, promises) {
                break;
            }
        }
        Ok(())
    }

    /// Hands a request on; says whether to go on.
    fn accept(&self, request: Request, number: u64, loan: Option<Loan>, promises: &SyncSender<Promise>) -> bool {
        if self.stop.load(Ordering::Relaxed) {
            return false;
        }
        let (reply, promise) = sync_channel(1);
        // There first, so that answers are in the order of requests, and no more are under way than the queue has room
        // for.
        if promises.send(promise).is_err() {
            return false;
        }
        let to = To {
            request: (request.id == Id::NONE).then_some(number),
            id: Some(request.id),
            image: request.image,
        };
        let (photo, asked) = match request.asked {
            Ok(asked) => asked,
            Err(error) => return reply.send(answer::failed(&to, &error)).is_ok(),
        };
        let loan = match (loan, &photo) {
            (None, super::request::Photo::Bytes(bytes)) => match self.waiting.borrow(bytes.len() as u64) {
                None => return reply.send(answer::failed(&to, &too_long(self.waiting.limit()))).is_ok(),
                loan => loan,
            },
            (loan, _) => loan,
        };
        let (model, scene) = (self.model.clone(), asked.scene.clone());
        let reply = Box::new(move |outcome: super::workers::Outcome| {
            // The writer has gone if nobody reads the answers.
            let _ = reply.send(answer::line(&to, &scene, &model, &outcome));
        });
        self.workers
            .submit(Task {
                photo,
                asked,
                loan,
                reply,
            })
            .is_ok()
    }
}

/// Prints answers in their order. Says whether all were printed, or the end was asked for before the input's.
fn write(answers: &Receiver<Promise>, stop: &AtomicBool) -> io::Result<bool> {
    loop {
        match answers.recv_timeout(LOOK) {
            // A worker always replies; if one could not, its request has no answer, and the run goes on.
            Ok(promise) => match promise.recv() {
                Ok(line) => print(&line)?,
                Err(_) => complain("a request was lost"),
            },
            Err(RecvTimeoutError::Disconnected) => return Ok(true),
            Err(RecvTimeoutError::Timeout) if stop.load(Ordering::Relaxed) => return Ok(false),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

fn too_long(most: u64) -> Error {
    Error::ImageTooLarge(format!("the request has more than {most} bytes"))
}

/// So many bytes, in memory that grows with what really comes.
fn exactly(input: &mut impl Read, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if input.take(length).read_to_end(&mut bytes)? as u64 == length {
        Ok(bytes)
    } else {
        Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "it ends in the middle of a frame",
        ))
    }
}

fn skip(input: &mut impl Read, length: u64) -> io::Result<()> {
    io::copy(&mut input.take(length), &mut io::sink()).map(drop)
}

/// Passes over the rest of a line, of which `begun` was read.
fn skip_line(input: &mut impl BufRead, begun: &[u8]) -> io::Result<()> {
    if begun.ends_with(b"\n") {
        return Ok(());
    }
    input.skip_until(b'\n').map(drop)
}
