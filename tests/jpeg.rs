//! JPEG files on coarser grids, and damaged ones. What decoding at full size gives, `tests/preprocess.rs` compares with
//! Pillow's pixels.

#![cfg(feature = "train")]

use gamma_wasm::Error;
use gamma_wasm::image::{DecodeOptions, Decoded, MOST_DAMAGED, Pixels, decode, scale};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

/// Waves of several lengths, edges and a little noise, in colour.
fn picture(width: u16, height: u16) -> Vec<u8> {
    let mut noise = 1_u32;
    let pixels = (0..u32::from(width) * u32::from(height)).map(|at| {
        let (x, y) = ((at % u32::from(width)) as f32, (at / u32::from(width)) as f32);
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let grain = (noise >> 28) as f32 - 8.0;
        let wave = (x / 9.0).sin() * 30.0 + ((x + 2.0 * y) / 31.0).cos() * 50.0 + grain;
        let edge = if (x - 150.0).hypot(y - 120.0) < 70.0 { 45.0 } else { 0.0 };
        [
            128.0 + wave,
            110.0 + wave / 2.0 + edge,
            120.0 - wave / 3.0 + edge * (x / 300.0),
        ]
        .map(|v| v as u8)
    });
    pixels.flatten().collect()
}

fn encoded(width: u16, height: u16, sampling: SamplingFactor, progressive: bool, interval: u16) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 92);
    encoder.set_sampling_factor(sampling);
    encoder.set_progressive(progressive);
    encoder.set_restart_interval(interval);
    encoder
        .encode(&picture(width, height), width, height, ColorType::Rgb)
        .unwrap();
    file
}

fn whole(file: &[u8]) -> Decoded {
    decode(file, &DecodeOptions::default()).unwrap()
}

fn reduced(file: &[u8], short_side: u32) -> Decoded {
    let options = DecodeOptions {
        short_side: Some(short_side),
        ..DecodeOptions::default()
    };
    decode(file, &options).unwrap()
}

/// Root mean square of the differences.
fn apart(a: &Pixels, b: &Pixels) -> f64 {
    assert_eq!((a.width, a.height), (b.width, b.height));
    let squares = a.rgb.iter().zip(&b.rgb).map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2));
    (squares.sum::<f64>() / a.rgb.len() as f64).sqrt()
}

const SAMPLINGS: [SamplingFactor; 6] = [
    SamplingFactor::F_1_1,
    SamplingFactor::F_2_1,
    SamplingFactor::F_1_2,
    SamplingFactor::F_2_2,
    SamplingFactor::F_4_1,
    SamplingFactor::F_4_2,
];

#[test]
fn a_coarser_grid_gives_what_scaling_all_pixels_gives() {
    for (sampling, progressive) in SAMPLINGS
        .into_iter()
        .flat_map(|sampling| [(sampling, false), (sampling, true)])
    {
        for (width, height) in [(480, 320), (437, 301), (310, 503)] {
            let file = encoded(width, height, sampling, progressive, 0);
            let all = whole(&file);
            let short = u32::from(width.min(height));
            for (reduction, most) in [(2, 1.5), (4, 2.0), (8, 4.0)] {
                let short_side = short / (2 * reduction);
                let small = reduced(&file, short_side);
                assert_eq!(small.size, (u32::from(width), u32::from(height)));
                let oracle = scale(all.pixels.clone(), short_side).unwrap();
                let apart = apart(&small.pixels, &oracle);
                assert!(
                    apart < most,
                    "{sampling:?} {progressive} {width}x{height} by {reduction}: {apart}"
                );
            }
        }
    }
}

#[test]
fn a_progressive_file_has_the_pixels_of_a_sequential_one() {
    for sampling in SAMPLINGS {
        let [sequential, progressive] = [false, true].map(|progressive| encoded(203, 131, sampling, progressive, 0));
        assert_eq!(whole(&sequential).pixels, whole(&progressive).pixels, "{sampling:?}");
        let [sequential, progressive] = [sequential, progressive].map(|file| reduced(&file, 32).pixels);
        assert_eq!(sequential, progressive, "{sampling:?}");
    }
}

#[test]
fn restart_markers_change_nothing() {
    for sampling in SAMPLINGS {
        let [without, with] = [0, 5].map(|interval| encoded(203, 131, sampling, false, interval));
        assert_eq!(whole(&without).pixels, whole(&with).pixels, "{sampling:?}");
    }
}

/// Where the data of the first scan begin.
fn data(file: &[u8]) -> usize {
    let scan = file.windows(2).position(|pair| pair == [0xFF, 0xDA]).unwrap();
    scan + 2 + usize::from(file[scan + 3])
}

#[test]
fn after_damage_reading_goes_on_at_the_next_restart_marker() {
    let file = encoded(480, 320, SamplingFactor::F_2_2, false, 10);
    let clean = whole(&file);
    assert_eq!(clean.damaged, 0.0);
    let start = data(&file);
    for stray in [[0xFF, 0x01], [0xFF, 0xE3], [0xFF, 0xC4], [0xFF, 0xD8]] {
        let mut damaged = file.clone();
        let middle = start + (file.len() - start) / 2;
        damaged[middle..middle + 2].copy_from_slice(&stray);
        let photo = whole(&damaged);
        // One of 60 intervals.
        assert!(
            photo.damaged > 0.0 && photo.damaged <= 1.0 / 60.0,
            "{stray:?}: {}",
            photo.damaged
        );
        let rows = |photo: &Decoded| {
            (
                photo.pixels.rgb[..480 * 140 * 3].to_vec(),
                photo.pixels.rgb[480 * 180 * 3..].to_vec(),
            )
        };
        assert_eq!(rows(&photo), rows(&clean), "{stray:?}");
    }
}

#[test]
fn what_is_missing_is_told_and_much_of_it_refused() {
    let file = encoded(480, 320, SamplingFactor::F_2_1, false, 0);
    let start = data(&file);
    let cut = |share: f64| file[..start + ((file.len() - start) as f64 * share) as usize].to_vec();
    let photo = whole(&cut(0.9));
    assert!((0.02..0.2).contains(&photo.damaged), "{}", photo.damaged);
    assert!((reduced(&cut(0.9), 100).damaged - photo.damaged).abs() < 1e-6);
    let refused = decode(&cut(0.5), &DecodeOptions::default()).unwrap_err();
    assert!(matches!(refused, Error::ImageIncomplete(_)), "{refused}");
    let share: f32 = refused
        .to_string()
        .split(['%', ' '])
        .find_map(|word| word.parse().ok())
        .unwrap();
    assert!(share / 100.0 > MOST_DAMAGED && share < 70.0, "{refused}");
    // Without its end marker it is whole.
    assert_eq!(whole(&file[..file.len() - 2]).damaged, 0.0);
}

#[test]
fn a_turned_photo_is_turned_on_a_coarser_grid() {
    let upright = encoded(480, 320, SamplingFactor::F_2_2, false, 0);
    let exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let length = (exif.len() as u16 + 2).to_be_bytes();
    let turned = [&upright[..2], &[0xFF, 0xE1], &length, exif, &upright[2..]].concat();
    let photo = reduced(&turned, 80);
    assert_eq!(
        (photo.pixels.width, photo.pixels.height, photo.size),
        (80, 120, (320, 480))
    );
    let oracle = scale(whole(&turned).pixels, 80).unwrap();
    assert!(apart(&photo.pixels, &oracle) < 2.0);
}
