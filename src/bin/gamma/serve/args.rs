//! The options of `gamma score --serve` and `--listen`.

#[cfg(feature = "listen")]
use std::net::SocketAddr;

use clap::{Args, ValueEnum, value_parser};

use crate::many::cores;

/// Where the help lists what a service shares with the plain command.
const OPTIONS: &str = "Options";

/// How requests come in on standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Input {
    /// A JSON object a line.
    Lines,
    /// Two lengths of 32 bits, little end first, then as many bytes of JSON and of a photo.
    Frames,
}

/// A process that answers as long as it is asked.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "As a service")]
pub struct Service {
    /// Answer requests from standard input until it ends, one JSON object a line.
    #[arg(long, value_name = "INPUT", num_args = 0..=1, require_equals = true, default_missing_value = "lines")]
    #[arg(conflicts_with_all = ["images", "json", "csv", "recursive"])]
    pub serve: Option<Input>,
    /// Answer HTTP requests at an address: POST /score with a photo, GET /healthz, GET /metrics.
    #[cfg(feature = "listen")]
    #[arg(long, value_name = "ADDRESS:PORT", conflicts_with_all = ["serve", "images", "json", "csv", "recursive"])]
    pub listen: Option<SocketAddr>,
    /// Photos that are scored at the same time; as many as the processor has cores.
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=1024), help_heading = OPTIONS)]
    pub workers: Option<u16>,
    /// Threads that share the work on a photo; one, and all cores where there are fewer photos.
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=1024), help_heading = OPTIONS)]
    pub threads: Option<u16>,
    /// Requests that are read ahead of the answers; four for each worker.
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub queue: Option<u32>,
    /// Memory for photos, beside the model: half for those that wait, half for decoding, the same share for each worker.
    #[arg(long, value_name = "MB", value_parser = value_parser!(u64).range(8..=1_000_000_000))]
    pub max_memory: Option<u64>,
}

impl Service {
    /// Whether this is asked for at all.
    pub fn is_wanted(&self) -> bool {
        #[cfg(feature = "listen")]
        if self.listen.is_some() {
            return true;
        }
        self.serve.is_some()
    }

    /// Photos that are scored at the same time.
    pub fn workers(&self) -> usize {
        self.workers.map_or_else(cores, usize::from)
    }

    /// Threads that share the work on a photo.
    pub fn threads(&self) -> usize {
        self.threads.map_or(1, usize::from)
    }

    /// Requests read and not answered.
    pub fn queue(&self) -> usize {
        self.queue
            .map_or(4 * self.workers(), |queue| usize::try_from(queue).unwrap_or(usize::MAX))
    }

    /// Memory for photos, in bytes.
    pub fn memory(&self) -> Memory {
        let workers = self.workers() as u64;
        match self.max_memory {
            None => Memory {
                waiting: 1 << 30,
                decoding: 1 << 30,
            },
            Some(megabytes) => Memory {
                waiting: megabytes * 500_000,
                decoding: megabytes * 500_000 / workers,
            },
        }
    }
}

/// How many bytes photos may take.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// All photos that wait, as they came.
    pub waiting: u64,
    /// One photo, while it is decoded: its pixels and what the decoder needs.
    pub decoding: u64,
}
