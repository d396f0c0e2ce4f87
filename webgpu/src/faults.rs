//! A GPU that goes wrong, for tests: from a given launch on, launches write nothing.

use std::sync::atomic::{AtomicU64, Ordering};

static LAUNCHES: AtomicU64 = AtomicU64::new(0);
static FIRST_WRONG: AtomicU64 = AtomicU64::new(u64::MAX);

/// Launches so far.
pub fn launches() -> u64 {
    LAUNCHES.load(Ordering::Relaxed)
}

/// All launches from number `launch` on go wrong; `u64::MAX` for none.
pub fn fail_from(launch: u64) {
    FIRST_WRONG.store(launch, Ordering::Relaxed);
}

/// Counts a launch; whether it goes wrong.
pub(crate) fn next_is_wrong() -> bool {
    LAUNCHES.fetch_add(1, Ordering::Relaxed) >= FIRST_WRONG.load(Ordering::Relaxed)
}
