//! `gamma bench gpu`: what this machine's GPU computes in a second, by burn-wgpu.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use gamma_wasm::bench::{Adapter, Effort, Report, random};
use gamma_wasm::model::Config;
use gamma_wasm::ops::{DeviceChoice, open};
use gamma_wasm::{Error, Result};

use crate::default_model::DEFAULT_MODEL;
use crate::exit::Status;
use crate::output::print;
use crate::report::{complain, refused};

const BENCH_HELP: &str = "\
Exit status: 0 all went well, 1 the results could not be written, 2 wrong usage, 3 there is no GPU, or a model could not be loaded.";

/// What is measured.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Subject {
    /// This machine's GPU.
    Gpu,
}

#[derive(Debug, Args)]
#[command(after_help = BENCH_HELP, args_override_self = true)]
pub struct Bench {
    /// What is measured.
    pub subject: Subject,
    /// Models beside the default one: safetensors files.
    #[arg(short, long, value_name = "FILE")]
    pub weights: Vec<PathBuf>,
    /// A model of the published size beside it, with random weights.
    #[arg(long)]
    pub b16: bool,
    /// Seconds for one figure; larger batches that would take longer are left out.
    #[arg(long, value_name = "N", default_value_t = Effort::default().seconds)]
    pub seconds: f64,
    /// Few repetitions of small sizes, to see that all of it runs.
    #[arg(long)]
    pub quick: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Runs the command.
pub fn run(arguments: &Bench) -> Status {
    let report = match measure(arguments) {
        Ok(report) => report,
        Err(error) => {
            complain(&format!("{error} ({})", error.code()));
            return Status::NoModel;
        }
    };
    let text = match arguments.json {
        true => serde_json::to_string(&report).unwrap_or_default() + "\n",
        false => report.to_string(),
    };
    match print(text.as_bytes()) {
        Ok(()) => Status::Done,
        Err(_) => Status::Incomplete,
    }
}

fn measure(arguments: &Bench) -> Result<Report> {
    let Subject::Gpu = arguments.subject;
    let opened = open(DeviceChoice::Gpu)?;
    let setup = opened.setup.ok_or_else(|| Error::Device("it is no GPU".into()))?;
    let files = arguments.weights.iter();
    let files = files.map(|path| std::fs::read(path).map_err(|error| refused(path, error)));
    let made = arguments
        .b16
        .then(|| Ok(random(&Config::b16(), "B/16, random weights")));
    let models = [Ok(DEFAULT_MODEL.to_vec())].into_iter().chain(files).chain(made);
    let effort = match arguments.quick {
        true => Effort::quick(),
        false => Effort {
            seconds: arguments.seconds,
            ..Effort::default()
        },
    };
    let allocated = || Some(setup.device.generate_allocator_report()?.total_allocated_bytes);
    let adapter = Adapter::from(&setup.adapter);
    let report = Report::measure("burn-wgpu", adapter, &opened.device, allocated, models, &effort);
    pollster::block_on(report)
}
