//! The command `gamma`: scores photos, compares scores with labels, and says what a file of weights
//! holds. See `docs/command.md`.

#![forbid(unsafe_code)]

mod args;
mod assess;
#[cfg(feature = "wgpu")]
mod bench;
mod caught;
mod convert;
mod crop_args;
mod csv_row;
mod cull;
mod declared;
mod default_model;
mod device_args;
#[cfg(feature = "train")]
mod distort;
mod eval;
mod exit;
mod fetch;
mod guard;
mod inspect;
mod load;
mod many;
mod names;
mod output;
mod photos;
mod progress;
mod report;
mod row;
mod score;
mod serve;
#[cfg(feature = "train")]
mod train;
mod verify;
mod walk;

use std::process::ExitCode;

use args::{Arguments, Command};
use clap::Parser;
use names::printable;
use report::complain;

/// What the operating system is told of a fault of the program itself, as by Rust's own handler.
const FAULT: u8 = 101;

fn main() -> ExitCode {
    gamma_malloc::keep_freed_memory();
    let command = Arguments::parse().command;
    caught::keep_quiet();
    let status = caught::caught(|| match command {
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Score(arguments) => score::run(&arguments),
        Command::Convert(arguments) => convert::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Eval(arguments) => eval::run(&arguments),
        #[cfg(feature = "wgpu")]
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Cull(arguments) => cull::run(&arguments),
        #[cfg(feature = "train")]
        Command::Train(arguments) => train::run(&arguments),
        #[cfg(feature = "train")]
        Command::Distort(arguments) => distort::run(&arguments),
    });
    match status {
        Ok(status) => ExitCode::from(status as u8),
        Err(said) => {
            complain(&format!("a fault of the program itself: {}", printable(&said)));
            ExitCode::from(FAULT)
        }
    }
}
