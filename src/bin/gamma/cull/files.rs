//! The files of photos: pairs of RAW and JPEG, what the camera wrote into them, copies.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use gamma_wasm::image::{CAPTURE_BYTES, Capture};

use super::safely;
use crate::names::name;
use crate::photos::Input;
use crate::report::complain;

/// Endings of RAW files, in small letters.
const RAW: [&str; 10] = ["arw", "cr2", "cr3", "dng", "nef", "orf", "pef", "raf", "rw2", "srw"];

/// A photo, and the files beside it that are the same one.
pub struct Item {
    pub input: Input,
    pub beside: Vec<PathBuf>,
}

/// Photos; a RAW file goes with the JPEG of the same name in the same folder.
pub fn items(inputs: Vec<Input>) -> Vec<Item> {
    let key = |path: &Path| path.with_extension("");
    let is_raw = |path: &Path| {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        ending.is_some_and(|ending| RAW.contains(&ending.as_str()))
    };
    let mut beside: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for input in inputs.iter().filter(|input| !is_raw(&input.path)) {
        beside.entry(key(&input.path)).or_default();
    }
    let mut alone = Vec::new();
    for input in inputs {
        match beside.get_mut(&key(&input.path)) {
            Some(raw) if is_raw(&input.path) => raw.push(input.path),
            _ => alone.push(input),
        }
    }
    let with = |input: Input| Item {
        beside: beside.remove(&key(&input.path)).unwrap_or_default(),
        input,
    };
    alone.into_iter().map(with).collect()
}

/// What the camera wrote; nothing if the file cannot be read, which is told when it is decoded.
pub fn capture(path: &Path) -> Capture {
    let is_file = fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    let mut start = Vec::new();
    let read =
        is_file.then(|| File::open(path).and_then(|file| file.take(CAPTURE_BYTES as u64).read_to_end(&mut start)));
    match read {
        Some(Ok(_)) => Capture::read(&start),
        _ => Capture::default(),
    }
}

/// What became of copies.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Copied {
    pub new: usize,
    /// The same file was there.
    pub there: usize,
    /// Could not be copied, or another file has the name.
    pub failed: usize,
}

/// Copies files into a folder, which is made if it is missing. What has the name is never replaced.
///
/// # Errors
/// If there can be no such folder.
pub fn copy_all(files: &[PathBuf], folder: &Path) -> io::Result<Copied> {
    fs::create_dir_all(folder)?;
    let mut copied = Copied::default();
    for file in files {
        match copy(file, folder) {
            Ok(true) => copied.new += 1,
            Ok(false) => copied.there += 1,
            Err(error) => {
                copied.failed += 1;
                complain(&format!("{}: not copied: {error}", name(file)));
            }
        }
    }
    Ok(copied)
}

/// Whether it was copied; not if the same file is there.
fn copy(file: &Path, folder: &Path) -> io::Result<bool> {
    let target = folder.join(file.file_name().unwrap_or_default());
    if target.exists() {
        return match same(file, &target)? {
            true => Ok(false),
            false => Err(io::Error::other(format!("{} is another file", name(&target)))),
        };
    }
    safely(&target, false, |part| {
        fs::copy(file, part)?;
        match same(file, part)? {
            true => Ok(()),
            false => Err(io::Error::other("the copy is not the same")),
        }
    })?;
    Ok(true)
}

/// Whether two files hold the same bytes.
fn same(a: &Path, b: &Path) -> io::Result<bool> {
    const PIECE: u64 = 1 << 20;
    let (mut a, mut b) = (File::open(a)?, File::open(b)?);
    if a.metadata()?.len() != b.metadata()?.len() {
        return Ok(false);
    }
    loop {
        let [mut one, mut other] = [Vec::new(), Vec::new()];
        (&mut a).take(PIECE).read_to_end(&mut one)?;
        (&mut b).take(PIECE).read_to_end(&mut other)?;
        if one != other || one.is_empty() {
            return Ok(one == other);
        }
    }
}
