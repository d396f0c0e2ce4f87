//! The same work for every row of an output: on all cores natively, one row after the other in the browser.

/// Calls `work` with the index of each row of `out` and the row, which is `length` long.
#[cfg(feature = "rayon")]
pub fn for_each_row(out: &mut [f32], length: usize, work: impl Fn(usize, &mut [f32]) + Sync) {
    use rayon::prelude::*;
    out.par_chunks_mut(length.max(1))
        .enumerate()
        .for_each(|(index, row)| work(index, row));
}

/// Calls `work` with the index of each row of `out` and the row, which is `length` long.
#[cfg(not(feature = "rayon"))]
pub fn for_each_row(out: &mut [f32], length: usize, work: impl Fn(usize, &mut [f32])) {
    for (index, row) in out.chunks_mut(length.max(1)).enumerate() {
        work(index, row);
    }
}
