//! Progress on the terminal behind standard error. Where that is no terminal, nothing is shown.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{FormattedDuration, ProgressBar, ProgressFinish, ProgressStyle};

/// Files above this many bytes take long enough to load for a bar.
const LARGE_FILE: u64 = 50_000_000;
/// How often the times on a bar move on while nothing else does.
const TICK: Duration = Duration::from_millis(250);

/// A bar over the bytes of a file.
pub fn bytes(length: u64) -> ProgressBar {
    if length <= LARGE_FILE {
        return ProgressBar::hidden();
    }
    bar(
        length,
        "model {bar:20}  {decimal_bytes} of {decimal_total_bytes}  {decimal_bytes_per_sec}  {eta} left",
    )
}

/// A bar over the steps of a training run.
#[cfg(feature = "train")]
pub fn steps(total: usize) -> ProgressBar {
    bar(total as u64, "steps {bar:20}  {pos} of {len}  {wide_msg}")
}

/// A bar over photos that are distorted.
#[cfg(feature = "train")]
pub fn distorted(total: usize) -> ProgressBar {
    bar(total as u64, "distorted photos {bar:20}  {pos} of {len}  {eta} left")
}

/// A bar over work of some size.
pub fn work() -> ProgressBar {
    bar(1, "{msg:9} {bar:20}  {percent} %  {eta} left")
}

/// A bar over photos, with how fast they are scored and how long the rest will take.
pub struct Photos {
    bar: ProgressBar,
    begin: Instant,
    total: usize,
    /// Photos done with, scored or not.
    done: usize,
    /// Photos scored; those that fail take no time, and would make the rest look short.
    scored: usize,
}

impl Photos {
    /// A bar over `total` photos.
    pub fn new(total: usize) -> Self {
        let bar = bar(total as u64, "photos {bar:20}  {pos} of {len}  {wide_msg}");
        Self {
            bar,
            begin: Instant::now(),
            total,
            done: 0,
            scored: 0,
        }
    }

    /// Time since the bar was made.
    pub fn elapsed(&self) -> Duration {
        self.begin.elapsed()
    }

    /// Says that `crops` of the `planned` crops of the photo at hand are scored.
    pub fn crops(&self, crops: usize, planned: usize) {
        let part = crops as f64 / planned.max(1) as f64;
        let crop = format!("crop {} of {planned}", (crops + 1).min(planned));
        self.bar.set_message(crop + &self.pace(part));
    }

    /// Photos a second and the time that is left, with `part` of the photo at hand done.
    fn pace(&self, part: f64) -> String {
        let rate = (self.scored as f64 + part) / self.elapsed().as_secs_f64().max(f64::EPSILON);
        if rate <= 0.0 {
            return String::new();
        }
        let left = ((self.total - self.done) as f64 - part) / rate;
        let left = FormattedDuration(Duration::try_from_secs_f64(left).unwrap_or_default());
        format!("  {rate:.2} photos/s  {left} left")
    }

    /// Says that a photo is done with.
    pub fn next(&mut self, scored: bool) {
        self.done += 1;
        self.scored += usize::from(scored);
        self.bar.inc(1);
        self.bar.set_message(self.pace(0.0).trim_start().to_owned());
    }

    /// Prints something without sharing a line of the terminal with the bar.
    pub fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    /// Takes the bar off the terminal.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn bar(length: u64, template: &str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    // However a run ends, what follows must not be written onto a bar.
    let bar = ProgressBar::new(length).with_finish(ProgressFinish::AndClear);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(TICK);
    bar
}
