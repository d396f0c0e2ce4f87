//! A file, or as much of it as was read.

use std::borrow::Cow;
use std::ops::Range;

/// Why nothing can be read from a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::image) enum Stop {
    /// These bytes have to be read first.
    Missing(Range<u64>),
    /// The place is outside the file, or what is there makes no sense.
    Damaged,
}

/// Damage becomes nothing; what is missing stays an error.
pub(in crate::image) fn or_nothing<T>(found: Result<T, Stop>) -> Result<Option<T>, Stop> {
    match found {
        Ok(value) => Ok(Some(value)),
        Err(Stop::Damaged) => Ok(None),
        Err(missing) => Err(missing),
    }
}

/// A file of a known size, of which some pieces are there.
#[derive(Clone, Debug)]
pub(in crate::image) struct Parts<'a> {
    size: u64,
    pieces: Vec<(u64, Cow<'a, [u8]>)>,
}

impl<'a> Parts<'a> {
    /// All of a file.
    pub(in crate::image) fn whole(file: &'a [u8]) -> Self {
        Self {
            size: file.len() as u64,
            pieces: vec![(0, file.into())],
        }
    }

    /// A file of which nothing is there yet.
    pub(in crate::image) fn empty(size: u64) -> Self {
        Self {
            size,
            pieces: Vec::new(),
        }
    }

    /// Bytes of the whole file.
    pub(in crate::image) fn size(&self) -> u64 {
        self.size
    }

    /// Adds a piece.
    pub(in crate::image) fn add(&mut self, at: u64, bytes: Vec<u8>) {
        self.pieces.push((at, bytes.into()));
    }

    /// `length` bytes from `at`.
    pub(in crate::image) fn get(&self, at: u64, length: usize) -> Result<&[u8], Stop> {
        let end = at
            .checked_add(length as u64)
            .filter(|&end| end <= self.size)
            .ok_or(Stop::Damaged)?;
        // Nothing need be read for it, at the end of a file or of one that is empty.
        if length == 0 {
            return Ok(&[]);
        }
        self.pieces
            .iter()
            .find_map(|(start, piece)| {
                let from = usize::try_from(at.checked_sub(*start)?).ok()?;
                piece.get(from..from.checked_add(length)?)
            })
            .ok_or(Stop::Missing(at..end))
    }

    /// At most `length` bytes from `at`, fewer where the file ends.
    pub(in crate::image) fn up_to(&self, at: u64, length: usize) -> Result<&[u8], Stop> {
        let left = self.size.checked_sub(at).ok_or(Stop::Damaged)?;
        self.get(at, length.min(usize::try_from(left).unwrap_or(usize::MAX)))
    }
}
