//! Progress on the terminal behind standard error. Where that is no terminal, nothing is shown.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

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
        "model  {bar:30}  {decimal_bytes} of {decimal_total_bytes}  {decimal_bytes_per_sec}  {eta} left",
    )
}

/// A bar over photos, with a message for the crops of the photo at hand.
pub fn photos(count: usize) -> ProgressBar {
    bar(
        count as u64,
        "photos {bar:30}  {pos} of {len}  {msg}  {per_sec}  {eta} left",
    )
}

fn bar(length: u64, template: &str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(TICK);
    bar
}
