//! The chunks of a PNG file whose end was lost.

use std::borrow::Cow;

use gamma_kernels::Spliced;

const SIGNATURE: usize = 8;
/// Length, name and checksum of a chunk.
const AROUND: usize = 12;
const END: [u8; AROUND] = [0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xAE, 0x42, 0x60, 0x82];

/// The file with an end: the end marker where it is missing, and whatever is left of the last chunk as a whole one.
/// Whether all pixels are there, the decoder sees.
pub(in crate::image) fn ended(bytes: &[u8]) -> Spliced<'_> {
    let (mut at, mut pixels) = (SIGNATURE, false);
    while let Some((length, name)) = head(bytes, at) {
        if &name == b"IEND" {
            return bytes.into();
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
                return Spliced::new(pieces.into());
            }
            None => break,
        }
    }
    match pixels {
        true => Spliced::new(vec![bytes.get(..at).unwrap_or_default().into(), END.to_vec().into()]),
        false => bytes.into(),
    }
}

fn head(bytes: &[u8], at: usize) -> Option<(usize, [u8; 4])> {
    let (length, rest) = bytes.get(at..)?.split_first_chunk::<4>()?;
    Some((usize::try_from(u32::from_be_bytes(*length)).ok()?, *rest.first_chunk()?))
}
