//! A model, crop by crop.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

use burn::tensor::Device;
use pollster::block_on;
use serde::Serialize;

use super::Effort;
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

/// Times a model on crops of a photo of noise. `device_bytes` tells what is allocated on the device.
///
/// # Errors
/// What is wrong with the weights, or [`Error::Device`](crate::Error::Device) if the device fails.
pub async fn model(
    bytes: &[u8],
    device: &Device,
    effort: &Effort,
    device_bytes: impl Fn() -> Option<u64>,
) -> Result<Model> {
    forget_peak();
    let start = Instant::now();
    let mut assembly = Assembly::new(device.clone());
    for piece in bytes.chunks(1 << 20) {
        assembly.push(piece)?;
    }
    let scorer = Scorer::load(assembly.finish()?).await?;
    scorer.warm_up().await?;
    let load_ms = start.elapsed().as_secs_f64() * 1e3;
    let flops = scorer.info().config.crop_flops() as f64;
    let (mut batches, mut left_out) = (Vec::<Batch>::new(), Vec::new());
    for &crops in &effort.batches {
        let expected = batches.last().map_or(0.0, |batch| batch.ms_a_crop * crops as f64 / 1e3);
        let measured = match expected > effort.seconds {
            true => Err("it would take too long"),
            // wgpu panics where a batch is too large for the adapter's limits: what it said is on standard error.
            false => catch_unwind(AssertUnwindSafe(|| block_on(batch(&scorer, crops, effort))))
                .map_err(|_| "the adapter cannot take so much at a time"),
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
        load_ms,
        batches,
        left_out,
        device_bytes: device_bytes(),
        peak_bytes: peak(),
    })
}

/// Milliseconds a crop.
async fn batch(scorer: &Scorer, crops: usize, effort: &Effort) -> Result<f64> {
    let once = async || -> Result<f64> {
        let mut job = scorer.job(noise(), &options(crops))?;
        let start = Instant::now();
        job.step(crops).await?;
        Ok(start.elapsed().as_secs_f64() / crops.max(1) as f64)
    };
    // This one may compile, or ask for memory.
    let first = once().await? * crops as f64;
    let mut times = Vec::new();
    for _ in 0..effort.fitting(first, effort.repetitions) {
        times.push(once().await? * 1e3);
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
