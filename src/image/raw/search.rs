//! The preview of a RAW file of which only parts are read.

use super::super::container::{Parts, Stop};
use super::{Halt, Preview, find};
use crate::error::{Error, Result};

/// Bytes that are read at a time, at least: a round trip costs more than they do.
const PIECE: u64 = 64 << 10;
/// Pieces that are read before the search is given up. Cameras' files take 5 to 20.
const MOST_PIECES: usize = 64;

/// Looks for the preview in a file, piece by piece.
///
/// Whoever has the file reads what [`next`](Self::next) asks for, and hands it over by [`add`](Self::add), until
/// there is another answer.
#[derive(Debug)]
pub struct Search {
    parts: Parts<'static>,
    pieces: usize,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// These bytes are needed.
    Read {
        /// The first one.
        offset: u64,
        /// How many.
        length: u64,
    },
    /// The preview was found; [`decode_preview`](super::decode_preview) takes its bytes.
    Preview(Preview),
    /// It is no RAW file: [`decode`](crate::image::decode()) takes all of it.
    Other,
}

impl Search {
    /// A search in a file of `size` bytes.
    pub fn new(size: u64) -> Self {
        Self {
            parts: Parts::empty(size),
            pieces: 0,
        }
    }

    /// What to do next.
    ///
    /// # Errors
    /// [`Error::ImageFormat`] for a RAW file without a preview that can be scored, [`Error::ImageDecode`] for one
    /// that leads nowhere.
    pub fn next(&self) -> Result<Next> {
        match find(&self.parts) {
            Ok(Some(preview)) => Ok(Next::Preview(preview)),
            Ok(None) | Err(Halt::Stop(Stop::Damaged)) => Ok(Next::Other),
            Err(Halt::Refused(error)) => Err(error),
            Err(Halt::Stop(Stop::Missing(_))) if self.pieces >= MOST_PIECES => {
                Err(Error::ImageDecode("the search for its preview leads nowhere".into()))
            }
            Err(Halt::Stop(Stop::Missing(range))) => {
                let end = range.end.max(range.start.saturating_add(PIECE)).min(self.parts.size());
                Ok(Next::Read {
                    offset: range.start,
                    length: end - range.start,
                })
            }
        }
    }

    /// Takes the bytes at `offset`.
    pub fn add(&mut self, offset: u64, bytes: Vec<u8>) {
        self.pieces += 1;
        self.parts.add(offset, bytes);
    }
}
