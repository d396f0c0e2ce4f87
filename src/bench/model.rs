//! A model, crop by crop.

use burn::tensor::Device;
use serde::Serialize;

use super::{Effort, now};
use crate::{
    Result,
    image::{CropChoice, CropPolicy, Pixels},
    scorer::{ScoreOptions, Scorer},
    weights::Assembly,
};

/// A model with crops in batches of one size.
#[derive(Debug, Clone, Serialize)]
pub struct Batch {
    /// Crops at a time.
    pub crops: usize,
    /// Milliseconds for each, its preparation on the processor included: the median of the repetitions.
    pub ms_a_crop: f64,
    /// 10^12 floating-point operations a second.
    pub tflops: f64,
}

/// A size of a batch without a figure.
#[derive(Debug, Clone, Serialize)]
pub struct LeftOut {
    /// Crops at a time.
    pub crops: usize,
    /// Why.
    pub why: &'static str,
}

/// A model.
#[derive(Debug, Clone, Serialize)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// Its numbers.
    pub parameters: u64,
    /// Whether products of large matrices in codes were in half precision, else in single precision.
    pub half: bool,
    /// Milliseconds from its bytes until the first crop is answered: what compiles shaders is in it.
    pub load_ms: f64,
    /// Of each size of a batch.
    pub batches: Vec<Batch>,
    /// Sizes of batches that were not measured.
    pub left_out: Vec<LeftOut>,
    /// Bytes that are allocated on the device after the largest batch, as wgpu tells; `None` where it does not.
    pub device_bytes: Option<u64>,
    /// The most bytes of memory that the process had meanwhile, on Linux. A software adapter's memory is a part of it.
    pub peak_bytes: Option<u64>,
}

/// Times a model on crops of a photo of noise, its large matrices in codes multiplied in half precision if `half`. `device_bytes` tells what
/// is allocated on the device.
///
/// # Errors
/// What is wrong with the weights, or [`Error::Device`](crate::Error::Device) if the device fails.
pub async fn model(
    bytes: &[u8],
    device: &Device,
    effort: &Effort,
    half: bool,
    device_bytes: impl Fn() -> Option<u64>,
) -> Result<Model> {
    forget_peak();
    #[cfg(feature = "gpu")]
    crate::ops::use_half_precision(half);
    let start = now();
    let mut assembly = Assembly::new(device.clone());
    for piece in bytes.chunks(1 << 20) {
        assembly.push(piece)?;
    }
    let scorer = Scorer::load(assembly.finish()?).await?;
    scorer.warm_up().await?;
    let load_ms = now() - start;
    let flops = scorer.info().config.crop_flops() as f64;
    let (mut batches, mut left_out) = (Vec::<Batch>::new(), Vec::new());
    for &crops in &effort.batches {
        let expected = batches.last().map_or(0.0, |batch| batch.ms_a_crop * crops as f64 / 1e3);
        let measured = match expected > effort.seconds {
            true => Err("it would take too long"),
            false => batch_that_fits(&scorer, crops, effort).await,
        };
        match measured {
            Err(why) => left_out.push(LeftOut { crops, why }),
            Ok(ms_a_crop) => {
                let ms_a_crop = ms_a_crop?;
                let tflops = flops / (ms_a_crop * 1e9);
                batches.push(Batch {
                    crops,
                    ms_a_crop,
                    tflops,
                });
            }
        }
    }
    Ok(Model {
        name: scorer.info().name.clone(),
        parameters: scorer.info().parameters,
        half,
        load_ms,
        batches,
        left_out,
        device_bytes: device_bytes(),
        peak_bytes: peak(),
    })
}

/// As [`batch`], or why there is no figure. wgpu panics natively where a batch is too large for the adapter's limits: what it said is on
/// standard error. In a browser the adapter reports it, and the device is lost to the benchmark.
#[cfg(not(target_arch = "wasm32"))]
async fn batch_that_fits(scorer: &Scorer, crops: usize, effort: &Effort) -> Result<Result<f64>, &'static str> {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    let measured = || pollster::block_on(batch(scorer, crops, effort));
    catch_unwind(AssertUnwindSafe(measured)).map_err(|_| "the adapter cannot take so much at a time")
}

#[cfg(target_arch = "wasm32")]
async fn batch_that_fits(scorer: &Scorer, crops: usize, effort: &Effort) -> Result<Result<f64>, &'static str> {
    Ok(batch(scorer, crops, effort).await)
}

/// Milliseconds a crop.
async fn batch(scorer: &Scorer, crops: usize, effort: &Effort) -> Result<f64> {
    let once = async || -> Result<f64> {
        let mut job = scorer.job(noise(), &options(crops))?;
        let start = now();
        job.step(crops).await?;
        Ok((now() - start) / crops.max(1) as f64)
    };
    // This one may compile, or ask for memory.
    let first = once().await? * crops as f64 / 1e3;
    let mut times = Vec::new();
    for _ in 0..effort.fitting(first, effort.repetitions) {
        times.push(once().await?);
    }
    times.sort_by(f64::total_cmp);
    Ok(times.get(times.len() / 2).copied().unwrap_or(f64::NAN))
}

fn noise() -> Pixels {
    let (width, height) = (640_u32, 480_u32);
    let rgb = (0..3 * (width * height) as usize).map(|at| (at.wrapping_mul(2_654_435_761) >> 7) as u8);
    Pixels {
        width,
        height,
        rgb: rgb.collect(),
    }
}

/// As many crops as are wanted, of the photo as it is.
fn options(crops: usize) -> ScoreOptions {
    ScoreOptions {
        crops: CropChoice {
            policy: Some(CropPolicy::Random),
            crops: Some(crops as u32),
            seed: Some(1),
        },
        parity: true,
        tolerance: None,
    }
}

/// Has Linux count the peak from now on. Elsewhere nothing is counted.
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// The most memory that this process had, in bytes.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
