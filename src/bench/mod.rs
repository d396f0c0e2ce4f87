//! What a GPU computes in a second: each kernel, and a model crop by crop. Natively, and in a browser by a module of its own that is not
//! published.

mod adapter;
mod kernels;
mod model;
mod random;
mod report;

pub use adapter::Adapter;
pub use kernels::{Kernel, kernels};
pub use model::{Batch, LeftOut, Model, model};
pub use random::random;
pub use report::Report;

/// How much is measured.
#[derive(Debug, Clone)]
pub struct Effort {
    /// The most launches of a kernel, after one that warms up.
    pub launches: usize,
    /// The most repetitions of a batch, after one that warms up.
    pub repetitions: usize,
    /// Sizes of batches, ascending.
    pub batches: Vec<usize>,
    /// Rows of the kernels: 197 for each crop of the published size.
    pub rows: usize,
    /// Seconds for one figure: fewer launches and repetitions fit into it on a slow device, and a batch that would not is left out. The
    /// smallest batch is always measured.
    pub seconds: f64,
}

impl Default for Effort {
    fn default() -> Self {
        Self {
            launches: 50,
            repetitions: 5,
            batches: vec![1, 8, 32],
            rows: 8 * 197,
            seconds: 20.0,
        }
    }
}

impl Effort {
    /// As little as shows that all of it runs.
    pub fn quick() -> Self {
        Self {
            launches: 2,
            repetitions: 1,
            batches: vec![1, 2],
            rows: 197,
            seconds: 1.0,
        }
    }

    /// How many actions of `seconds` each fit, of at most `most`: at least one.
    fn fitting(&self, seconds: f64, most: usize) -> usize {
        // A float that is too large saturates.
        ((self.seconds / seconds.max(1e-9)) as usize).clamp(1, most.max(1))
    }
}

/// Whether products in codes are in half precision: each way that the open GPU has.
#[cfg(feature = "gpu")]
pub async fn halves() -> Vec<bool> {
    let has_half = gamma_webgpu::open().await.is_ok_and(|gpu| gpu.has_half());
    if has_half { vec![false, true] } else { vec![false] }
}

/// The same of burn-wgpu, which has its own choice.
#[cfg(not(feature = "gpu"))]
pub async fn halves() -> Vec<bool> {
    vec![false]
}

/// Milliseconds since some moment.
#[cfg(not(target_arch = "wasm32"))]
fn now() -> f64 {
    use std::{sync::LazyLock, time::Instant};
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed().as_secs_f64() * 1e3
}

#[cfg(target_arch = "wasm32")]
use crate::web::clock::now;

/// Numbers between -1 and 1 of no pattern that helps.
fn values(length: usize) -> impl Iterator<Item = f32> {
    (0..length).map(|at| ((at * 7919) % 251) as f32 / 125.0 - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_device_repeats_less_and_never_not_at_all() {
        let effort = Effort {
            seconds: 10.0,
            ..Effort::default()
        };
        for (seconds, count) in [(0.0, 50), (0.1, 50), (1.0, 10), (4.0, 2), (100.0, 1), (f64::NAN, 50)] {
            assert_eq!(effort.fitting(seconds, 50), count, "{seconds} s");
        }
    }
}
