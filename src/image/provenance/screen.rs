//! Whether a file may declare its origin: looked at in every photo, in little code. What does declare it is read by the
//! rest, which browsers fetch when it is first needed.

use super::parts::{chunks, segments};

/// Without one of these no text in EXIF is a generator's note.
const NOTES: [&[u8]; 6] = [
    b"Steps:",
    b"ampler",
    b"class_type",
    b"nodes",
    b"sui_image_params",
    b"NovelAI",
];
/// Without one of these a packet of XMP declares nothing.
const PACKETS: [&[u8]; 3] = [b"DigitalSourceType", b"HasExtendedXMP", b"purl.org/dc/terms/"];
/// The key of XMP in PNG. A byte follows that is zero where the packet can be looked at, not packed.
const XMP: &[u8] = b"XML:com.adobe.xmp\0";
/// Keys of PNG's texts that may be a generator's note, whatever is in them.
const KEYS: [&[u8]; 12] = [
    b"Comment",
    b"parameters",
    b"prompt",
    b"workflow",
    b"invokeai_metadata",
    b"sd-metadata",
    b"invokeai_workflow",
    b"invokeai_graph",
    b"Dream",
    b"dream",
    b"fooocus_scheme",
    b"generation_data",
];

/// Whether a file may declare its origin. False where [`provenance`](super::provenance()) finds nothing, for most files
/// without reading them; true of some that declare nothing.
pub fn may_declare(bytes: &[u8]) -> bool {
    match bytes {
        [0xFF, 0xD8, 0xFF, ..] => segments(bytes).any(|(marker, segment)| match marker {
            0xE1 => has(segment, &NOTES) || has(segment, &PACKETS),
            0xEB => segment.starts_with(b"JP"),
            _ => false,
        }),
        [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => chunks(bytes).any(|(kind, data)| match kind {
            b"caBX" => true,
            b"eXIf" => has(data, &NOTES),
            b"iTXt" if data.starts_with(XMP) => data.get(XMP.len()) != Some(&0) || has(data, &PACKETS),
            b"tEXt" | b"zTXt" | b"iTXt" => KEYS.contains(&data.split(|&byte| byte == 0).next().unwrap_or_default()),
            _ => false,
        }),
        // Their decoders come with the reader.
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => true,
        [b'G', b'I', b'F', b'8', ..] | [b'I', b'I', b'*' | b'+', 0, ..] | [b'M', b'M', 0, b'*' | b'+', ..] => true,
        [_, _, _, _, b'f', b't', b'y', b'p', ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => {
            has(bytes, &NOTES) || has(bytes, &PACKETS) || has(bytes, &[b"c2pa"])
        }
        _ => false,
    }
}

/// Whether one of `words` is in `bytes`, as it is or with a byte between its letters, as UTF-16 has it.
fn has(bytes: &[u8], words: &[&[u8]]) -> bool {
    let is_at = |at: usize, word: &[u8], step: usize| {
        let mut letters = word.iter().enumerate();
        letters.all(|(number, letter)| bytes.get(at + number * step) == Some(letter))
    };
    (0..bytes.len()).any(|at| words.iter().any(|word| is_at(at, word, 1) || is_at(at, word, 2)))
}
