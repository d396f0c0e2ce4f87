//! Files that name the same bytes again and again, and tables of nothing: read in bounded work, or these tests never end.

use gamma_wasm::image::SourceType::{Ai, Unknown};

use super::make::{declaring, iso, png};
use super::source;

const LINES: &str = "Steps: 28, Sampler: Euler, Seed: 12";

/// A TIFF whose directory has 65,535 entries of one tag, all of them of the same `value`.
fn repeated(tag: u16, value: &[u8]) -> Vec<u8> {
    let mut file = b"II*\0\x08\0\0\0\xFF\xFF".to_vec();
    let place = 10 + 12 * 65_535;
    for _ in 0..65_535 {
        file.extend(tag.to_le_bytes());
        file.extend(7_u16.to_le_bytes());
        file.extend((value.len() as u32).to_le_bytes());
        file.extend((place as u32).to_le_bytes());
    }
    file.extend(value);
    file
}

#[test]
fn entries_that_share_their_bytes() {
    let padding = " ".repeat(4 << 20);
    let packet = declaring("trainedAlgorithmicMedia");
    assert_eq!(source(&repeated(700, format!("{padding}{packet}").as_bytes())), Ai);
    // Of a packet that is broken, as of a comment or boxes that say nothing, as many are read as the limit lets through.
    assert_eq!(source(&repeated(700, format!("<a>{padding}").as_bytes())), Unknown);
    assert_eq!(source(&repeated(0x9286, padding.as_bytes())), Unknown);
    let boxes: Vec<u8> = iso(b"free", b"").into_iter().cycle().take(4 << 20).collect();
    assert_eq!(source(&repeated(0xCD41, &boxes)), Unknown);
}

#[test]
fn texts_that_grow_when_unpacked() {
    let text = |text: &str| {
        let packed = fdeflate::compress_to_vec(text.as_bytes());
        (b"zTXt", [b"parameters\0\0", &packed[..]].concat())
    };
    let bomb = text(&"\0".repeat(8 << 20));
    assert!(bomb.1.len() < 1 << 16);
    assert_eq!(source(&png(&[bomb.clone(), text(LINES)])), Ai);
    let mut chunks = vec![bomb; 100];
    chunks.push(text(LINES));
    assert_eq!(source(&png(&chunks)), Unknown);
}

#[test]
fn items_and_pieces_of_nothing() {
    let ftyp = iso(b"ftyp", b"avif\0\0\0\0avifmif1");
    let infe = |id: u16| {
        let entry = [b"\x02\0\0\0", &id.to_be_bytes()[..], b"\0\0Exif\0"].concat();
        iso(b"infe", &entry)
    };
    let entries: Vec<u8> = (0..60_000).flat_map(infe).collect();
    let iinf = iso(b"iinf", &[b"\0\0\0\0\xFF\xFF", &entries[..]].concat());
    // Locations whose numbers take no bytes, 65,535 pieces each.
    let places: Vec<u8> = (0..60_000_u16)
        .flat_map(|id| [&id.to_be_bytes()[..], b"\0\0\xFF\xFF"].concat())
        .collect();
    let iloc = iso(b"iloc", &[b"\0\0\0\0\0\0\xFF\xFF", &places[..]].concat());
    let meta = iso(b"meta", &[&[0; 4], &iinf[..], &iloc].concat());
    assert_eq!(source(&[ftyp, meta].concat()), Unknown);
}
