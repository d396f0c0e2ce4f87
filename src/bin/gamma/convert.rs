//! `gamma convert`: files of weights out of a checkpoint.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use gamma_wasm::weights::convert::{Options, Report, Scenes, Scheme, Step, Target, convert, open};
use gamma_wasm::{Error, Result};

use crate::args::Convert;
use crate::exit::Status;
use crate::names::{name, printable};
use crate::output::print;
use crate::progress;
use crate::report::{about, complain, refused, size};

/// Runs the command.
pub fn run(arguments: &Convert) -> Status {
    let report = match write(arguments) {
        Ok(report) => report,
        Err(error) => {
            let of_output = matches!(&error, Error::Io { path, .. } if Path::new(path).starts_with(&arguments.out));
            complain(&about(&arguments.checkpoint, &error));
            return match &error {
                Error::Option { .. } | Error::SceneUnknown { .. } => Status::Usage,
                _ if of_output => Status::Incomplete,
                _ => Status::NoModel,
            };
        }
    };
    let printed = print(summary(&arguments.out, &report).as_bytes());
    let saved = match &arguments.report {
        None => Ok(()),
        Some(path) => save(path, &report),
    };
    if let Err(error) = &saved {
        complain(&error.to_string());
    }
    match printed {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain(&format!("standard output: {error}"));
            Status::Incomplete
        }
        _ if saved.is_err() => Status::Incomplete,
        _ => Status::Done,
    }
}

fn write(arguments: &Convert) -> Result<Report> {
    let mut source = open(&arguments.checkpoint)?;
    let given = [
        ("name", &arguments.name),
        ("licence", &arguments.licence),
        ("source", &arguments.source),
    ];
    let mut metadata: BTreeMap<String, String> = (given.into_iter())
        .filter_map(|(key, value)| Some((key.to_owned(), value.clone()?)))
        .collect();
    if let Some(path) = &arguments.reliability {
        let json = std::fs::read_to_string(path).map_err(|error| refused(path, error))?;
        metadata.insert("reliability".into(), json.trim().into());
    }
    let stated = |key: &str| metadata.contains_key(key) || source.metadata().contains_key(key);
    if !stated("licence") {
        complain(
            "warning: no licence is stated; give it with --licence (the published Gamma checkpoints are under \
             CC-BY-NC-SA-4.0, for non-commercial use only)",
        );
    }
    if !stated("source") {
        complain("warning: no source is stated; say with --source where the weights come from");
    }
    let options = Options {
        target: match arguments.dtype.as_str() {
            "f32" => Target::F32,
            "f16" => Target::F16,
            "q4" => Target::Quantized(Scheme::Q4),
            _ => Target::Quantized(Scheme::Q8),
        },
        shard_bytes: arguments.shard_size.map(|megabytes| megabytes * 1_000_000),
        scenes: match arguments.scenes.as_str() {
            "all" => Scenes::All,
            "none" => Scenes::None,
            ids => Scenes::Ids(ids.split(',').map(|id| id.trim().to_owned()).collect()),
        },
        text: !arguments.no_text,
        force: arguments.force,
        device: arguments.device.choice,
        extends: arguments.extends.clone(),
        metadata,
    };
    let bar = progress::work();
    let mut show = |step: Step| {
        bar.set_length(step.total);
        bar.set_position(step.done);
        bar.set_message(step.stage);
    };
    let report = convert(source.as_mut(), &arguments.out, &options, &mut show);
    bar.finish_and_clear();
    report
}

/// What a person wants to know of a conversion.
fn summary(out: &Path, report: &Report) -> String {
    let mut lines: Vec<String> = (report.files.iter())
        .map(|(file, &bytes)| format!("{:<33} {:>9}", name(&out.join(file)), size(bytes)))
        .collect();
    match &report.scenes_missing {
        None => lines.push(format!("scenes: {}", printable(&report.scenes.join(", ")))),
        Some(reason) => lines.push(format!(
            "no scene's text features are stored, so that the text tower is a part of the model: {}",
            printable(reason)
        )),
    }
    if !report.dropped.is_empty() {
        lines.push(format!("left out: {}", printable(&report.dropped.join(", "))));
    }
    if let Some(sums) = &report.quantized {
        let bits = sums.bits.iter().map(|(bits, count)| format!("{count} of {bits} bits"));
        lines.push(format!(
            "{}: {} matrices, {:.2} bits a weight with scales ({}); {} are differences to their shared expert",
            report.dtype,
            sums.matrices,
            8.0 * sums.bytes as f64 / sums.numbers.max(1) as f64,
            bits.collect::<Vec<_>>().join(", "),
            sums.differences
        ));
        lines.push(format!(
            "relative error: {:.4} over all weights, as they count; at most {:.4} ({})",
            sums.weighted_relative_rms,
            sums.worst_relative_rms,
            printable(&sums.worst)
        ));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn save(path: &Path, report: &Report) -> Result<()> {
    let mut json = serde_json::to_vec_pretty(report).map_err(|error| refused(path, error.into()))?;
    json.push(b'\n');
    std::fs::write(path, json).map_err(|error| refused(path, error))
}
