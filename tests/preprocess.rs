//! Photos to network input: the 19 golden images as the published loader sees them, and what the documentation promises
//! about everything that loader leaves open (`docs/images.md`).

use std::fs;
use std::io::Cursor;
use std::path::PathBuf;

use gamma_wasm::Error;
use gamma_wasm::image::*;
use image::codecs::png::PngEncoder;
use image::{DynamicImage, ExtendedColorType, ImageBuffer, ImageEncoder, ImageFormat, Luma, Rgb, Rgba};
use serde_json::Value;
use sha2::{Digest, Sha256};

const PARITY: DecodeOptions = DecodeOptions {
    parity: true,
    limits: Limits {
        max_side: 65_535,
        max_pixels: 100_000_000,
        max_alloc: 1 << 30,
    },
    short_side: None,
};

fn golden(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/preprocess")
        .join(path)
}

fn read(path: &str) -> Vec<u8> {
    let path = golden(path);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn images() -> serde_json::Map<String, Value> {
    let json: Value = serde_json::from_slice(&read("preprocess.json")).unwrap();
    json["images"].as_object().unwrap().clone()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn cut(pixels: &Pixels, crop: Crop) -> Vec<u8> {
    let (x, y, size, width) = (
        crop.x as usize,
        crop.y as usize,
        crop.size as usize,
        pixels.width as usize,
    );
    (y..y + size)
        .flat_map(|row| &pixels.rgb[(row * width + x) * 3..][..size * 3])
        .copied()
        .collect()
}

fn mean_error(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / a.len() as f64
}

/// The tensors of `preprocess.safetensors`.
struct Tensors {
    header: Value,
    data: Vec<u8>,
}

impl Tensors {
    fn read() -> Self {
        let mut bytes = read("preprocess.safetensors");
        let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let header = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
        Self {
            header,
            data: bytes.split_off(8 + length),
        }
    }

    fn get(&self, name: &str) -> Option<&[u8]> {
        let offsets = &self.header.get(name)?["data_offsets"];
        let at = |i: usize| offsets[i].as_u64().unwrap() as usize;
        Some(&self.data[at(0)..at(1)])
    }
}

fn yx(value: &Value) -> (u32, u32) {
    let at = |i: usize| u32::try_from(value[i].as_u64().unwrap()).unwrap();
    (at(0), at(1))
}

fn options(policy: CropPolicy, crops: u32, seed: u64) -> CropOptions {
    CropOptions { policy, crops, seed }
}

fn file(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn code(result: Result<Decoded, Error>) -> (&'static str, String) {
    let error = result.expect_err("the file is refused");
    (error.code(), error.to_string())
}

#[test]
fn parity_gives_the_published_loader_s_pixels() {
    let tensors = Tensors::read();
    let (mut exact, mut close) = (0, 0);
    for (name, facts) in images() {
        let decoded = decode(&read(&format!("images/{name}")), &PARITY).unwrap_or_else(|e| panic!("{name}: {e}"));
        let pixels = &decoded.pixels;
        assert_eq!(u64::from(pixels.width), facts["width"].as_u64().unwrap(), "{name}");
        assert_eq!(u64::from(pixels.height), facts["height"].as_u64().unwrap(), "{name}");
        assert_eq!(decoded.format.to_uppercase(), facts["format"], "{name}");
        assert_eq!(
            u64::from(decoded.orientation),
            facts["exif_orientation"].as_u64().unwrap_or(1),
            "{name}"
        );

        let lossy = facts["lossy"].as_bool().unwrap();
        let stem = name.split('.').next().unwrap();
        let crop = plan(pixels.width, pixels.height, &options(CropPolicy::Center, 1, 0)).map(|c| cut(pixels, c[0]));
        let full = tensors.get(&format!("{stem}.full_u8"));
        let center = tensors.get(&format!("{stem}.center_crop_u8"));
        for (found, golden) in [(Some(&pixels.rgb), full), (crop.as_ref().ok(), center)] {
            let Some(golden) = golden else { continue };
            let error = mean_error(found.expect("a crop for a golden crop"), golden);
            println!("{name}: mean error {error:.4}");
            assert!(error <= if lossy { 2.0 } else { 0.0 }, "{name}: {error}");
        }
        if lossy {
            // The whole image is there by its statistics alone.
            for channel in 0..3 {
                let values = pixels.rgb.iter().skip(channel).step_by(3);
                let mean = values.map(|&v| f64::from(v)).sum::<f64>() / (pixels.rgb.len() / 3) as f64;
                let golden = facts["mean_rgb"][channel].as_f64().unwrap();
                assert!(
                    (mean - golden).abs() < 0.5,
                    "{name}: channel {channel}: {mean}, golden {golden}"
                );
            }
            close += 1;
        } else {
            assert_eq!(sha256(&pixels.rgb), facts["rgb_u8_sha256"], "{name}");
            if let Some(golden) = facts["center_crop_u8_sha256"].as_str() {
                assert_eq!(sha256(&crop.unwrap()), golden, "{name}");
            }
            exact += 1;
        }
    }
    assert_eq!((exact, close), (12, 7));
}

#[test]
fn center_and_five_crops_are_where_the_published_code_puts_them() {
    let mut planned = 0;
    for (name, facts) in images() {
        let (width, height) = (
            facts["width"].as_u64().unwrap() as u32,
            facts["height"].as_u64().unwrap() as u32,
        );
        let center = plan(width, height, &options(CropPolicy::Center, 10, 0));
        let five = plan(width, height, &options(CropPolicy::Five, 10, 0));
        if facts["center_crop_yx"].is_null() {
            assert!(matches!(center, Err(Error::ImageTooSmall(_))), "{name}");
            assert!(matches!(five, Err(Error::ImageTooSmall(_))), "{name}");
            continue;
        }
        let places = |crops: Vec<Crop>| crops.iter().map(|crop| (crop.y, crop.x)).collect::<Vec<_>>();
        assert_eq!(places(center.unwrap()), [yx(&facts["center_crop_yx"])], "{name}");
        let golden: Vec<_> = facts["five_crops_yx"].as_array().unwrap().iter().map(yx).collect();
        assert_eq!(places(five.unwrap()), golden, "{name}");
        planned += 1;
    }
    assert_eq!(planned, 16);
}

#[test]
fn normalize_agrees_with_the_golden_table_bit_for_bit() {
    let tensors = Tensors::read();
    let (values, _) = tensors.get("normalize_lut_f32").unwrap().as_chunks();
    let table: Vec<f32> = values.iter().copied().map(f32::from_le_bytes).collect();
    // Every byte value once, in an image of which a crop leaves out a border of one pixel.
    let place = |i: i32| ((i / 18 - 1) * 16 + i % 18 - 1) as u8;
    let rgb = (0..18 * 18)
        .map(place)
        .flat_map(|v| [v, v.wrapping_add(1), 255 - v])
        .collect();
    let pixels = Pixels {
        width: 18,
        height: 18,
        rgb,
    };
    let mut out = vec![0.0; 3 * 256];
    normalize(&pixels, Crop { x: 1, y: 1, size: 16 }, &Normalization::CLIP, &mut out);
    for value in 0..256 {
        assert_eq!(out[value].to_bits(), table[value].to_bits(), "red {value}");
        assert_eq!(
            out[256 + value].to_bits(),
            table[256 + (value + 1) % 256].to_bits(),
            "green {value}"
        );
        assert_eq!(
            out[512 + value].to_bits(),
            table[512 + 255 - value].to_bits(),
            "blue {value}"
        );
    }
}

#[test]
#[should_panic(expected = "not inside")]
fn normalize_refuses_a_crop_that_leaves_the_photo() {
    let pixels = Pixels {
        width: 2,
        height: 2,
        rgb: vec![0; 12],
    };
    normalize(
        &pixels,
        Crop { x: 1, y: 0, size: 2 },
        &Normalization::CLIP,
        &mut [0.0; 12],
    );
}

#[test]
fn normalized_crops_have_the_golden_statistics() {
    for (name, facts) in images() {
        if facts["lossy"].as_bool().unwrap() || facts["center_crop_normalized"].is_null() {
            continue;
        }
        let pixels = decode(&read(&format!("images/{name}")), &PARITY).unwrap().pixels;
        let crop = plan(pixels.width, pixels.height, &options(CropPolicy::Center, 1, 0)).unwrap()[0];
        let mut out = vec![0.0_f32; 3 * 224 * 224];
        normalize(&pixels, crop, &Normalization::CLIP, &mut out);
        let golden = &facts["center_crop_normalized"];
        for (channel, plane) in out.chunks(224 * 224).enumerate() {
            let mean = plane.iter().map(|&v| f64::from(v)).sum::<f64>() / plane.len() as f64;
            assert!(
                (mean - golden["mean"][channel].as_f64().unwrap()).abs() < 1e-4,
                "{name}"
            );
            assert_eq!(
                plane[0],
                golden["first_pixel_chw"][channel].as_f64().unwrap() as f32,
                "{name}"
            );
            assert_eq!(
                plane[112 * 225],
                golden["center_pixel_chw"][channel].as_f64().unwrap() as f32,
                "{name}"
            );
        }
    }
}

#[test]
fn random_crops_depend_on_size_and_seed_alone_and_more_of_them_extend_fewer() {
    let plan = |crops, seed| plan(512, 384, &options(CropPolicy::Random, crops, seed)).unwrap();
    let hundred = plan(100, 0);
    assert_eq!(hundred.len(), 100);
    assert!(
        hundred
            .iter()
            .all(|crop| crop.size == CROP && crop.x <= 288 && crop.y <= 160)
    );
    for crops in [1, 10, 99] {
        assert_eq!(plan(crops, 0), hundred[..crops as usize]);
    }
    assert_ne!(plan(10, 1), plan(10, 0));
    // The whole range is used.
    assert!(hundred.iter().any(|c| c.x < 29) && hundred.iter().any(|c| c.x > 259));
    assert!(hundred.iter().any(|c| c.y < 16) && hundred.iter().any(|c| c.y > 144));
    // SplitMix64 with seed 0 first gives 16294208416658607535 and 7960286522194355700 (Vigna's reference program); the
    // top edge is the first modulo 161, the left edge the second modulo 289.
    assert_eq!(
        (hundred[0].y, hundred[0].x),
        (
            (16_294_208_416_658_607_535_u64 % 161) as u32,
            (7_960_286_522_194_355_700_u64 % 289) as u32
        )
    );
}

#[test]
fn every_policy_gives_the_whole_photo_when_it_is_one_crop() {
    for policy in CropPolicy::ALL {
        let crops = plan(CROP, CROP, &options(policy, 10, 3)).unwrap();
        assert!(
            crops.iter().all(|crop| *crop == Crop { x: 0, y: 0, size: CROP }),
            "{policy}"
        );
        assert_eq!(policy.as_str().parse::<CropPolicy>().unwrap(), policy);
        assert_eq!(serde_json::to_value(policy).unwrap(), policy.as_str());
    }
    assert_eq!(plan(CROP, CROP, &options(CropPolicy::Grid, 10, 0)).unwrap().len(), 1);
}

#[test]
fn grid_covers_the_edges_evenly_and_fits_the_photo_s_shape() {
    for (width, height) in [
        (512, 384),
        (384, 512),
        (224, 3000),
        (3000, 225),
        (8000, 6000),
        (301, 231),
    ] {
        for asked in 1..=MAX_CROPS {
            let crops = plan(width, height, &options(CropPolicy::Grid, asked, 0)).unwrap();
            assert!(!crops.is_empty() && crops.len() <= asked as usize);
            let mut xs: Vec<u32> = crops.iter().map(|c| c.x).collect();
            let mut ys: Vec<u32> = crops.iter().map(|c| c.y).collect();
            for (places, last) in [(&mut xs, width - CROP), (&mut ys, height - CROP)] {
                places.sort_unstable();
                places.dedup();
                if places.len() == 1 {
                    assert_eq!(places[0], last / 2);
                    continue;
                }
                assert_eq!((places[0], places[places.len() - 1]), (0, last));
                let steps: Vec<u32> = places.windows(2).map(|pair| pair[1] - pair[0]).collect();
                assert!(
                    steps.iter().max().unwrap() - steps.iter().min().unwrap() <= 1,
                    "{steps:?}"
                );
            }
            assert_eq!(xs.len() * ys.len(), crops.len(), "no crop twice");
            assert!(
                width < height || xs.len() >= ys.len(),
                "{width}x{height}: {}x{}",
                xs.len(),
                ys.len()
            );
        }
    }
    let shape = |width, height, crops| {
        let crops = plan(width, height, &options(CropPolicy::Grid, crops, 0)).unwrap();
        let columns = crops.iter().take_while(|crop| crop.y == crops[0].y).count();
        (columns, crops.len() / columns)
    };
    assert_eq!(shape(512, 384, 12), (4, 3));
    assert_eq!(shape(384, 512, 12), (3, 4));
    assert_eq!(shape(4000, 400, 10), (10, 1));
    assert_eq!(shape(1000, 1000, 10), (3, 3));
}

#[test]
fn plan_refuses_no_crops_too_many_and_a_short_side() {
    for crops in [0, MAX_CROPS + 1, u32::MAX] {
        for policy in CropPolicy::ALL {
            assert!(matches!(
                plan(512, 512, &options(policy, crops, 0)),
                Err(Error::Option { name: "crops", .. })
            ));
        }
    }
    for (width, height) in [(223, 500), (500, 223), (0, 0)] {
        assert!(matches!(
            plan(width, height, &CropOptions::default()),
            Err(Error::ImageTooSmall(_))
        ));
    }
    assert!(matches!(
        "middle".parse::<CropPolicy>(),
        Err(Error::Option { name: "policy", .. })
    ));
}

#[test]
fn orientation_is_applied_unless_parity_forbids_it() {
    // 3 x 2 pixels, numbered row by row, and where each EXIF orientation (section 4.6.4.A) takes them.
    let turned: [(u32, [u8; 6]); 8] = [
        (3, [1, 2, 3, 4, 5, 6]),
        (3, [3, 2, 1, 6, 5, 4]),
        (3, [6, 5, 4, 3, 2, 1]),
        (3, [4, 5, 6, 1, 2, 3]),
        (2, [1, 4, 2, 5, 3, 6]),
        (2, [4, 1, 5, 2, 6, 3]),
        (2, [6, 3, 5, 2, 4, 1]),
        (2, [3, 6, 2, 5, 1, 4]),
    ];
    for (orientation, (width, places)) in (1_u8..).zip(turned) {
        let exif = [
            b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".as_slice(),
            &[orientation, 0, 0, 0, 0, 0, 0, 0],
        ]
        .concat();
        let mut png = Vec::new();
        let mut encoder = PngEncoder::new(&mut png);
        encoder.set_exif_metadata(exif).unwrap();
        encoder
            .write_image(&[1, 2, 3, 4, 5, 6], 3, 2, ExtendedColorType::L8)
            .unwrap();

        let default = decode(&png, &DecodeOptions::default()).unwrap();
        let gray: Vec<u8> = default.pixels.rgb.iter().copied().step_by(3).collect();
        assert_eq!(
            (default.pixels.width, gray.as_slice()),
            (width, places.as_slice()),
            "orientation {orientation}"
        );
        assert_eq!(default.orientation, orientation);

        let parity = decode(&png, &PARITY).unwrap();
        assert_eq!((parity.pixels.width, parity.orientation), (3, orientation));
        assert_eq!(
            parity.pixels.rgb,
            [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6]
        );
    }
    let photo = decode(&read("images/exif_orient6_320x230.jpg"), &DecodeOptions::default()).unwrap();
    assert_eq!(
        (photo.pixels.width, photo.pixels.height, photo.orientation),
        (230, 320, 6)
    );
}

#[test]
fn alpha_is_composited_over_white_and_dropped_for_parity() {
    let rgba = [10, 20, 30, 255, 10, 20, 30, 0, 10, 20, 30, 51];
    let over_white = [10, 20, 30, 255, 255, 255, 206, 208, 210];
    let dropped = [10, 20, 30].repeat(3);
    let image = ImageBuffer::<Rgba<u8>, _>::from_raw(3, 1, rgba.to_vec()).unwrap();
    for format in [ImageFormat::Png, ImageFormat::Tiff, ImageFormat::WebP, ImageFormat::Bmp] {
        let bytes = file(image.clone(), format);
        assert_eq!(
            decode(&bytes, &DecodeOptions::default()).unwrap().pixels.rgb,
            over_white,
            "{format:?}"
        );
        assert_eq!(decode(&bytes, &PARITY).unwrap().pixels.rgb, dropped, "{format:?}");
    }
    assert_eq!(
        from_rgba(3, 1, &rgba, &DecodeOptions::default()).unwrap().rgb,
        over_white
    );
    assert_eq!(from_rgba(3, 1, &rgba, &PARITY).unwrap().rgb, dropped);

    // The golden image with a transparent palette entry: white shows where Pillow gives the entry's colour.
    let palette = read("images/palette_transparent_240x230.png");
    let (default, parity) = (
        decode(&palette, &DecodeOptions::default()).unwrap(),
        decode(&palette, &PARITY).unwrap(),
    );
    let pairs = || default.pixels.rgb.chunks(3).zip(parity.pixels.rgb.chunks(3));
    let changed = pairs().filter(|(default, parity)| default != parity).count();
    assert!(changed > 0 && changed < 240 * 230, "{changed}");
    assert!(pairs().all(|(default, parity)| default.iter().zip(parity).all(|(d, p)| d >= p)));
}

#[test]
fn from_rgba_refuses_a_wrong_length_and_a_size_over_the_limit() {
    let options = DecodeOptions::default();
    for len in [0, 23, 25] {
        let error = from_rgba(3, 2, &vec![0; len], &options).unwrap_err();
        assert_eq!(error.code(), "option", "{error}");
    }
    assert_eq!(
        from_rgba(65_536, 1, &[], &options).unwrap_err().code(),
        "image-too-large"
    );
    assert_eq!(from_rgba(0, 1, &[], &options).unwrap_err().code(), "image-decode");
}

#[test]
fn sixteen_bits_are_rounded_and_parity_does_as_pillow_does() {
    let values = [0, 128, 129, 255, 256, 40_000, 65_406, 65_407, 65_535_u16];
    let rounded = [0, 0, 1, 1, 1, 156, 254, 255, 255_u8];
    let saturated = [0, 128, 129, 255, 255, 255, 255, 255, 255_u8];
    let high_byte = values.map(|value| (value >> 8) as u8);
    let triple = |values: [u8; 9]| values.iter().flat_map(|&value| [value; 3]).collect::<Vec<u8>>();
    let gray = ImageBuffer::<Luma<u16>, _>::from_raw(9, 1, values.to_vec()).unwrap();
    let colour = ImageBuffer::<Rgb<u16>, _>::from_raw(9, 1, values.iter().flat_map(|&v| [v; 3]).collect()).unwrap();
    for format in [ImageFormat::Png, ImageFormat::Tiff] {
        let (gray, colour) = (file(gray.clone(), format), file(colour.clone(), format));
        assert_eq!(
            decode(&gray, &DecodeOptions::default()).unwrap().pixels.rgb,
            triple(rounded),
            "{format:?}"
        );
        assert_eq!(
            decode(&gray, &PARITY).unwrap().pixels.rgb,
            triple(saturated),
            "{format:?}"
        );
        assert_eq!(
            decode(&colour, &DecodeOptions::default()).unwrap().pixels.rgb,
            triple(rounded),
            "{format:?}"
        );
        assert_eq!(
            decode(&colour, &PARITY).unwrap().pixels.rgb,
            triple(high_byte),
            "{format:?}"
        );
    }
}

#[test]
fn of_an_animation_the_first_frame_is_taken() {
    let frame = |colour: [u8; 3]| {
        let [r, g, b] = colour;
        image::Frame::new(ImageBuffer::from_pixel(4, 3, Rgba([r, g, b, 255])))
    };
    let mut gif = Vec::new();
    image::codecs::gif::GifEncoder::new(&mut gif)
        .encode_frames([frame([200, 0, 0]), frame([0, 0, 200])])
        .unwrap();
    for options in [DecodeOptions::default(), PARITY] {
        let decoded = decode(&gif, &options).unwrap();
        assert_eq!(
            (decoded.format, decoded.pixels.width, decoded.pixels.height),
            ("gif", 4, 3)
        );
        assert_eq!(decoded.pixels.rgb, [200, 0, 0].repeat(12));
    }
}

/// A PNG that says it is `width` x `height` and has no pixels; the checksum is right.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut png = file(ImageBuffer::from_pixel(1, 1, Luma([0_u8])), ImageFormat::Png);
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let mut crc = u32::MAX;
    for &byte in &png[12..29] {
        crc = (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 * (crc & 1)));
    }
    png[29..33].copy_from_slice(&(!crc).to_be_bytes());
    png
}

/// The golden JPEG with another size (and kind) in its frame header.
fn jpeg_header(width: u16, height: u16, name: &str) -> Vec<u8> {
    let mut jpeg = read(&format!("images/{name}"));
    let frame = jpeg
        .windows(4)
        .position(|w| w[0] == 0xFF && matches!(w[1], 0xC0 | 0xC2) && w[2] == 0)
        .unwrap();
    jpeg[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    jpeg[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    jpeg
}

#[test]
fn a_bomb_is_refused_by_its_header_and_the_error_names_size_and_limit() {
    let options = DecodeOptions::default();
    let large = [
        (png_header(65_535, 65_535), "65535x65535", "100000000"),
        (png_header(70_000, 1), "70000x1", "65535"),
        (png_header(10_000, 10_001), "10000x10001", "100000000"),
        (jpeg_header(65_535, 65_535, "coffee.jpg"), "65535x65535", "100000000"),
        (jpeg_header(65_535, 1_526, "coffee.jpg"), "65535x1526", "100000000"),
    ];
    for (bytes, size, limit) in large {
        let (code, message) = code(decode(&bytes, &options));
        assert_eq!(code, "image-too-large", "{message}");
        assert!(message.contains(size) && message.contains(limit), "{message}");
    }
    // A progressive JPEG keeps its coefficients; they count.
    let mut little = options;
    little.limits.max_alloc = 8_000_000;
    let progressive = jpeg_header(1_500, 1_000, "progressive_444_301x231.jpg");
    let (code, message) = code(decode(&progressive, &little));
    assert_eq!(code, "image-too-large", "{message}");
    assert!(
        message.contains("1500x1000") && message.contains("8000000"),
        "{message}"
    );
}

#[test]
fn fifty_megapixels_pass() {
    let gray = ImageBuffer::<Luma<u8>, _>::from_pixel(8_165, 6_124, Luma([77]));
    let png = file(gray, ImageFormat::Png);
    let decoded = decode(&png, &DecodeOptions::default()).unwrap();
    assert_eq!((decoded.pixels.width, decoded.pixels.height), (8_165, 6_124));
    assert!(decoded.pixels.rgb.len() > 150_000_000 && decoded.pixels.rgb.iter().all(|&value| value == 77));

    // The most that 50 megapixels of any kind take stays within the default limit: 16-bit RGBA, with the RGB made of it.
    assert!(50_000_000 * (8 + 3) <= Limits::default().max_alloc);
}

#[test]
fn what_is_no_image_or_cut_off_is_refused_with_words_that_help() {
    let options = DecodeOptions::default();
    let avif = [b"\0\0\0\x20ftypavif".as_slice(), &[0; 40]].concat();
    let heic = [b"\0\0\0\x20ftypheic".as_slice(), &[0; 40]].concat();
    for (bytes, words) in [
        (avif.as_slice(), "AVIF is decoded by the browser only"),
        (&heic, "HEIC is decoded by the browser only"),
        (b"", "empty"),
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            "none of JPEG, PNG, WebP, GIF, BMP, TIFF",
        ),
    ] {
        let (code, message) = code(decode(bytes, &options));
        assert_eq!(code, "image-format", "{message}");
        assert!(message.contains(words), "{message}");
    }
    // Of a single pixel nothing is missing without the end of the file.
    for (name, _) in images().into_iter().filter(|(name, _)| name != "one_1x1.png") {
        let bytes = read(&format!("images/{name}"));
        for len in [20, bytes.len() / 2, bytes.len() * 9 / 10] {
            let cut = decode(&bytes[..len], &options);
            if let Ok(cut) = &cut
                && name.ends_with(".jpg")
                && len > bytes.len() / 2
            {
                // What is there of a JPEG can be scored where little is missing.
                let damaged = cut.damaged;
                assert!(
                    damaged > 0.0 && damaged <= MOST_DAMAGED,
                    "{name} cut to {len}: {damaged}"
                );
                continue;
            }
            let (code, message) = code(cut);
            assert_eq!(code, "image-decode", "{name} cut to {len}: {message}");
        }
    }
}

fn fixture(name: &str) -> Vec<u8> {
    fs::read(
        PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures/images")
            .join(name),
    )
    .unwrap()
}

fn find(bytes: &[u8], pattern: &[u8]) -> usize {
    bytes
        .windows(pattern.len())
        .position(|window| window == pattern)
        .unwrap()
}

#[test]
fn no_decoder_takes_memory_on_the_word_of_an_inner_header() {
    let options = DecodeOptions::default();

    // The JPEG strip of a small TIFF says that it is 16,384 pixels wide and high.
    let mut tiff = fixture("jpeg.tiff");
    let frame = find(&tiff, &[0xFF, 0xC0, 0, 11, 8]);
    tiff[frame + 5..frame + 9].copy_from_slice(&[0x40, 0, 0x40, 0]);
    let (kind, message) = code(decode(&tiff, &options));
    assert_eq!(kind, "image-too-large", "{message}");
    assert!(message.contains("16384x16384"), "{message}");

    // A WebP whose bitstream is larger than its canvas, and one with a chunk of 2 GiB that is not there.
    let mut frame = fixture("alpha_lossy.webp");
    let vp8 = find(&frame, b"VP8 ");
    frame[vp8 + 14..vp8 + 18].copy_from_slice(&[0xFF, 0x3F, 0xFF, 0x3F]);
    let (kind, message) = code(decode(&frame, &options));
    assert_eq!(kind, "image-decode", "{message}");
    assert!(message.contains("another size than its canvas"), "{message}");
    let mut chunk = fixture("alpha_lossy.webp");
    chunk.extend(b"EXIF\0\0\0\x80");
    let size = (chunk.len() - 8) as u32;
    chunk[4..8].copy_from_slice(&size.to_le_bytes());
    let (kind, message) = code(decode(&chunk, &options));
    assert_eq!(kind, "image-decode", "{message}");
    assert!(message.contains("chunk that is cut off"), "{message}");

    // The frame of a small GIF says that it is 65,535 pixels wide and high.
    let mut gif = fixture("palette.gif");
    let descriptor = find(&gif, &[0x2C, 0, 0, 0, 0, 27, 0, 17, 0]);
    gif[descriptor + 5..descriptor + 9].fill(0xFF);
    let (kind, message) = code(decode(&gif, &options));
    assert_eq!(kind, "image-too-large", "{message}");
}

/// image-webp 0.2.4 takes whatever follows a frame's alpha for its bitstream, compares the sizes of the two nowhere and
/// runs past the end of the alpha. Found by `tests/robust_image.rs` with 1.5 million mutations.
#[test]
fn an_animation_s_alpha_must_be_followed_by_a_bitstream_of_its_size() {
    let mut webp = fixture("animated.webp");
    assert!(decode(&webp, &DecodeOptions::default()).is_ok());
    let (frame, alpha) = (find(&webp, b"ANMF"), find(&webp, b"ALPH"));
    assert_eq!(alpha, frame + 24, "the first frame begins with its alpha");
    let bitstream = alpha + find(&webp[alpha..], b"VP8 ");
    webp[bitstream + 3] = b'?';
    webp[frame + 17..frame + 20].fill(0); // A height of 1.
    let (kind, message) = code(decode(&webp, &DecodeOptions::default()));
    assert_eq!(kind, "image-decode", "{message}");
}
