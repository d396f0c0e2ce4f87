//! PNG: chunks before IEND.

use super::{Reading, chunks, decoded, tiff};

pub(super) fn read(bytes: &[u8], reading: &mut Reading) {
    for (kind, data) in chunks(bytes) {
        match kind {
            b"caBX" => reading.jumbf(data),
            b"eXIf" => tiff::exif(data, reading),
            b"tEXt" | b"zTXt" | b"iTXt" => {
                text(kind[0], data, reading);
            }
            _ => {}
        }
    }
}

/// Takes a text: its key, and what follows by the chunk's kind.
fn text(kind: u8, data: &[u8], reading: &mut Reading) -> Option<()> {
    let (key, rest) = split(data)?;
    let value = match kind {
        b't' => decoded(rest),
        b'z' => decoded(&reading.unpack(rest.strip_prefix(&[0])?)?),
        _ => {
            let packed = *rest.first()? == 1;
            let (_language, rest) = split(rest.get(2..)?)?;
            let (_translated, text) = split(rest)?;
            decoded(&if packed { reading.unpack(text)? } else { text.to_vec() })
        }
    };
    if kind == b'i' && key == b"XML:com.adobe.xmp" {
        reading.xmp(value.as_bytes());
    } else {
        reading.text("png-text", decoded(key), value);
    }
    Some(())
}

/// What comes before the first zero, and after it.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|&byte| byte == 0)?;
    Some((bytes.get(..at)?, bytes.get(at + 1..)?))
}
