//! Kinds of files that are often mistaken for safetensors, told by their first bytes.

use crate::{Error, Result};

const KINDS: [(&[u8], &str); 6] = [
    (
        b"PK\x03\x04",
        "it is a zip archive, as PyTorch's .pth files are; make a .safetensors file of it with `gamma convert`",
    ),
    (
        b"\x80\x02",
        "it is a Python pickle, as PyTorch's .pth files are; make a .safetensors file of it with `gamma convert`",
    ),
    (b"GGUF", "it is a GGUF file; give a .safetensors file"),
    (
        b"version ",
        "it is a Git LFS pointer; fetch the file that it stands for",
    ),
    (b"<", "it is a web page or XML; was the download refused?"),
    (
        b"{",
        "it is JSON; an index (model.safetensors.index.json) stands beside the files of a model, and is none of them",
    ),
];

/// Refuses kinds of files that are often mistaken for safetensors, by name. `start`: the first eight bytes or more. They
/// read as a length of the header that no file has, so no safetensors file is refused.
///
/// # Errors
/// [`Error::WeightsFormat`].
pub fn check_kind(start: &[u8]) -> Result<()> {
    // The upper half of a header's length is zero, as the format ends it at 100 MB.
    let impossible = start.get(4..8).is_some_and(|upper| upper != [0; 4]);
    match KINDS.iter().find(|(magic, _)| impossible && start.starts_with(magic)) {
        Some((_, reason)) => Err(Error::WeightsFormat((*reason).into())),
        None => Ok(()),
    }
}
