//! A file that is read as if parts of it were others: decoders that take a header at its word get a corrected one,
//! and the file is not copied.

use std::borrow::Cow;
use std::io::{self, BufRead, Read, Seek, SeekFrom};

/// Pieces that follow one another, read as one file.
#[derive(Clone, Debug, Default)]
pub struct Spliced<'a> {
    pieces: Vec<Cow<'a, [u8]>>,
    at: u64,
}

impl<'a> Spliced<'a> {
    /// The pieces in their order.
    pub fn new(pieces: Vec<Cow<'a, [u8]>>) -> Self {
        Self { pieces, at: 0 }
    }

    /// Bytes of all pieces.
    pub fn size(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.len() as u64).sum()
    }

    /// What is left of the piece that is read; empty at the end.
    fn rest(&self) -> &[u8] {
        let mut at = self.at;
        for piece in &self.pieces {
            let size = piece.len() as u64;
            if at < size {
                return piece.get(at as usize..).unwrap_or_default();
            }
            at -= size;
        }
        &[]
    }
}

impl<'a> From<&'a [u8]> for Spliced<'a> {
    fn from(file: &'a [u8]) -> Self {
        Self::new(vec![file.into()])
    }
}

impl Read for Spliced<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.rest().read(buffer)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl BufRead for Spliced<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Ok(self.rest())
    }

    fn consume(&mut self, amount: usize) {
        self.at += amount as u64;
    }
}

impl Seek for Spliced<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(offset) => self.size().checked_add_signed(offset),
            SeekFrom::Current(offset) => self.at.checked_add_signed(offset),
        };
        self.at = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_seeks_across_pieces() {
        let mut file = Spliced::new(vec![b"abc"[..].into(), b""[..].into(), vec![b'd', b'e'].into()]);
        let mut all = Vec::new();
        file.read_to_end(&mut all).unwrap();
        assert_eq!((all.as_slice(), file.size()), (&b"abcde"[..], 5));
        let mut two = [0; 2];
        file.seek(SeekFrom::Start(2)).unwrap();
        file.read_exact(&mut two).unwrap();
        assert_eq!(&two, b"cd");
        assert_eq!(file.seek(SeekFrom::End(-1)).unwrap(), 4);
        assert_eq!(file.fill_buf().unwrap(), b"e");
        assert!(file.seek(SeekFrom::Current(-9)).is_err());
        file.seek(SeekFrom::Start(99)).unwrap();
        assert_eq!(file.read(&mut two).unwrap(), 0);
    }
}
