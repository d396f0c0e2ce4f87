//! Which photos are asked about, and their pixels ahead of time.

use std::fs::{self, File};
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use gamma_wasm::image::{DecodeOptions, Pixels, decode};
use gamma_wasm::{Error, Result};

use crate::report::refused;

/// Names that mark a file of a folder as a photo, in small letters.
const EXTENSIONS: [&str; 11] = [
    "bmp", "dib", "gif", "jfif", "jpe", "jpeg", "jpg", "png", "tif", "tiff", "webp",
];
/// Decoded photos that wait while one is scored. A photo takes up to 300 MB, and scoring takes longer than decoding.
const AHEAD: usize = 2;
/// The longest file that is read, in bytes. Names of devices and pipes can be given too, and they may never end.
const MAX_FILE: u64 = 1 << 30;

/// Something to score, or why there is nothing.
pub struct Input {
    /// The file, or the folder that was refused.
    pub path: PathBuf,
    error: Option<Error>,
}

impl Input {
    /// A file that is meant as a photo, whatever its name.
    pub fn file(path: PathBuf) -> Self {
        Self { path, error: None }
    }
}

/// A photo whose pixels are there, or why they are not.
pub struct Photo {
    /// The file.
    pub path: PathBuf,
    /// Its pixels.
    pub pixels: Result<Pixels>,
    /// What reading and decoding took.
    pub time: Duration,
}

/// The files of `arguments` in their order; a folder stands for the photos in it, sorted by name.
pub fn list(arguments: &[PathBuf], recursive: bool) -> Vec<Input> {
    let mut inputs = Vec::new();
    for path in arguments {
        if !path.is_dir() {
            inputs.push(Input::file(path.clone()));
            continue;
        }
        let before = inputs.len();
        folder(path, recursive, &mut inputs);
        if inputs.len() == before {
            let hint = if recursive {
                ""
            } else {
                " (--recursive looks into the folders inside)"
            };
            let source = io::Error::new(io::ErrorKind::NotFound, format!("the folder holds no photos{hint}"));
            inputs.push(Input {
                path: path.clone(),
                error: Some(refused(path, source)),
            });
        }
    }
    inputs
}

/// Adds the photos of a folder, and after them those of the folders inside. Hidden entries are passed over, and links
/// to folders are not followed, so that the walk ends.
fn folder(path: &Path, recursive: bool, inputs: &mut Vec<Input>) {
    let entries = fs::read_dir(path).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
    let mut entries = match entries {
        Ok(entries) => entries,
        Err(error) => {
            inputs.push(Input {
                path: path.to_owned(),
                error: Some(refused(path, error)),
            });
            return;
        }
    };
    entries.retain(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."));
    entries.sort_by_key(fs::DirEntry::file_name);
    let paths = |wanted: fn(&fs::DirEntry) -> bool| entries.iter().filter(move |e| wanted(e)).map(fs::DirEntry::path);
    inputs.extend(paths(is_photo).map(Input::file));
    if recursive {
        paths(is_folder).for_each(|path| folder(&path, recursive, inputs));
    }
}

fn is_folder(entry: &fs::DirEntry) -> bool {
    entry.file_type().is_ok_and(|kind| kind.is_dir())
}

fn is_photo(entry: &fs::DirEntry) -> bool {
    let path = entry.path();
    let extension = path
        .extension()
        .map(|extension| extension.to_string_lossy().to_lowercase());
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str())) && !path.is_dir()
}

/// Decodes photos in their order on a thread of its own, a few ahead of the one who takes them.
pub fn decoded_ahead(inputs: Vec<Input>, options: DecodeOptions) -> Receiver<Photo> {
    let (sender, receiver) = mpsc::sync_channel(AHEAD);
    thread::spawn(move || {
        for Input { path, error } in inputs {
            let start = Instant::now();
            let pixels = error.map_or_else(|| read(&path, &options), Err);
            if sender
                .send(Photo {
                    path,
                    pixels,
                    time: start.elapsed(),
                })
                .is_err()
            {
                break;
            }
        }
    });
    receiver
}

/// Reads and decodes one file.
///
/// # Errors
/// If the file cannot be read, or [`decode`] refuses it.
pub fn read(path: &Path, options: &DecodeOptions) -> Result<Pixels> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| refused(path, error))?;
    file.take(MAX_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| refused(path, error))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(Error::ImageTooLarge(format!("the file has more than {MAX_FILE} bytes")));
    }
    // A decoder that panics must not take the photos after this one with it.
    let decoded = catch_unwind(AssertUnwindSafe(|| decode(&bytes, options)))
        .unwrap_or_else(|_| Err(Error::ImageDecode("its decoder stopped".into())))?;
    Ok(decoded.pixels)
}
