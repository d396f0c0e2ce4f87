//! Files of the formats whose headers are corrected, or held against the file, before a decoder sees them.

use std::fs;
use std::path::Path;

use gamma_wasm::image::{DecodeOptions, Decoded, decode};

fn fixture(name: &str) -> Vec<u8> {
    fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures/images")
            .join(name),
    )
    .unwrap()
}

fn open(name: &str) -> Decoded {
    decode(&fixture(name), &DecodeOptions::default()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn mean(photo: &Decoded) -> [f64; 3] {
    let pixels = photo.pixels.rgb.as_chunks::<3>().0;
    [0, 1, 2].map(|channel| pixels.iter().map(|pixel| f64::from(pixel[channel])).sum::<f64>() / pixels.len() as f64)
}

/// The same picture in every layout, up to the rounding of a palette or of JPEG.
#[test]
fn a_picture_is_the_same_in_every_layout() {
    let plain = open("bigtiff.tiff");
    assert_eq!((plain.pixels.width, plain.pixels.height), (28, 17));
    for name in [
        "planar_tiles.tiff",
        "planar_cmyk.tiff",
        "floats.tiff",
        "no_lengths.tiff",
        "sub_directory.tiff",
        "no_end.png",
        "no_offset.bmp",
    ] {
        assert!(open(name).pixels == plain.pixels, "{name}");
    }
    for name in [
        "palette.tiff",
        "old_jpeg.tiff",
        "thumbnail_first.tiff",
        "os2.bmp",
        "no_screen.gif",
        "alpha_promised.webp",
    ] {
        let photo = open(name);
        assert_eq!((photo.pixels.width, photo.pixels.height), (28, 17), "{name}");
        let apart = mean(&photo)
            .iter()
            .zip(mean(&plain))
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max);
        assert!(apart < 3.0, "{name}: {apart}");
    }
}

#[test]
fn colours_that_are_multiplied_by_alpha_are_not_multiplied_again() {
    let plain = mean(&open("bigtiff.tiff"));
    for name in ["multiplied_alpha.tiff", "alpha_masks.bmp"] {
        let half = mean(&open(name));
        for (found, value) in half.iter().zip(plain) {
            let expected = (value * 128.0 + 255.0 * 127.0) / 255.0;
            assert!((found - expected).abs() < 1.0, "{name}: {half:?}");
        }
    }
}

#[test]
fn a_palette_of_png_that_is_none_is_refused() {
    let file = fixture("palette4.png");
    let at = file.windows(4).position(|name| name == b"PLTE").unwrap() - 4;
    let length = u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize;
    for entries in [0, 2, 4, 769, 900] {
        let mut bytes = file[..at].to_vec();
        let chunk = [&b"PLTE"[..], &vec![7; entries]].concat();
        let crc = chunk.iter().fold(u32::MAX, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 * (crc & 1)))
        });
        bytes.extend((entries as u32).to_be_bytes());
        bytes.extend(chunk);
        bytes.extend((!crc).to_be_bytes());
        bytes.extend(&file[at + 12 + length..]);
        let error = decode(&bytes, &DecodeOptions::default()).expect_err("it has no palette");
        assert_eq!(error.code(), "image-decode", "{entries} bytes: {error}");
    }
}

#[test]
fn alpha_that_was_never_filled_is_ignored() {
    // All of the fourth bytes of a BMP with masks become 0.
    let mut file = fixture("alpha_masks.bmp");
    let start = u32::from_le_bytes(file[10..14].try_into().unwrap()) as usize;
    file[start..].chunks_exact_mut(4).for_each(|pixel| pixel[3] = 0);
    let photo = decode(&file, &DecodeOptions::default()).unwrap();
    assert!(photo.pixels == open("bigtiff.tiff").pixels);
}

#[test]
fn what_a_file_is_instead_is_said() {
    let media = |brands: &[u8]| [&(8 + brands.len() as u32).to_be_bytes()[..], b"ftyp", brands, &[0; 40]].concat();
    for (bytes, words) in [
        (media(b"mif1\0\0\0\0mif1avifmiaf"), "AVIF"),
        (media(b"mif1\0\0\0\0mif1heicmiaf"), "HEIC"),
        (media(b"heix\0\0\0\0mif1heix"), "HEIC"),
        (media(b"isom\0\0\0\0isomiso2mp41"), "video"),
        (media(b"crx \0\0\0\x01crx isom"), "Canon (CR3)"),
        (b"FUJIFILMCCD-RAW 0201".to_vec(), "Fujifilm"),
        (b"IIU\0\x08\0\0\0\0\0\0\0".to_vec(), "Panasonic"),
        (b"IIRS\x08\0\0\0\0\0\0\0".to_vec(), "Olympus"),
        (b"version https://git-lfs.github.com/spec/v1\n".to_vec(), "Git LFS"),
        (b"<!DOCTYPE html><html>".to_vec(), "web page"),
        (vec![0; 500], "zeros"),
    ] {
        let error = decode(&bytes, &DecodeOptions::default()).expect_err(words);
        assert_eq!(error.code(), "image-format", "{error}");
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
}
