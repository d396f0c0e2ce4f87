//! `gamma score --serve` and `--listen`: a process that answers as long as it is asked.

mod answer;
pub mod args;
mod budget;
#[cfg(feature = "listen")]
mod http;
#[cfg(feature = "listen")]
mod metrics;
mod request;
mod stream;
mod workers;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use gamma_wasm::scorer::{ScoreOptions, Scorer};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown};

use crate::exit::Status;
use crate::guard::Guard;
use crate::report::complain;
use args::Service;
use budget::Budget;
use request::Asked;
use stream::Stream;
use workers::Workers;

/// What the operating system is told of a run that was asked to end twice.
const TERMINATED: i32 = 143;

/// Answers requests about photos; what they do not say is as `scene` and `options`. `guard` checks a GPU.
pub fn run(scorer: &Scorer, guard: Guard, service: &Service, scene: Option<&str>, options: ScoreOptions) -> Status {
    let stop = Arc::new(AtomicBool::new(false));
    if let Err(error) = on_signal(&stop) {
        complain(&format!("warning: signals end this process at once: {error}"));
    }
    let workers = match Workers::start(scorer, guard, service) {
        Ok(workers) => workers,
        Err(error) => {
            complain(&format!("no threads: {error}"));
            return Status::Incomplete;
        }
    };
    let waiting = Budget::new(service.memory().waiting);
    let defaults = Asked {
        scene: scene.unwrap_or_else(|| scorer.default_scene()).to_owned(),
        options,
    };
    let model = scorer.info().name.clone();
    #[cfg(feature = "listen")]
    if let Some(address) = service.listen {
        let site = http::Site::new(workers, waiting, defaults, model, service.queue());
        return site.run(address, stop);
    }
    let stream = Stream {
        workers,
        waiting,
        defaults,
        model,
        queue: service.queue(),
        stop,
    };
    stream.run(service.serve.unwrap_or(args::Input::Lines))
}

/// The first signal asks for the end, the second one is it.
fn on_signal(stop: &Arc<AtomicBool>) -> std::io::Result<()> {
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first one finds the flag as it is.
        register_conditional_shutdown(signal, TERMINATED, Arc::clone(stop))?;
        register(signal, Arc::clone(stop))?;
    }
    Ok(())
}
