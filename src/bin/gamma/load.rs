//! Weights to a scorer.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use gamma_wasm::ops::{self, DeviceChoice};
use gamma_wasm::prompt::Tokenizer;
use gamma_wasm::scorer::Scorer;
use gamma_wasm::weights::Assembly;
use gamma_wasm::weights::convert::INDEX;
use gamma_wasm::{Error, Result};

use crate::default_model::{DEFAULT, DEFAULT_MODEL, Weights};
use crate::{
    progress,
    report::{about, complain, refused},
};

/// Bytes read at a time.
const PIECE: usize = 1 << 20;

/// Loads a model onto a device, and reads the prompts of its scenes if it does not hold their features.
///
/// # Errors
/// [`Error::Io`], or what is wrong with the weights or the device.
pub fn scorer(weights: &Weights, device: DeviceChoice) -> Result<Scorer> {
    let opened = ops::open(device)?;
    if let Some(reason) = &opened.reason {
        complain(&format!("the CPU computes: {reason}"));
    }
    let mut assembly = Assembly::new(opened.device);
    match weights {
        Weights::Path(path) => feed_all(&mut assembly, path)?,
        Weights::Default => feed_default(&mut assembly)?,
    }
    if assembly.needs_model() {
        feed_default(&mut assembly)?;
    }
    pollster::block_on(async {
        let mut scorer = Scorer::load(assembly.finish()?).await?;
        if scorer.unread_scenes().next().is_some() {
            scorer.read_scenes(&Tokenizer::clip())?;
        }
        Ok(scorer)
    })
}

/// What is said where [`scorer`] failed: what is wrong with the model, or with the device.
pub fn refusal(weights: &Weights, error: &Error) -> String {
    match error {
        Error::Device(_) => format!("{error} ({})", error.code()),
        _ => format!("the model could not be loaded: {}", about(weights.name(), error)),
    }
}

/// Takes in the model in this program.
fn feed_default(assembly: &mut Assembly) -> Result<()> {
    assembly.begin(DEFAULT, Some(DEFAULT_MODEL.len() as u64))?;
    assembly.push(DEFAULT_MODEL).map(|_| ())
}

/// Takes in a file, or the files of a folder.
fn feed_all(assembly: &mut Assembly, path: &Path) -> Result<()> {
    let index = path.join(INDEX);
    match path.is_dir() {
        false => feed(assembly, path),
        true if !index.exists() => feed(assembly, &path.join("model.safetensors")),
        true => {
            let json = std::fs::read(&index).map_err(|error| refused(&index, error))?;
            // Without the text tower where it has files of its own: the command adds no scenes.
            let files = assembly.set_index(&json)?.files.clone();
            let mut files = files.iter().filter(|file| !file.text);
            files.try_for_each(|file| feed(assembly, &path.join(&file.name)))
        }
    }
}

/// Takes in one file.
fn feed(assembly: &mut Assembly, path: &Path) -> Result<()> {
    let mut file = File::open(path).map_err(|error| refused(path, error))?;
    let metadata = file.metadata().ok().filter(|metadata| metadata.is_file());
    // A pipe has no length.
    let length = metadata.map(|metadata| metadata.len());
    let bar = progress::bytes(length.unwrap_or_default());
    let name = path.file_name().unwrap_or(path.as_os_str());
    assembly.begin(&name.to_string_lossy(), length)?;
    let mut piece = vec![0; PIECE];
    let mut received = 0;
    loop {
        let count = file.read(&mut piece).map_err(|error| refused(path, error))?;
        let bytes = piece.get(..count).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        assembly.push(bytes)?;
        received += count as u64;
        bar.set_position(received);
    }
    bar.finish_and_clear();
    Ok(())
}
