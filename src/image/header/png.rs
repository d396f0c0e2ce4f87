//! The chunks of a PNG file: what the decoder takes at its word, and an end where it was lost.

use std::borrow::Cow;

use gamma_kernels::Spliced;

use crate::error::{Error, Result};

const SIGNATURE: usize = 8;
/// Length, name and checksum of a chunk.
const AROUND: usize = 12;
const END: [u8; AROUND] = [0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xAE, 0x42, 0x60, 0x82];

/// The most bytes of a palette: three of each of 256 colours.
const PALETTE: usize = 768;
/// Where the header chunk states the colour type, and the one of palettes.
const COLOUR_TYPE: usize = 25;
const INDEXED: u8 = 3;

/// The file with an end: the end marker where it is missing, and whatever is left of the last chunk as a whole one.
/// Whether all pixels are there, the decoder sees.
///
/// # Errors
/// [`Error::ImageDecode`] for a palette that is none: the decoder takes its length at its word.
pub(in crate::image) fn ended(bytes: &[u8]) -> Result<Spliced<'_>> {
    let (mut at, mut pixels) = (SIGNATURE, false);
    let indexed = bytes.get(COLOUR_TYPE) == Some(&INDEXED);
    while let Some((length, name)) = head(bytes, at) {
        if &name == b"IEND" {
            return Ok(bytes.into());
        }
        if &name == b"PLTE" && indexed && (length == 0 || length > PALETTE || !length.is_multiple_of(3)) {
            return Err(Error::ImageDecode("PNG with a damaged palette".into()));
        }
        pixels |= &name == b"IDAT";
        match at
            .checked_add(AROUND)
            .and_then(|end| end.checked_add(length))
            .filter(|&end| end <= bytes.len())
        {
            Some(end) => at = end,
            None if &name == b"IDAT" => {
                let data = bytes.get(at + 8..).unwrap_or_default();
                let data = data.get(..length).unwrap_or(data);
                let crc = gamma_kernels::crc32(&[&name, data]);
                let head = [(data.len() as u32).to_be_bytes(), name].concat();
                let pieces: [Cow<'_, [u8]>; 5] = [
                    bytes.get(..at).unwrap_or_default().into(),
                    head.into(),
                    data.into(),
                    crc.to_be_bytes().to_vec().into(),
                    END.to_vec().into(),
                ];
                return Ok(Spliced::new(pieces.into()));
            }
            None => break,
        }
    }
    match pixels {
        true => Ok(Spliced::new(vec![
            bytes.get(..at).unwrap_or_default().into(),
            END.to_vec().into(),
        ])),
        false => Ok(bytes.into()),
    }
}

fn head(bytes: &[u8], at: usize) -> Option<(usize, [u8; 4])> {
    let (length, rest) = bytes.get(at..)?.split_first_chunk::<4>()?;
    Some((usize::try_from(u32::from_be_bytes(*length)).ok()?, *rest.first_chunk()?))
}
