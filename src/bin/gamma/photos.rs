//! The pixels of photos, ahead of time.

use std::fs::{self, File, FileType};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use gamma_wasm::image::raw::{Next, Preview, Search, decode_preview};
use gamma_wasm::image::{DecodeOptions, Decoded, Provenance, decode, may_be_raw, provenance};
use gamma_wasm::{Error, Result};

use crate::caught::caught;
use crate::report::refused;

/// Decoded photos that wait while one is scored. A photo takes up to 300 MB, and scoring takes longer than decoding.
const AHEAD: usize = 2;
/// The longest file that is read, in bytes.
const MAX_FILE: u64 = 1 << 30;

/// Of RAW files of at least this many bytes only a part is read, here as in the npm package.
const LARGE: u64 = 1 << 20;

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

    /// Reads and decodes it.
    pub fn decoded(self, options: &DecodeOptions) -> Photo {
        let Self { path, error } = self;
        let start = Instant::now();
        let contents = error.map_or_else(|| Contents::read(&path, MAX_FILE), Err);
        let provenance = contents
            .as_ref()
            .map(|contents| contents.declared(Some(&path)))
            .unwrap_or_default();
        let decoded = contents.and_then(|contents| contents.decode(options));
        Photo {
            path,
            decoded,
            provenance,
            time: start.elapsed(),
        }
    }
}

/// A photo that was decoded, or why it was not.
pub struct Photo {
    /// The file.
    pub path: PathBuf,
    /// Its pixels, and what of the file they are.
    pub decoded: Result<Decoded>,
    /// What the file declares about its origin.
    pub provenance: Provenance,
    /// What reading and decoding took.
    pub time: Duration,
}

/// Decodes photos in their order on a thread of its own, a few ahead of the one who takes them.
pub fn decoded_ahead(inputs: Vec<Input>, options: DecodeOptions) -> Receiver<Photo> {
    let (sender, receiver) = mpsc::sync_channel(AHEAD);
    thread::spawn(move || {
        for input in inputs {
            if sender.send(input.decoded(&options)).is_err() {
                break;
            }
        }
    });
    receiver
}

/// Reads and decodes one file; of a RAW file its preview, for which a part of it is read.
///
/// # Errors
/// If the file cannot be read, or [`decode`] refuses it.
#[cfg(feature = "train")]
pub fn read(path: &Path, options: &DecodeOptions) -> Result<Decoded> {
    Contents::read(path, MAX_FILE)?.decode(options)
}

/// All bytes of a file.
///
/// # Errors
/// [`Error::Io`], or [`Error::ImageTooLarge`].
pub fn whole(path: &Path) -> Result<Vec<u8>> {
    let failed = |error| refused(path, error);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(Error::ImageTooLarge(format!("the file has more than {MAX_FILE} bytes")));
    }
    Ok(bytes)
}

/// What is read of a file.
pub enum Contents {
    /// All of it.
    File(Vec<u8>),
    /// The preview of a RAW file.
    Preview(Vec<u8>, Preview),
}

impl Contents {
    /// Decodes the photo. A decoder that panics does not take the photos after this one with it.
    ///
    /// # Errors
    /// As [`decode`].
    pub fn decode(&self, options: &DecodeOptions) -> Result<Decoded> {
        caught(|| match self {
            Self::File(bytes) => decode(bytes, options),
            Self::Preview(bytes, preview) => decode_preview(bytes, preview, options),
        })
        .unwrap_or_else(|said| Err(Error::ImageDecode(format!("its decoder stopped: {said}"))))
    }

    /// What the photo declares. A manifest may lie anywhere, so of a large RAW file, of which a part is read, it is not
    /// known; of a smaller one all of the file at `path` is read again.
    pub fn declared(&self, path: Option<&Path>) -> Provenance {
        let small = |path: &&Path| fs::metadata(path).map_or(0, |metadata| metadata.len()) < LARGE;
        match self {
            Self::File(bytes) => provenance(bytes),
            Self::Preview(..) => {
                let bytes = path.filter(small).and_then(|path| whole(path).ok());
                bytes.map(|bytes| provenance(&bytes)).unwrap_or_default()
            }
        }
    }

    /// Bytes that were read.
    pub fn len(&self) -> u64 {
        let (Self::File(bytes) | Self::Preview(bytes, _)) = self;
        bytes.len() as u64
    }

    /// Reads what is needed of a file, at most `most` bytes. FIFOs, sockets and devices are refused: they may never end, or
    /// never begin.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::ImageTooLarge`].
    pub fn read(path: &Path, most: u64) -> Result<Self> {
        let failed = |error| refused(path, error);
        let kind = fs::metadata(path).map_err(failed)?.file_type();
        if !kind.is_file() && !kind.is_dir() {
            let reason = format!("a {} is not read", special(kind));
            return Err(failed(io::Error::new(io::ErrorKind::Unsupported, reason)));
        }
        let mut file = File::open(path).map_err(failed)?;
        let mut start = Vec::new();
        (&file).take(16).read_to_end(&mut start).map_err(failed)?;
        if may_be_raw(&start) {
            let size = file.metadata().map_err(failed)?.len();
            let mut part = |offset, length| {
                let mut bytes = Vec::new();
                file.seek(SeekFrom::Start(offset))?;
                (&file).take(length).read_to_end(&mut bytes)?;
                Ok(bytes)
            };
            let mut search = Search::new(size);
            loop {
                match search.next()? {
                    Next::Read { offset, length } => search.add(offset, part(offset, length).map_err(failed)?),
                    Next::Preview(preview) if preview.length <= most => {
                        let bytes = part(preview.offset, preview.length).map_err(failed)?;
                        return Ok(Self::Preview(bytes, preview));
                    }
                    Next::Preview(_) | Next::Other => break,
                }
            }
        }
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        let mut bytes = Vec::new();
        file.take(most + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > most {
            return Err(Error::ImageTooLarge(format!("the file has more than {most} bytes")));
        }
        Ok(Self::File(bytes))
    }
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
