//! Which files the arguments stand for, and what was passed over in folders.

use std::collections::BTreeMap;
use std::fs::{self, DirEntry, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::names::printable;
use crate::photos::{Input, special};
use crate::report::{count, refused};

/// Names that mark a file of a folder as a photo, in small letters.
const ENDINGS: [&str; 21] = [
    "arw", "bmp", "cr2", "cr3", "dib", "dng", "gif", "jfif", "jpe", "jpeg", "jpg", "nef", "orf", "pef", "png", "raf",
    "rw2", "srw", "tif", "tiff", "webp",
];
/// Bytes that tell a photo of any ending.
const SIGNATURE: usize = 12;
/// Endings that are named in a message; the rest are counted together.
const NAMED: usize = 5;

/// The photos that arguments stand for.
#[derive(Default)]
pub struct Found {
    /// In their order.
    pub inputs: Vec<Input>,
    /// What folders hold beside them.
    pub passed: Passed,
}

/// What was passed over in folders.
#[derive(Default)]
pub struct Passed {
    /// Files that are no photos, by their endings in small letters.
    files: BTreeMap<String, usize>,
    /// Hidden files that are photos.
    hidden: usize,
    /// FIFOs, sockets and devices, which are never opened.
    special: BTreeMap<&'static str, usize>,
    /// Folders inside, if they are not looked into.
    folders: usize,
    /// Links to folders, which are not followed, so that the walk ends.
    links: usize,
}

/// The files of `arguments` in their order; a folder stands for the photos in it, sorted by name.
pub fn list(arguments: &[PathBuf], recursive: bool) -> Found {
    let mut found = Found::default();
    for path in arguments {
        if !path.is_dir() {
            found.inputs.push(Input::file(path.clone()));
            continue;
        }
        let before = found.inputs.len();
        found.folder(path, recursive);
        if found.inputs.len() == before {
            let hint = if recursive {
                ""
            } else {
                " (--recursive looks into the folders inside)"
            };
            let source = io::Error::new(io::ErrorKind::NotFound, format!("the folder holds no photos{hint}"));
            found.inputs.push(Input::refused(path, refused(path, source)));
        }
    }
    found
}

impl Found {
    /// Adds the photos of a folder, and after them those of the folders inside.
    fn folder(&mut self, path: &Path, recursive: bool) {
        let entries = fs::read_dir(path).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => {
                self.inputs.push(Input::refused(path, refused(path, error)));
                return;
            }
        };
        entries.sort_by_key(DirEntry::file_name);
        let mut folders = Vec::new();
        for entry in entries {
            let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            let path = entry.path();
            // What a link leads to; a dead link has a photo's name or none.
            let kind = fs::metadata(&path).map(|target| target.file_type());
            match kind {
                Ok(kind) if kind.is_dir() => {
                    let link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
                    match (hidden, link, recursive) {
                        (true, ..) => {}
                        (_, true, _) => self.passed.links += 1,
                        (_, _, true) => folders.push(path),
                        _ => self.passed.folders += 1,
                    }
                }
                Ok(kind) if !kind.is_file() => *self.passed.special.entry(special(kind)).or_default() += 1,
                _ if hidden => self.passed.hidden += usize::from(is_photo(&path)),
                _ if has_photo_ending(&path) || is_photo(&path) => self.inputs.push(Input::file(path)),
                _ => *self.passed.files.entry(ending(&path)).or_default() += 1,
            }
        }
        for path in folders {
            self.folder(&path, recursive);
        }
    }
}

impl Passed {
    /// One line for people; `None` if nothing was passed over.
    pub fn sentence(&self) -> Option<String> {
        let mut parts = Vec::new();
        let files: usize = self.files.values().sum();
        if files > 0 {
            let mut endings: Vec<_> = self.files.iter().collect();
            endings.sort_by_key(|&(_, &count)| std::cmp::Reverse(count));
            let (named, rest) = endings.split_at(endings.len().min(NAMED));
            let mut named: Vec<String> = (named.iter())
                .map(|(ending, count)| match ending.as_str() {
                    "" => format!("{count} without an ending"),
                    ending => format!("{count} .{}", printable(ending)),
                })
                .collect();
            if !rest.is_empty() {
                named.push(format!(
                    "{} others",
                    rest.iter().map(|&(_, &count)| count).sum::<usize>()
                ));
            }
            parts.push(format!(
                "{} ({})",
                count(files, "file that is no photo", "files that are no photos"),
                named.join(", ")
            ));
        }
        for (kind, &number) in &self.special {
            parts.push(count(number, kind, &format!("{kind}s")));
        }
        if self.hidden > 0 {
            parts.push(count(self.hidden, "hidden photo", "hidden photos"));
        }
        if self.folders > 0 {
            let inside = count(self.folders, "folder", "folders");
            parts.push(format!("{inside} (--recursive looks into folders inside)"));
        }
        if self.links > 0 {
            parts.push(count(self.links, "link to a folder", "links to folders"));
        }
        (!parts.is_empty()).then(|| format!("passed over: {}", parts.join(", ")))
    }
}

fn ending(path: &Path) -> String {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    ending.unwrap_or_default()
}

fn has_photo_ending(path: &Path) -> bool {
    ENDINGS.contains(&ending(path).as_str())
}

/// Whether a file is a photo by its first bytes. Not by those of TIFF, which most RAW files begin with too, nor by the
/// two
/// letters of BMP: these are known by their endings.
fn is_photo(path: &Path) -> bool {
    let mut bytes = [0; SIGNATURE];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut bytes));
    let signatures: [&[u8]; 3] = [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8"];
    let webp = bytes.starts_with(b"RIFF") && bytes.ends_with(b"WEBP");
    read.is_ok() && (webp || signatures.iter().any(|signature| bytes.starts_with(signature)))
}
