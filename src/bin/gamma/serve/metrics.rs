//! Counts of what the server did, in the text format of Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Upper bounds of the histogram of seconds that a photo takes.
const BOUNDS: [f64; 9] = [0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The counts. All grow, but for the photos under way.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Answers by their HTTP status.
    answers: Mutex<BTreeMap<u16, u64>>,
    scored: AtomicU64,
    failed: AtomicU64,
    /// Photos by the first bound that they are within.
    buckets: [AtomicU64; BOUNDS.len()],
    /// Seconds of all photos, in microseconds.
    microseconds: AtomicU64,
    /// Photos being received, waiting or scored.
    pub under_way: AtomicUsize,
}

impl Metrics {
    /// Counts an answer.
    pub fn answered(&self, status: u16) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        *answers.entry(status).or_default() += 1;
    }

    /// Counts a photo.
    pub fn photo(&self, scored: bool, seconds: f64) {
        let count = if scored { &self.scored } else { &self.failed };
        count.fetch_add(1, Ordering::Relaxed);
        let within = BOUNDS.iter().position(|&bound| seconds <= bound);
        if let Some(bucket) = within.and_then(|at| self.buckets.get(at)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.microseconds.fetch_add((seconds * 1e6) as u64, Ordering::Relaxed);
    }

    /// What `/metrics` answers. `limit` is the most photos under way.
    pub fn text(&self, limit: usize) -> String {
        let mut text = String::new();
        let head = |text: &mut String, name: &str, kind: &str, help: &str| {
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
        };
        head(
            &mut text,
            "gamma_http_answers_total",
            "counter",
            "Answers by HTTP status.",
        );
        for (status, count) in self.answers.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let _ = writeln!(text, "gamma_http_answers_total{{status=\"{status}\"}} {count}");
        }
        let [scored, failed] = [&self.scored, &self.failed].map(|count| count.load(Ordering::Relaxed));
        head(&mut text, "gamma_photos_total", "counter", "Photos that a worker took.");
        let _ = writeln!(text, "gamma_photos_total{{result=\"scored\"}} {scored}");
        let _ = writeln!(text, "gamma_photos_total{{result=\"failed\"}} {failed}");
        head(
            &mut text,
            "gamma_photo_seconds",
            "histogram",
            "Reading, decoding and scoring of a photo.",
        );
        let mut sum = 0;
        for (bound, bucket) in BOUNDS.iter().zip(&self.buckets) {
            sum += bucket.load(Ordering::Relaxed);
            let _ = writeln!(text, "gamma_photo_seconds_bucket{{le=\"{bound}\"}} {sum}");
        }
        let seconds = self.microseconds.load(Ordering::Relaxed) as f64 / 1e6;
        let photos = scored + failed;
        let _ = writeln!(text, "gamma_photo_seconds_bucket{{le=\"+Inf\"}} {photos}");
        let _ = writeln!(
            text,
            "gamma_photo_seconds_sum {seconds}\ngamma_photo_seconds_count {photos}"
        );
        head(
            &mut text,
            "gamma_photos_under_way",
            "gauge",
            "Photos being received, waiting or scored.",
        );
        let _ = writeln!(
            text,
            "gamma_photos_under_way {}",
            self.under_way.load(Ordering::Relaxed)
        );
        head(
            &mut text,
            "gamma_photos_limit",
            "gauge",
            "The most photos under way; more are answered with 429.",
        );
        let _ = writeln!(text, "gamma_photos_limit {limit}");
        if let Some(bytes) = resident() {
            head(
                &mut text,
                "process_resident_memory_bytes",
                "gauge",
                "Memory of this process.",
            );
            let _ = writeln!(text, "process_resident_memory_bytes {bytes}");
        }
        text
    }
}

/// Memory of this process, where the operating system shows it as Linux does.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace()
        .next()?
        .parse::<u64>()
        .ok()
        .map(|kilobytes| kilobytes * 1024)
}
