//! Products in half precision: whether this GPU has them, gets them right, and is faster by them. Only a clock can tell the last: there are
//! GPUs that compute them twice as fast, as fast, and 64 times slower.

use std::sync::atomic::{AtomicBool, Ordering};

use burn::tensor::Device;
use gamma_webgpu::open;

use super::codes::linear_in;
use crate::{
    Error, Result,
    ops::{Epilogue, Precision, QuantizedMatrix, Scales, conformance, faster::second_is_faster, read, upload},
};

/// Sides of a matrix that half precision is for, as whole numbers on the CPU: smaller ones, as Gamma-Lite's, stay in single precision.
const FROM: usize = 512;
/// Rows that are multiplied to measure: those of a crop of the published size.
const ROWS: usize = 197;

static CHOSEN: AtomicBool = AtomicBool::new(false);

/// Whether products with a matrix are in half precision.
pub(super) fn suits(matrix: &QuantizedMatrix) -> bool {
    let large = matrix.shape().into_iter().min() >= Some(FROM);
    large && matrix.precision() == Precision::Fast && CHOSEN.load(Ordering::Relaxed)
}

/// Has large matrices in codes of 8 bits and less be multiplied in half precision from now on, if the open GPU has it, passes its test of
/// it, and is clearly faster by it. Takes less than 100 ms besides compiling. `now` tells milliseconds.
///
/// Returns whether it was chosen.
///
/// # Errors
/// [`Error::Device`] if the GPU fails.
pub async fn choose_half_precision(device: &Device, now: impl Fn() -> f64) -> Result<bool> {
    let gpu = open().await.map_err(Error::Device)?;
    if gpu.is_software() || !gpu.has_half() || half_precision_is_right(device, 1).await.is_err() {
        return Ok(false);
    }
    let chosen = half_precision_is_faster(device, now).await?;
    use_half_precision(chosen);
    Ok(chosen)
}

/// Has large matrices be multiplied in half precision, or in single precision, whatever has been chosen. The GPU has to have it.
pub fn use_half_precision(chosen: bool) {
    CHOSEN.store(chosen, Ordering::Relaxed);
}

/// Products in half precision on random shapes, beside plain arithmetic. The GPU has to have it.
///
/// # Errors
/// [`Error::Device`] naming the shape that it got wrong.
pub async fn half_precision_is_right(device: &Device, seed: u64) -> Result<()> {
    conformance::half_products(device, seed, |x, matrix, epilogue| linear_in(true, x, matrix, epilogue)).await
}

/// Whether products in half precision are clearly faster, by a clock that tells milliseconds. The GPU has to have them.
///
/// # Errors
/// [`Error::Device`] if the GPU fails.
pub async fn half_precision_is_faster(device: &Device, now: impl Fn() -> f64) -> Result<bool> {
    let matrix = made_matrix([FROM; 2])?;
    let rows = (0..ROWS * FROM).map(|at| (at % 13) as f32 / 8.0 - 0.75).collect();
    let x = upload(rows, [ROWS, FROM], device);
    let once = async |half, launches| -> Result<f64> {
        let start = now();
        let mut product = linear_in(half, x.clone(), &matrix, Epilogue::default());
        for _ in 1..launches {
            product = linear_in(half, x.clone(), &matrix, Epilogue::default());
        }
        // All that is read: the time is that of the launches.
        read(product.narrow(0, 0, 1)).await?;
        Ok(now() - start)
    };
    second_is_faster(once).await
}

/// A matrix of this shape on the device, in codes of 8 bits, to be timed.
pub(crate) fn made_matrix(shape: [usize; 2]) -> Result<QuantizedMatrix> {
    const GROUP: usize = 64;
    let numbers: usize = shape.iter().product();
    let codes = (0..numbers).map(|at| (at * 31) as u8).collect();
    let scales = Scales::F32(vec![1.0 / 256.0; numbers / GROUP]);
    let matrix = QuantizedMatrix::new(shape, 8, GROUP, codes, scales, None);
    let matrix = matrix.ok_or_else(|| Error::Device("there is no such matrix".into()))?;
    Ok(matrix.with_precision(Precision::Fast).on_device())
}
