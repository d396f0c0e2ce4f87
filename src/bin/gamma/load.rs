//! A file of weights to a scorer.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use burn::tensor::Device;
use gamma_wasm::prompt::Tokenizer;
use gamma_wasm::scorer::Scorer;
use gamma_wasm::weights::Assembly;
use gamma_wasm::{Error, Result};

use crate::{progress, report::refused};

/// Bytes read at a time.
const PIECE: usize = 1 << 20;

/// Loads the model of `path`, and reads the prompts of its scenes if the file does not hold their features.
///
/// # Errors
/// [`Error::Io`], or what is wrong with the weights.
pub fn scorer(path: &Path) -> Result<Scorer> {
    let mut file = File::open(path).map_err(|error| refused(path, error))?;
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    let bar = progress::bytes(length);
    let mut assembly = Assembly::new(Device::flex());
    let mut piece = vec![0; PIECE];
    let mut received = 0;
    loop {
        let count = file.read(&mut piece).map_err(|error| refused(path, error))?;
        let bytes = piece.get(..count).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        if received == 0 {
            check_kind(bytes)?;
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

/// Refuses kinds of files that are often mistaken for safetensors, by name. Their first bytes read as a length of the
/// header that no file has, so no safetensors file is refused.
///
/// # Errors
/// [`Error::WeightsFormat`].
pub fn check_kind(start: &[u8]) -> Result<()> {
    const KINDS: [(&[u8], &str); 5] = [
        (
            b"PK\x03\x04",
            "it is a zip archive, as PyTorch's .pth files are; give a .safetensors file",
        ),
        (
            b"\x80\x02",
            "it is a Python pickle, as PyTorch's .pth files are; give a .safetensors file",
        ),
        (b"GGUF", "it is a GGUF file; give a .safetensors file"),
        (
            b"version https://git-lfs",
            "it is a Git LFS pointer; fetch the file that it stands for",
        ),
        (b"<", "it is a web page or XML; was the download refused?"),
    ];
    // The upper half of a header's length is zero, as the format ends it at 100 MB.
    let impossible = start.get(4..8).is_some_and(|upper| upper != [0; 4]);
    match KINDS.iter().find(|(magic, _)| impossible && start.starts_with(magic)) {
        Some((_, reason)) => Err(Error::WeightsFormat((*reason).into())),
        None => Ok(()),
    }
}
