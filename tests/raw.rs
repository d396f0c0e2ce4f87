//! Camera RAW files: the largest preview is found, upright, and little else is read; a thumbnail is never taken for
//! the photo.

use gamma_wasm::Result;
use gamma_wasm::image::raw::{Kind, MIN_SIDE, Next, Preview, Search, decode_preview};
use gamma_wasm::image::{DecodeOptions, Source, decode};

#[path = "common/raw/mod.rs"]
mod files;

use files::{MODELS, PREVIEW, Picture, jpeg};

/// What a sensor of 30 megapixels gives.
const SENSOR: u64 = 60_000_000;

/// Searches a file of which `read` gives bytes; the preview, and how many bytes were asked for.
fn search(size: u64, mut read: impl FnMut(u64, u64) -> Vec<u8>) -> (Result<Next>, u64) {
    let (mut search, mut asked) = (Search::new(size), 0);
    loop {
        match search.next() {
            Ok(Next::Read { offset, length }) => {
                asked += length;
                search.add(offset, read(offset, length));
            }
            end => return (end, asked),
        }
    }
}

fn part(bytes: &[u8], offset: u64, length: u64) -> Vec<u8> {
    bytes[offset as usize..(offset + length) as usize].to_vec()
}

fn preview_of(bytes: &[u8]) -> Preview {
    match search(bytes.len() as u64, |offset, length| part(bytes, offset, length)) {
        (Ok(Next::Preview(preview)), _) => preview,
        (other, _) => panic!("{other:?}"),
    }
}

#[test]
fn the_largest_preview_of_each_model_is_the_photo_upright() {
    let options = DecodeOptions::default();
    let large = decode(&jpeg(Picture::Large), &options).unwrap().pixels;
    for (model, ending, build) in MODELS {
        for orientation in [1, 6, 8] {
            let bytes = build(1_000, orientation).bytes();
            let photo = decode(&bytes, &options).unwrap_or_else(|error| panic!("{model}: {error}"));
            let turned = orientation != 1;
            let size = if turned { (PREVIEW.1, PREVIEW.0) } else { PREVIEW };
            assert_eq!(
                (photo.format, u16::from(photo.orientation)),
                (ending, orientation),
                "{model}"
            );
            assert_eq!(
                photo.source,
                Source::RawPreview {
                    width: size.0,
                    height: size.1
                },
                "{model}"
            );
            assert_eq!((photo.pixels.width, photo.pixels.height), size, "{model}");
            if !turned {
                assert!(photo.pixels == large, "{model}: the pixels are those of the preview");
            } else {
                let at = |x: u32, y: u32| {
                    let at = ((y * photo.pixels.width + x) * 3) as usize;
                    &photo.pixels.rgb[at..at + 3]
                };
                // Top left of the preview is top right after a turn to the right.
                let corner = if orientation == 6 {
                    at(size.0 - 1, 0)
                } else {
                    at(0, size.1 - 1)
                };
                assert_eq!(corner, &large.rgb[..3], "{model}, orientation {orientation}");
            }
        }
    }
}

#[test]
fn less_than_a_tenth_of_a_large_file_is_read() {
    for (model, _, build) in MODELS {
        let raw = build(SENSOR, 1);
        let (bytes, size) = (raw.bytes(), raw.size());
        let (found, mut read) = search(size, |offset, length| part(&bytes, offset, length));
        let Ok(Next::Preview(preview)) = found else {
            panic!("{model}: {found:?}")
        };
        read += preview.length;
        assert!(size > SENSOR && read < size / 10, "{model}: {read} of {size} bytes");
        println!("{model}: {read} of {size} bytes");
        let file = part(&bytes, preview.offset, preview.length);
        let photo = decode_preview(&file, &preview, &DecodeOptions::default()).unwrap();
        assert_eq!((photo.pixels.width, photo.pixels.height), PREVIEW, "{model}");
    }
}

#[test]
fn a_thumbnail_is_never_the_photo() {
    let large = jpeg(Picture::Large);
    for (model, _, build) in MODELS {
        let mut bytes = build(1_000, 1).bytes();
        // The large preview is gone; others are below the least size.
        while let Some(at) = bytes
            .windows(large.len().min(200))
            .position(|window| window == &large[..200])
        {
            bytes[at..at + 200].fill(0);
        }
        // Fujifilm's has EXIF data of its own before the rest.
        if let Some(at) = bytes.windows(4).position(|window| window == [0xFF, 0xD8, 0xFF, 0xE1]) {
            bytes[at..at + 4].fill(0);
        }
        let error = decode(&bytes, &DecodeOptions::default()).expect_err(model);
        assert_eq!(error.code(), "image-format", "{model}: {error}");
        assert!(error.to_string().contains("camera RAW file"), "{model}: {error}");
    }
}

#[test]
fn a_raw_file_that_is_cut_off_is_no_ordinary_picture() {
    for (model, _, build) in MODELS {
        let bytes = build(1_000, 1).bytes();
        for cut in [200, bytes.len() / 2, bytes.len() - 300] {
            match decode(&bytes[..cut], &DecodeOptions::default()) {
                Err(error) => assert!(error.code().starts_with("image-"), "{model}: {error}"),
                Ok(photo) => {
                    let side = photo.pixels.width.max(photo.pixels.height);
                    assert!(
                        side >= MIN_SIDE && photo.source.preview().is_some(),
                        "{model} cut to {cut}: {photo:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_kind_is_told_and_other_files_are_left_alone() {
    let kinds: Vec<Kind> = MODELS
        .iter()
        .map(|(_, _, build)| preview_of(&build(1_000, 1).bytes()).kind)
        .collect();
    for (kind, (model, ending, _)) in kinds.iter().zip(MODELS) {
        assert_eq!(kind.name(), ending, "{model}");
    }
    for picture in [Picture::Large, Picture::Thumbnail] {
        let bytes = jpeg(picture);
        let (found, _) = search(bytes.len() as u64, |offset, length| part(&bytes, offset, length));
        assert!(matches!(found, Ok(Next::Other)), "{found:?}");
    }
}

#[test]
fn a_search_ends_whatever_it_is_given() {
    // Bytes that change with each look at the file lead it around, but not for ever.
    let (mut seed, mut asked) = (1_u64, 0);
    for (_, _, build) in MODELS {
        let bytes = build(200_000, 1).bytes();
        let (found, _) = search(bytes.len() as u64, |offset, length| {
            asked += 1;
            let mut part = part(&bytes, offset, length);
            for byte in part.iter_mut().skip(16) {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                if seed >> 61 == 0 {
                    *byte = (seed >> 40) as u8;
                }
            }
            part
        });
        if let Err(error) = found {
            assert!(error.code().starts_with("image-"), "{error}");
        }
    }
    assert!(asked <= 65 * MODELS.len());
}

#[test]
fn of_an_empty_file_nothing_is_asked_for() {
    assert!(matches!(Search::new(0).next(), Ok(Next::Other)));
}
