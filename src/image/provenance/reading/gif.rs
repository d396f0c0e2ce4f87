//! GIF: application extensions of C2PA and XMP.

use super::Reading;

pub(super) fn read(bytes: &[u8], reading: &mut Reading) {
    walk(bytes, reading);
}

fn walk(bytes: &[u8], reading: &mut Reading) -> Option<()> {
    let mut at = 13 + palette(*bytes.get(10)?);
    loop {
        match bytes.get(at)? {
            0x21 => {
                let label = *bytes.get(at + 1)?;
                let end = blocks_end(bytes, at + 2)?;
                if label == 0xFF {
                    application(bytes.get(at + 2..end)?, reading);
                }
                at = end;
            }
            0x2C => at = blocks_end(bytes, at + 11 + palette(*bytes.get(at + 9)?))?,
            _ => return None,
        }
    }
}

/// Bytes of a colour table, by its flags.
fn palette(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 6 << (flags & 7) }
}

/// Where the blocks that begin at `at` end, their terminator included.
fn blocks_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let length = usize::from(*bytes.get(at)?);
        at += 1 + length;
        if length == 0 {
            return Some(at);
        }
    }
}

/// `extension`: the blocks of an application extension, the first of which names it.
fn application(extension: &[u8], reading: &mut Reading) {
    let Some((name, data)) = extension.split_at_checked(12) else {
        return;
    };
    if name == b"\x0BC2PA_GIF\x01\x00\x00" {
        let mut joined = Vec::new();
        let mut rest = data;
        while let Some((&length, tail)) = rest.split_first() {
            let Some((block, tail)) = tail.split_at_checked(usize::from(length)) else {
                break;
            };
            joined.extend_from_slice(block);
            rest = tail;
        }
        reading.jumbf(&joined);
    } else if name == b"\x0BXMP DataXMP" {
        // Not in blocks: a packet, then bytes that lead a reader of blocks to the end.
        reading.xmp(data);
    }
}
