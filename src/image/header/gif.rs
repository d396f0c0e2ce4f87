//! The logical screen of a GIF file.

use gamma_kernels::Spliced;

use super::le;

const HEAD: usize = 13;

/// The file with a screen that holds its first frame, as browsers show it: some writers leave the screen's size at 0
/// or make it too small.
pub(in crate::image) fn whole(bytes: &[u8]) -> Spliced<'_> {
    grown(bytes).unwrap_or_else(|| bytes.into())
}

fn grown(bytes: &[u8]) -> Option<Spliced<'_>> {
    let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
    let mut head = *head;
    let screen = |at: usize| le(head.get(at..at + 2));
    let (width, height) = (screen(6)?, screen(8)?);
    let frame = first_frame(bytes, HEAD + table(head[10]))?;
    let side = |at: usize, length: usize| Some(le(frame.get(at..at + 2))? + le(frame.get(length..length + 2))?);
    let (right, bottom) = (side(0, 4)?, side(2, 6)?);
    if right <= width && bottom <= height {
        return None;
    }
    head[6..8].copy_from_slice(&u16::try_from(right.max(width)).ok()?.to_le_bytes());
    head[8..10].copy_from_slice(&u16::try_from(bottom.max(height)).ok()?.to_le_bytes());
    Some(Spliced::new(vec![head.to_vec().into(), rest.into()]))
}

/// Bytes of the colour table that packed fields announce.
fn table(packed: u8) -> usize {
    if packed & 0x80 == 0 { 0 } else { 3 << ((packed & 7) + 1) }
}

/// Left, top, width and height of the first frame, after the extensions before it.
fn first_frame(bytes: &[u8], mut at: usize) -> Option<&[u8]> {
    loop {
        match bytes.get(at)? {
            0x2C => return bytes.get(at + 1..at + 9),
            0x21 => {
                at += 2;
                loop {
                    let length = usize::from(*bytes.get(at)?);
                    at += 1 + length;
                    if length == 0 {
                        break;
                    }
                }
            }
            _ => return None,
        }
    }
}
