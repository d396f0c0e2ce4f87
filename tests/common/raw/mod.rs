//! RAW files as cameras lay them out, after ExifTool's tables of tags: directories, maker notes and boxes are where
//! those models put them; the sensor's data are a hole. The previews are pictures of our own: one of 800x600 pixels,
//! one of 480x320, and a thumbnail.

#![allow(dead_code, reason = "each of those who include it uses a part")]

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

/// What every file has to give: the size of its largest preview, as stored.
pub const PREVIEW: (u32, u32) = (800, 600);

/// A picture by its role.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    Large,
    Medium,
    Thumbnail,
}

pub fn jpeg(picture: Picture) -> Vec<u8> {
    let name = match picture {
        Picture::Large => "cases/files/progressive_restart_rows_800.jpg",
        Picture::Medium => "cases/files/fill_bytes_before_marker.jpg",
        Picture::Thumbnail => "images/h2v1.jpg",
    };
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)).unwrap()
}

/// Lossless JPEG, as sensors' data are compressed: the header of a picture larger than all previews.
fn lossless() -> Vec<u8> {
    let mut bytes = vec![
        0xFF, 0xD8, 0xFF, 0xC3, 0, 14, 14, 0x10, 0, 0x18, 0, 2, 1, 0x11, 0, 2, 0x11, 0,
    ];
    bytes.extend([0xFF, 0xDA, 0, 10, 2, 1, 0, 2, 0, 1, 0, 0]);
    bytes
}

/// A file as pieces, with holes of zeros between them.
pub struct Raw {
    big_endian: bool,
    pieces: Vec<(u64, Vec<u8>)>,
    size: u64,
}

pub enum Value {
    Short(u16),
    Long(u32),
    Longs(Vec<u32>),
    Text(&'static str),
    Bytes(Vec<u8>),
}
use Value::{Bytes, Long, Longs, Short, Text};

mod first;
mod second;

use first::{adobe_dng, canon_5d, canon_r5, nikon_d70, nikon_d850, pixel_dng, sony_7m3, sony_7m4};
use second::{fujifilm, olympus, om_system, panasonic, pentax_k5, pentax_k100d, samsung};

type Entries = Vec<(u16, Value)>;

impl Raw {
    fn new(big_endian: bool) -> Self {
        Self {
            big_endian,
            pieces: Vec::new(),
            size: 0,
        }
    }

    /// A file that begins with eight bytes, the last four of them for the offset of the first directory.
    fn tiff(start: &[u8; 4]) -> Self {
        let mut raw = Self::new(start.starts_with(b"M"));
        raw.put(&[&start[..], &[0; 4]].concat());
        raw
    }

    fn put(&mut self, bytes: &[u8]) -> u32 {
        // Values start at even places.
        self.size += self.size % 2;
        let at = self.size;
        self.pieces.push((at, bytes.to_vec()));
        self.size += bytes.len() as u64;
        at as u32
    }

    fn picture(&mut self, picture: Picture) -> (u32, u32) {
        let bytes = jpeg(picture);
        (self.put(&bytes), bytes.len() as u32)
    }

    fn hole(&mut self, bytes: u64) -> u32 {
        let at = self.size;
        self.size += bytes;
        at as u32
    }

    fn short(&self, value: u16) -> [u8; 2] {
        if self.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }

    fn long(&self, value: u32) -> [u8; 4] {
        if self.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }

    /// A directory; its offsets count from `base`.
    fn directory(&mut self, base: u32, mut entries: Entries, next: u32) -> u32 {
        entries.sort_by_key(|entry| entry.0);
        let mut out = self.short(entries.len() as u16).to_vec();
        for (tag, value) in entries {
            let (kind, count, bytes) = match value {
                Short(value) => (3, 1, self.short(value).to_vec()),
                Long(value) => (4, 1, self.long(value).to_vec()),
                Longs(list) => (4, list.len(), list.iter().flat_map(|&value| self.long(value)).collect()),
                Text(text) => (2, text.len() + 1, [text.as_bytes(), b"\0"].concat()),
                Bytes(bytes) => (7, bytes.len(), bytes),
            };
            out.extend(self.short(tag));
            out.extend(self.short(kind));
            out.extend(self.long(count as u32));
            if bytes.len() <= 4 {
                out.extend(bytes.iter().copied().chain([0; 4]).take(4));
            } else {
                let at = self.put(&bytes);
                out.extend(self.long(at - base));
            }
        }
        out.extend(self.long(next));
        self.put(&out) - base
    }

    fn finish(mut self, first: u32) -> Self {
        let first = self.long(first);
        self.pieces[0].1[4..8].copy_from_slice(&first);
        self
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    /// The whole file.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.size as usize];
        for (at, piece) in &self.pieces {
            bytes[*at as usize..][..piece.len()].copy_from_slice(piece);
        }
        bytes
    }

    /// Writes the file; its holes take no room where the file system has such.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let mut file = File::create(path)?;
        for (at, piece) in &self.pieces {
            file.seek(SeekFrom::Start(*at))?;
            file.write_all(piece)?;
        }
        file.set_len(self.size)
    }
}

fn camera(make: &'static str, model: &'static str, orientation: u16) -> Entries {
    vec![(271, Text(make)), (272, Text(model)), (274, Short(orientation))]
}

/// A thumbnail of 160x120 pixels in plain RGB.
fn plain_thumbnail(raw: &mut Raw) -> Entries {
    let at = raw.put(&[200; 160 * 120 * 3]);
    vec![
        (254, Long(1)),
        (256, Long(160)),
        (257, Long(120)),
        (258, Short(8)),
        (259, Short(1)),
        (262, Short(2)),
        (273, Long(at)),
        (277, Short(3)),
        (278, Long(120)),
        (279, Long(160 * 120 * 3)),
    ]
}

/// What the sensor gave: `compression` is the maker's.
fn sensor(at: u32, bytes: u64, compression: u16) -> Entries {
    vec![
        (254, Long(0)),
        (256, Long(6048)),
        (257, Long(4024)),
        (258, Short(14)),
        (259, Short(compression)),
        (262, Short(32_803)),
        (273, Long(at)),
        (277, Short(1)),
        (278, Long(4024)),
        (279, Long(bytes as u32)),
    ]
}

fn thumbnail_by_offset((at, length): (u32, u32)) -> Entries {
    vec![(259, Short(6)), (513, Long(at)), (514, Long(length))]
}

/// Takes the bytes of the sensor's data and an orientation.
type Build = fn(u64, u16) -> Raw;

/// The models, each with the ending of its files.
pub const MODELS: [(&str, &str, Build); 15] = [
    ("nikon-d850", "nef", nikon_d850),
    ("nikon-d70", "nef", nikon_d70),
    ("canon-eos-5d-mark-iii", "cr2", canon_5d),
    ("canon-eos-r5", "cr3", canon_r5),
    ("sony-ilce-7m3", "arw", sony_7m3),
    ("sony-ilce-7m4", "arw", sony_7m4),
    ("adobe-converter", "dng", adobe_dng),
    ("google-pixel-6", "dng", pixel_dng),
    ("fujifilm-x-t4", "raf", fujifilm),
    ("olympus-e-m1", "orf", olympus),
    ("om-system-om-1", "orf", om_system),
    ("panasonic-dc-gh5", "rw2", panasonic),
    ("pentax-k-5", "pef", pentax_k5),
    ("pentax-k100d", "pef", pentax_k100d),
    ("samsung-nx300", "srw", samsung),
];

impl Raw {
    /// A directory with one entry of bytes that are elsewhere.
    fn by_place(&mut self, tag: u16, at: u32, length: u32) -> u32 {
        let entry = [self.short(1), self.short(tag), self.short(7)].concat();
        let out = [entry, self.long(length).into(), self.long(at).into(), vec![0; 4]].concat();
        self.put(&out)
    }
}

trait ConcatEntries {
    fn concat_entries(self) -> Entries;
}

impl<const N: usize> ConcatEntries for [Entries; N] {
    fn concat_entries(self) -> Entries {
        self.into_iter().flatten().collect()
    }
}
