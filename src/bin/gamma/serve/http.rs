//! Requests over HTTP: a photo in, its score out.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gamma_wasm::Error;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

use super::answer::{self, To};
use super::budget::Budget;
use super::metrics::Metrics;
use super::request::{Asked, Options, Photo};
use super::workers::{Outcome, Task, Workers};
use crate::exit::Status;
use crate::report::complain;

/// Connections at the same time; more wait until others end.
const MAX_CONNECTIONS: usize = 1024;
/// How long a client may take for the head of a request, and to begin the next one.
const HEAD: Duration = Duration::from_secs(10);
/// How long a client may take for a photo.
const BODY: Duration = Duration::from_secs(30);
/// How long requests under way may take once the end is asked for.
const END: Duration = Duration::from_secs(30);
/// How often the end is looked for.
const LOOK: Duration = Duration::from_millis(100);
/// The most bytes of a photo.
const MAX_PHOTO: u64 = 128 << 20;

/// What the server knows.
pub struct Site {
    workers: Workers,
    waiting: Arc<Budget>,
    defaults: Asked,
    model: String,
    /// Photos being received, waiting or scored.
    room: Arc<Semaphore>,
    limit: usize,
    metrics: Metrics,
}

type Answer = Response<Full<Bytes>>;

/// Why there is no score.
struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Site {
    /// A server that has at most `limit` photos under way.
    pub fn new(workers: Workers, waiting: Arc<Budget>, defaults: Asked, model: String, limit: usize) -> Arc<Self> {
        Arc::new(Self {
            workers,
            waiting,
            defaults,
            model,
            room: Arc::new(Semaphore::new(limit.min(Semaphore::MAX_PERMITS))),
            limit,
            metrics: Metrics::default(),
        })
    }

    /// Serves until the end is asked for.
    pub fn run(self: Arc<Self>, address: SocketAddr, stop: Arc<AtomicBool>) -> Status {
        // One thread is enough to pass bytes on: the workers have the processor.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        match runtime.and_then(|runtime| runtime.block_on(self.serve(address, stop))) {
            Ok(()) => Status::Done,
            Err(error) => {
                complain(&format!("{address}: {error}"));
                Status::Incomplete
            }
        }
    }

    async fn serve(self: Arc<Self>, address: SocketAddr, stop: Arc<AtomicBool>) -> std::io::Result<()> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        if !address.ip().is_loopback() {
            complain("warning: whoever reaches this address can use it; there are neither passwords nor encryption");
        }
        complain(&format!("listening on http://{address}"));
        let connections = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let graceful = GracefulShutdown::new();
        let mut end = pin!(ended(stop));
        loop {
            let connection = async {
                let permit = Arc::clone(&connections).acquire_owned().await;
                (listener.accept().await, permit)
            };
            let (accepted, permit) = tokio::select! {
                () = &mut end => break,
                accepted = connection => accepted,
            };
            let Ok((stream, _)) = accepted else {
                // As when files run out: others may end soon.
                tokio::time::sleep(LOOK).await;
                continue;
            };
            let site = Arc::clone(&self);
            let service = service_fn(move |request| {
                let site = Arc::clone(&site);
                async move { Ok::<_, Infallible>(site.answer(request).await) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD)
                .serve_connection(TokioIo::new(stream), service);
            let connection = graceful.watch(connection);
            tokio::spawn(async move {
                // A client that breaks off, or breaks the rules, ends its own connection.
                let _ = connection.await;
                drop(permit);
            });
        }
        drop(listener);
        if timeout(END, graceful.shutdown()).await.is_err() {
            complain("some requests were under way for too long and were broken off");
        }
        Ok(())
    }

    async fn answer(&self, request: Request<Incoming>) -> Answer {
        let answer = match (request.method(), request.uri().path()) {
            (&Method::POST, "/score") => self.score(request).await.unwrap_or_else(Refusal::answer),
            (&Method::GET | &Method::HEAD, "/healthz") => plain("ok\n".to_owned()),
            (&Method::GET | &Method::HEAD, "/metrics") => plain(self.metrics.text(self.limit)),
            (_, "/score") => allow("POST"),
            (_, "/healthz" | "/metrics") => allow("GET, HEAD"),
            _ => Refusal::new(
                StatusCode::NOT_FOUND,
                "request",
                "POST /score, GET /healthz or GET /metrics",
            )
            .answer(),
        };
        self.metrics.answered(answer.status().as_u16());
        answer
    }

    async fn score(&self, request: Request<Incoming>) -> Result<Answer, Refusal> {
        let asked = self.asked(request.uri().query().unwrap_or_default())?;
        let most = MAX_PHOTO.min(self.waiting.limit());
        let size = request.body().size_hint();
        if size.lower() > most {
            return Err(Refusal::too_large(most));
        }
        // Without a length, room is kept for the longest.
        let length = size.upper().unwrap_or(most);
        let room = Arc::clone(&self.room).try_acquire_owned();
        let (Ok(room), Some(loan)) = (room, self.waiting.try_borrow(length)) else {
            return Err(Refusal::new(
                StatusCode::TOO_MANY_REQUESTS,
                "busy",
                "too many photos are under way",
            ));
        };
        let _counted = Counted::new(&self.metrics);
        let body = Limited::new(request.into_body(), usize::try_from(most).unwrap_or(usize::MAX));
        let photo = match timeout(BODY, body.collect()).await {
            Err(_) => {
                return Err(Refusal::new(
                    StatusCode::REQUEST_TIMEOUT,
                    "request",
                    "the photo took too long to come",
                ));
            }
            Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(Refusal::too_large(most)),
            Ok(Err(_)) => return Err(Refusal::bad("the photo broke off")),
            Ok(Ok(body)) => body.to_bytes(),
        };
        if photo.is_empty() {
            return Err(Refusal::bad("the body of the request is the photo, and it is empty"));
        }
        let (reply, outcome) = oneshot::channel();
        let scene = asked.scene.clone();
        let task = Task {
            photo: Photo::Bytes(photo.into()),
            asked,
            loan: Some(loan),
            // The client may have gone.
            reply: Box::new(move |outcome| drop(reply.send((outcome, room)))),
        };
        let busy = |_| Refusal::new(StatusCode::TOO_MANY_REQUESTS, "busy", "too many photos are waiting");
        self.workers.try_submit(task).map_err(busy)?;
        let lost = |_| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "device", "the photo was lost");
        let (outcome, _room): (Outcome, _) = outcome.await.map_err(lost)?;
        self.metrics.photo(outcome.assessments.is_ok(), outcome.seconds);
        let status = match &outcome.assessments {
            Ok(_) => StatusCode::OK,
            Err(error) => status_of(error),
        };
        Ok(json(
            status,
            answer::line(&To::default(), &scene, &self.model, &outcome),
        ))
    }

    /// What the query of a URL asks for.
    fn asked(&self, query: &str) -> Result<Asked, Refusal> {
        let mut options = Options::default();
        let refused = |error: Error| Refusal::bad(&error.to_string());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, "true"));
            options.set(name, value).map_err(refused)?;
        }
        options.or(&self.defaults).map_err(refused)
    }
}

/// What a photo's error is over HTTP: 400 for what is asked, 422 for the photo, 500 for the engine.
fn status_of(error: &Error) -> StatusCode {
    match error {
        Error::Option { .. } | Error::SceneUnknown { .. } => StatusCode::BAD_REQUEST,
        Error::ImageTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        Error::Device(_) => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// Comes to its end when it is asked for.
async fn ended(stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        tokio::time::sleep(LOOK).await;
    }
}

/// A photo under way, as long as this is there.
struct Counted<'a>(&'a Metrics);

impl<'a> Counted<'a> {
    fn new(metrics: &'a Metrics) -> Self {
        metrics.under_way.fetch_add(1, Ordering::Relaxed);
        Self(metrics)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: &str) -> Self {
        let message = message.to_owned();
        Self { status, code, message }
    }

    fn bad(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "option", message)
    }

    fn too_large(most: u64) -> Self {
        let message = format!("the photo has more than {most} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "image-too-large", &message)
    }

    /// The answer. The connection ends with it, since a photo may still be on its way.
    fn answer(self) -> Answer {
        let error = serde_json::json!({ "error": { "code": self.code, "message": self.message } });
        let mut answer = json(self.status, format!("{error}\n").into_bytes());
        let headers = answer.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        answer
    }
}

fn json(status: StatusCode, body: Vec<u8>) -> Answer {
    with(status, "application/json", body)
}

fn plain(text: String) -> Answer {
    with(StatusCode::OK, "text/plain; version=0.0.4", text.into_bytes())
}

fn allow(methods: &'static str) -> Answer {
    let mut answer = Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "request", methods).answer();
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    answer
}

fn with(status: StatusCode, kind: &'static str, body: Vec<u8>) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}
