//! The pixels of photos, ahead of time.

use std::fs::{self, File, FileType};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use gamma_wasm::image::{DecodeOptions, Pixels, decode};
use gamma_wasm::{Error, Result};

use crate::caught::caught;
use crate::report::refused;

/// Decoded photos that wait while one is scored. A photo takes up to 300 MB, and scoring takes longer than decoding.
const AHEAD: usize = 2;
/// The longest file that is read, in bytes.
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

    /// A file or folder that cannot be read.
    pub fn refused(path: &Path, error: Error) -> Self {
        Self {
            path: path.to_owned(),
            error: Some(error),
        }
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
    pixels(&contents(path)?, options)
}

/// The bytes of a file. FIFOs, sockets and devices are refused: they may never end, or never begin.
///
/// # Errors
/// [`Error::Io`], or [`Error::ImageTooLarge`].
pub fn contents(path: &Path) -> Result<Vec<u8>> {
    let failed = |error| refused(path, error);
    let kind = fs::metadata(path).map_err(failed)?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        let reason = format!("a {} is not read", special(kind));
        return Err(failed(io::Error::new(io::ErrorKind::Unsupported, reason)));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(Error::ImageTooLarge(format!("the file has more than {MAX_FILE} bytes")));
    }
    Ok(bytes)
}

/// Decodes a photo. A decoder that panics does not take the photos after this one with it.
///
/// # Errors
/// As [`decode`].
pub fn pixels(bytes: &[u8], options: &DecodeOptions) -> Result<Pixels> {
    let decoded = caught(|| decode(bytes, options))
        .unwrap_or_else(|said| Err(Error::ImageDecode(format!("its decoder stopped: {said}"))))?;
    Ok(decoded.pixels)
}

/// What is neither a file nor a folder. Reading it may never end.
pub fn special(kind: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return "FIFO";
        }
        if kind.is_socket() {
            return "socket";
        }
    }
    let _ = kind;
    "device"
}
