//! The same work for every row of an output: on all cores natively, on the threads that a browser's module has, or one row after
//! the other.

/// Calls `work` with the index of each row of `out` and the row, which is `length` long.
#[cfg(feature = "rayon")]
pub fn for_each_row(out: &mut [f32], length: usize, work: impl Fn(usize, &mut [f32]) + Sync) {
    use rayon::prelude::*;
    out.par_chunks_mut(length.max(1))
        .enumerate()
        .for_each(|(index, row)| work(index, row));
}

/// Calls `work` with the index of each row of `out` and the row, which is `length` long.
#[cfg(all(feature = "threads", not(feature = "rayon")))]
pub fn for_each_row(out: &mut [f32], length: usize, work: impl Fn(usize, &mut [f32]) + Sync) {
    gamma_threads::for_each_chunk(out, length, work);
}

/// Calls `work` with the index of each row of `out` and the row, which is `length` long.
#[cfg(not(any(feature = "rayon", feature = "threads")))]
pub fn for_each_row(out: &mut [f32], length: usize, work: impl Fn(usize, &mut [f32])) {
    for (index, row) in out.chunks_mut(length.max(1)).enumerate() {
        work(index, row);
    }
}

/// Rows that each thread takes of `rows`, a multiple of `step`, for work of which all take the same share. `products` of numbers in
/// all: little work is not worth the news of it.
#[cfg(feature = "threads")]
pub fn share(rows: usize, step: usize, products: usize) -> usize {
    /// About a tenth of a millisecond.
    const LITTLE: usize = 3_000_000;
    let threads = if products < LITTLE { 1 } else { gamma_threads::threads() };
    rows.div_ceil(threads).next_multiple_of(step)
}

/// All rows are one thread's, but for where the crate is built for all cores: there four take them, so that tests compare what they do
/// apart with the oracle.
#[cfg(not(feature = "threads"))]
pub fn share(rows: usize, step: usize, _: usize) -> usize {
    let threads = if cfg!(feature = "rayon") { 4 } else { 1 };
    rows.div_ceil(threads).next_multiple_of(step)
}
