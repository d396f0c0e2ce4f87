//! The command `gamma`: scores photos, compares scores with labels, and says what a file of weights
//! holds. See `docs/command.md`.

#![forbid(unsafe_code)]

mod args;
mod convert;
mod default_model;
#[cfg(feature = "train")]
mod distort;
mod eval;
mod fetch;
mod inspect;
mod load;
mod output;
mod photos;
mod progress;
mod report;
mod score;
#[cfg(feature = "train")]
mod train;
mod verify;

use std::process::ExitCode;

use args::{Arguments, Command};
use clap::Parser;

/// How a run ended; the values are part of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Everything asked for was done.
    Done = 0,
    /// Some photos could not be scored, or the results could not be written.
    Incomplete = 1,
    /// The arguments make no sense; clap ends with the same value.
    Usage = 2,
    /// The model could not be loaded.
    NoModel = 3,
}

fn main() -> ExitCode {
    let status = match Arguments::parse().command {
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Score(arguments) => score::run(&arguments),
        Command::Convert(arguments) => convert::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Eval(arguments) => eval::run(&arguments),
        #[cfg(feature = "train")]
        Command::Train(arguments) => train::run(&arguments),
        #[cfg(feature = "train")]
        Command::Distort(arguments) => distort::run(&arguments),
    };
    ExitCode::from(status as u8)
}
