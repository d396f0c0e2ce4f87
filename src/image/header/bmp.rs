//! Headers of BMP files that the decoder does not know, or takes too literally, as ones that it knows.

use gamma_kernels::Spliced;

use super::le;

const FILE_HEADER: usize = 14;
const INFO_HEADER: usize = 40;
/// The same with four masks.
const MASKED_HEADER: usize = 56;
/// Sizes of the headers that Windows defines, the first one of another build.
const WINDOWS: [usize; 6] = [12, INFO_HEADER, 52, MASKED_HEADER, 108, 124];

const BIT_FIELDS: u32 = 3;
const ALPHA_BIT_FIELDS: u32 = 6;

/// The file with a usual header. OS/2's headers become Windows's, whose first fields are the same. Masks with alpha
/// behind a header of 40 bytes (Windows CE) become the header that has them inside. An offset of the pixels that is
/// missing, a number of planes other than 1 and a palette with more colours than there can be become what they have to
/// be.
pub(in crate::image) fn usual(bytes: &[u8]) -> Spliced<'_> {
    rewritten(bytes).unwrap_or_else(|| bytes.into())
}

fn rewritten(bytes: &[u8]) -> Option<Spliced<'_>> {
    let mut size = usize::try_from(le(bytes.get(14..18))?)
        .ok()
        .filter(|size| (16..=4096).contains(size))?;
    let end = FILE_HEADER.checked_add(size)?;
    let stored = bytes.get(FILE_HEADER..end)?;
    let mut header = stored.to_vec();
    if !WINDOWS.contains(&size) {
        header.resize(INFO_HEADER, 0);
        // Its own numbers 3 and 4 mean other things there.
        if number(&header, 16)? > 2 {
            return None;
        }
    } else if size == INFO_HEADER && number(&header, 16)? == ALPHA_BIT_FIELDS {
        size = MASKED_HEADER;
        header.extend_from_slice(bytes.get(end..FILE_HEADER + size)?);
    }
    let length = header.len() as u32;
    set(&mut header, 0, length);
    if number(&header, 16)? == ALPHA_BIT_FIELDS {
        set(&mut header, 16, BIT_FIELDS);
    }
    let bits = le(header.get(14..16))?;
    header.get_mut(12..14)?.copy_from_slice(&1_u16.to_le_bytes());
    let most = if bits <= 8 { 1 << bits } else { u32::MAX };
    if number(&header, 32)? > most {
        set(&mut header, 32, 0);
    }

    let colors = match number(&header, 32)? {
        0 if bits <= 8 => most,
        colors => {
            if bits <= 8 {
                colors
            } else {
                0
            }
        }
    };
    let masks = if header.len() == INFO_HEADER && number(&header, 16)? == BIT_FIELDS {
        12
    } else {
        0
    };
    let start = u32::try_from(FILE_HEADER + size).ok()?;
    let pixels = match number(bytes, 10)? {
        pixels if pixels >= start => pixels,
        _ => start + masks + 4 * colors,
    };
    let mut file_header = bytes.get(..FILE_HEADER)?.to_vec();
    set(
        &mut file_header,
        10,
        (pixels - start)
            .checked_add(u32::try_from(FILE_HEADER).ok()?)?
            .checked_add(length)?,
    );
    let rest = bytes.get(FILE_HEADER + size..)?;
    Some(Spliced::new(vec![file_header.into(), header.into(), rest.into()]))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    le(bytes.get(at..at + 4))
}

fn set(bytes: &mut [u8], at: usize, value: u32) {
    bytes
        .iter_mut()
        .skip(at)
        .zip(value.to_le_bytes())
        .for_each(|(byte, value)| *byte = value);
}
