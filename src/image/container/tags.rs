//! Directories of TIFF files, and of the many formats that borrow them.
//!
//! Nothing here grows with what a file claims: directories, entries and values are bounded, and a directory is read
//! once.

use super::{Parts, Stop, or_nothing};

/// Entries of a directory. Cameras write some 60.
const MOST_ENTRIES: u64 = 1_024;
/// Directories of a file, those inside others included.
const MOST_DIRECTORIES: usize = 64;
/// Directories that one entry may name.
const MOST_INSIDE: usize = 16;

pub(in crate::image) const SUB_DIRECTORIES: u16 = 330;

/// Byte order and kind of a file, and what its offsets count from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::image) struct Layout {
    pub(in crate::image) big_endian: bool,
    /// Whether offsets have 64 bits.
    pub(in crate::image) large: bool,
    /// Added to every offset.
    pub(in crate::image) base: u64,
}

/// One entry: its tag, the type and the number of its values, and where they are.
#[derive(Clone, Copy, Debug)]
struct Entry {
    tag: u16,
    kind: u16,
    count: u64,
    at: u64,
}

/// A directory whose entries were read.
#[derive(Clone, Debug)]
pub(in crate::image) struct Directory {
    layout: Layout,
    entries: Vec<Entry>,
    /// Where the next one is; 0 if there is none.
    next: u64,
}

impl Layout {
    /// The layout of a file whose header is at `base`, its magic number, and where its first directory is.
    pub(in crate::image) fn read(parts: &Parts<'_>, base: u64) -> Result<(Self, u16, u64), Stop> {
        let head = parts.get(base, 8)?;
        let big_endian = match head.get(..2) {
            Some(b"II") => false,
            Some(b"MM") => true,
            _ => return Err(Stop::Damaged),
        };
        let mut layout = Self {
            big_endian,
            large: false,
            base,
        };
        let magic = layout.number(head.get(2..4)) as u16;
        layout.large = magic == 43;
        let first = if layout.large {
            layout.number(Some(parts.get(base + 8, 8)?))
        } else {
            layout.number(head.get(4..8))
        };
        Ok((layout, magic, first))
    }

    /// Up to eight bytes as a number.
    fn number(self, bytes: Option<&[u8]>) -> u64 {
        let bytes = bytes.unwrap_or_default();
        let add = |value: u64, &byte: &u8| value << 8 | u64::from(byte);
        if self.big_endian {
            bytes.iter().fold(0, add)
        } else {
            bytes.iter().rev().fold(0, add)
        }
    }

    /// The directory at an offset.
    pub(in crate::image) fn directory(self, parts: &Parts<'_>, offset: u64) -> Result<Directory, Stop> {
        let (counted, size, word) = if self.large { (8, 20, 8) } else { (2, 12, 4) };
        let at = self
            .base
            .checked_add(offset)
            .filter(|_| offset > 0)
            .ok_or(Stop::Damaged)?;
        let count = self.number(Some(parts.get(at, counted)?));
        if count == 0 || count > MOST_ENTRIES {
            return Err(Stop::Damaged);
        }
        // A directory that the end of the file cuts short still has its first entries.
        let bytes = parts.up_to(at + counted as u64, count as usize * size + word)?;
        let entries = bytes
            .chunks_exact(size)
            .take(count as usize)
            .enumerate()
            .map(|(place, entry)| {
                let kind = self.number(entry.get(2..4)) as u16;
                let count = self.number(entry.get(4..4 + word));
                let inline = at + (counted + place * size + size - word) as u64;
                let fits = size_of(kind).saturating_mul(count) <= word as u64;
                let outside = self.base.saturating_add(self.number(entry.get(4 + word..)));
                Entry {
                    tag: self.number(entry.get(..2)) as u16,
                    kind,
                    count,
                    at: if fits { inline } else { outside },
                }
            });
        let entries = entries.collect();
        let next = self.number(bytes.get(count as usize * size..));
        Ok(Directory {
            layout: self,
            entries,
            next,
        })
    }

    /// The directories that follow one another from `first`, each with those that its `SubIFDs` name after it. What
    /// is damaged ends a chain.
    pub(in crate::image) fn directories(self, parts: &Parts<'_>, first: u64) -> Result<Vec<Found>, Stop> {
        let mut found: Vec<Found> = Vec::new();
        let mut seen = vec![0];
        let mut next = first;
        while found.len() < MOST_DIRECTORIES && !seen.contains(&next) {
            seen.push(next);
            let Some(directory) = or_nothing(self.directory(parts, next))? else {
                break;
            };
            next = directory.next;
            self.inside(parts, directory, 0, &mut seen, &mut found)?;
        }
        Ok(found)
    }

    fn inside(
        self,
        parts: &Parts<'_>,
        directory: Directory,
        depth: u8,
        seen: &mut Vec<u64>,
        found: &mut Vec<Found>,
    ) -> Result<(), Stop> {
        let offsets = directory
            .numbers(parts, SUB_DIRECTORIES, MOST_INSIDE)?
            .unwrap_or_default();
        found.push(Found { directory, depth });
        for offset in offsets {
            if depth >= 2 || found.len() >= MOST_DIRECTORIES || seen.contains(&offset) {
                continue;
            }
            seen.push(offset);
            if let Some(directory) = or_nothing(self.directory(parts, offset))? {
                self.inside(parts, directory, depth + 1, seen, found)?;
            }
        }
        Ok(())
    }
}

/// A directory, and how many others it is inside.
#[derive(Clone, Debug)]
pub(in crate::image) struct Found {
    pub(in crate::image) directory: Directory,
    pub(in crate::image) depth: u8,
}

impl Directory {
    /// What its offsets count from, and how its numbers are written.
    pub(in crate::image) fn layout(&self) -> Layout {
        self.layout
    }

    pub(in crate::image) fn has(&self, tag: u16) -> bool {
        self.entry(tag).is_some()
    }

    fn entry(&self, tag: u16) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.tag == tag)
    }

    /// The first number of an entry.
    pub(in crate::image) fn number(&self, parts: &Parts<'_>, tag: u16) -> Result<Option<u64>, Stop> {
        let Some(entry) = self.entry(tag).filter(|entry| is_number(entry.kind) && entry.count > 0) else {
            return Ok(None);
        };
        let bytes = or_nothing(parts.get(entry.at, size_of(entry.kind) as usize))?;
        Ok(bytes.map(|bytes| self.layout.number(Some(bytes))))
    }

    /// All numbers of an entry that has at most `most` of them.
    pub(in crate::image) fn numbers(&self, parts: &Parts<'_>, tag: u16, most: usize) -> Result<Option<Vec<u64>>, Stop> {
        let fits = |entry: &&Entry| is_number(entry.kind) && entry.count <= most as u64;
        let Some(entry) = self.entry(tag).filter(fits) else {
            return Ok(None);
        };
        let size = size_of(entry.kind) as usize;
        let bytes = or_nothing(parts.get(entry.at, size * entry.count as usize))?;
        Ok(bytes.map(|bytes| {
            bytes
                .chunks_exact(size)
                .map(|value| self.layout.number(Some(value)))
                .collect()
        }))
    }

    /// The first number of an entry that is a number or a fraction; none for a denominator of 0.
    pub(in crate::image) fn ratio(&self, parts: &Parts<'_>, tag: u16) -> Result<Option<f64>, Stop> {
        let Some(entry) = self
            .entry(tag)
            .filter(|entry| matches!(entry.kind, 5 | 10) && entry.count > 0)
        else {
            return Ok(self.number(parts, tag)?.map(|number| number as f64));
        };
        let bytes = or_nothing(parts.get(entry.at, 8))?;
        let half = |range: std::ops::Range<usize>| {
            let number = self.layout.number(bytes.and_then(|bytes| bytes.get(range))) as u32;
            match entry.kind {
                10 => f64::from(number.cast_signed()),
                _ => f64::from(number),
            }
        };
        Ok(Some(half(0..4) / half(4..8)).filter(|ratio| ratio.is_finite()))
    }

    /// Where the bytes of an entry are, and how many.
    pub(in crate::image) fn place(&self, tag: u16) -> Option<(u64, u64)> {
        let entry = self.entry(tag)?;
        Some((entry.at, entry.count.checked_mul(size_of(entry.kind))?))
    }

    /// The bytes of an entry that has at most `most` of them.
    pub(in crate::image) fn bytes<'p>(
        &self,
        parts: &'p Parts<'_>,
        tag: u16,
        most: usize,
    ) -> Result<Option<&'p [u8]>, Stop> {
        match self.place(tag).filter(|place| place.1 <= most as u64) {
            Some((at, length)) => or_nothing(parts.get(at, length as usize)),
            None => Ok(None),
        }
    }
}

/// Bytes of a value; unknown types count as bytes.
fn size_of(kind: u16) -> u64 {
    match kind {
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16 | 17 | 18 => 8,
        _ => 1,
    }
}

fn is_number(kind: u16) -> bool {
    matches!(kind, 1 | 3 | 4 | 13 | 16 | 18)
}
