//! `gamma distort FOLDER --dataset`: a dataset of distorted photos.

use std::ops::ControlFlow;
use std::path::Path;
use std::thread::available_parallelism;

use gamma_wasm::Result;
use gamma_wasm::train::distorted::config::{DistortConfig, HeldOut};
use gamma_wasm::train::distorted::draw::{Part, Recipe};
use gamma_wasm::train::distorted::folder::generate;

use super::args::{Distort, Strengths};
use crate::exit::Status;
use crate::names::{name, printable};
use crate::progress::distorted;
use crate::report::complain;

/// Runs the command.
pub fn run(arguments: &Distort) -> Status {
    match write(arguments) {
        Ok(()) => Status::Done,
        Err(error) => {
            complain(&format!("{} ({})", printable(&error.to_string()), error.code()));
            match error.code() {
                "dataset" => Status::Usage,
                _ => Status::Incomplete,
            }
        }
    }
}

fn write(arguments: &Distort) -> Result<()> {
    let recipe = Recipe::new("distort", &config(arguments), Path::new(""), arguments.seed, None)?;
    let threads = arguments.drawn.threads;
    let threads = threads.unwrap_or_else(|| available_parallelism().map_or(1, usize::from));
    let mut bar = None;
    let _ = generate(&recipe, &arguments.out, threads, &mut |progress| {
        let bar = bar.get_or_insert_with(|| distorted(progress.total));
        bar.set_position(progress.done as u64);
        ControlFlow::Continue(())
    })?;
    let tasks = recipe.tasks();
    for part in Part::ALL {
        let photos = tasks.iter().filter(|task| task.part == part).count();
        if photos > 0 {
            let file = arguments.out.join(part.labels());
            super::say(format!("{photos} photos  {}\n", name(&file)).as_bytes())?;
        }
    }
    Ok(())
}

fn config(arguments: &Distort) -> DistortConfig {
    let drawn = &arguments.drawn;
    let numbers = |strengths: &Strengths| strengths.0.iter().map(|(_, strength)| *strength).collect();
    let held_out = match drawn.held_out_photos {
        0 => HeldOut::default(),
        photos => HeldOut {
            photos,
            kinds: drawn
                .held_out_kinds
                .as_ref()
                .map_or(Vec::new(), |kinds| kinds.0.clone()),
            strengths: drawn.held_out_strengths.as_ref().map_or(Vec::new(), numbers),
            ladders: drawn.ladders,
        },
    };
    DistortConfig {
        kinds: arguments.kind.0.clone(),
        strengths: numbers(&arguments.strength),
        clean: drawn.clean,
        held_out,
        ..DistortConfig::new(arguments.image.clone(), drawn.count)
    }
}
