//! WebP: the chunks `EXIF`, `XMP ` and `C2PA`.

use super::{Reading, tiff};

pub(super) fn read(bytes: &[u8], reading: &mut Reading) {
    let size = |bytes: &[u8]| bytes.first_chunk().map(|&size| u32::from_le_bytes(size) as usize);
    let riff = bytes.get(4..).and_then(size).unwrap_or(0);
    // What follows the file by its own length is none of it.
    let file = bytes.get(..riff.saturating_add(8)).unwrap_or(bytes);
    let mut rest = file.get(12..).unwrap_or_default();
    while let Some((kind, tail)) = rest.split_first_chunk::<4>() {
        let Some((length, data)) = size(tail).and_then(|length| Some((length, tail.get(4..)?.get(..length)?))) else {
            return;
        };
        match kind {
            b"EXIF" => tiff::exif(data, reading),
            b"XMP " => {
                reading.xmp(data);
            }
            b"C2PA" => reading.jumbf(data),
            _ => {}
        }
        rest = tail.get(4 + length + length % 2..).unwrap_or_default();
    }
}
