//! How many crops are scored at a time.

/// Crops that go through the towers together. More at once take more memory and are no faster on the CPU: with the
/// published size, 2, 5 and 10 are within the noise of 1.
pub const BATCH: usize = 1;
