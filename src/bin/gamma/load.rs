//! A file of weights to a scorer.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use burn::tensor::Device;
use gamma_wasm::Result;
use gamma_wasm::prompt::Tokenizer;
use gamma_wasm::scorer::Scorer;
use gamma_wasm::weights::Assembly;

use crate::{progress, report::refused};

/// Bytes read at a time.
const PIECE: usize = 1 << 20;

/// Loads the model of `path`, and reads the prompts of its scenes if the file does not hold their features.
///
/// # Errors
/// [`Error::Io`], or what is wrong with the weights.
pub fn scorer(path: &Path) -> Result<Scorer> {
    let mut file = File::open(path).map_err(|error| refused(path, error))?;
    let metadata = file.metadata().ok().filter(|metadata| metadata.is_file());
    // A pipe has no length.
    let length = metadata.map(|metadata| metadata.len());
    let bar = progress::bytes(length.unwrap_or_default());
    let mut assembly = Assembly::new(Device::flex());
    assembly.begin(&path.to_string_lossy(), length)?;
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
    pollster::block_on(async {
        let mut scorer = Scorer::load(assembly.finish()?).await?;
        if scorer.needs_tokenizer() {
            scorer.set_tokenizer(Tokenizer::clip()).await?;
        }
        Ok(scorer)
    })
}
