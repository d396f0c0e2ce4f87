//! What `docs/distortions.md` promises: every kind distorts, by strength and seed alone.

use std::fs;

use gamma_wasm::Error;
use gamma_wasm::image::{DecodeOptions, Pixels, decode};
use gamma_wasm::train::distortion::{Distortion, Level, contact_sheet, encode_jpeg};
use proptest::prelude::*;

/// The middle of a sample photo, 256 x 256.
fn photo(name: &str) -> Pixels {
    const SIDE: usize = 256;
    let file = fs::read(format!("{}/www/samples/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let photo = decode(&file, &DecodeOptions::default()).unwrap().pixels;
    let (width, height) = (photo.width as usize, photo.height as usize);
    let (left, top) = ((width - SIDE) / 2, (height - SIDE) / 2);
    let row = |y: usize| &photo.rgb[((top + y) * width + left) * 3..][..SIDE * 3];
    Pixels {
        width: SIDE as u32,
        height: SIDE as u32,
        rgb: (0..SIDE).flat_map(row).copied().collect(),
    }
}

/// A photo of `width` x `height` whose values have no pattern.
fn speckled(width: u32, height: u32) -> Pixels {
    let rgb = (0..width * height * 3).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8);
    Pixels {
        width,
        height,
        rgb: rgb.collect(),
    }
}

fn severe(kind: Distortion, photo: &Pixels, seed: u64) -> Pixels {
    kind.apply(photo, 1.0, seed).unwrap()
}

#[test]
fn every_kind_changes_the_photo_at_every_level_and_keeps_its_size() {
    let photo = photo("dog.jpg");
    for kind in Distortion::ALL {
        // The slightest Gaussian blur of KADID-10k has a deviation of a tenth of a pixel: nothing.
        let invisible = usize::from(kind == Distortion::GaussianBlur);
        for level in &Level::ALL[invisible..] {
            let distorted = kind.apply(&photo, level.strength(), 5).unwrap();
            assert_eq!((distorted.width, distorted.height), (256, 256), "{kind} {level:?}");
            assert_eq!(distorted.rgb.len(), photo.rgb.len(), "{kind} {level:?}");
            assert_ne!(distorted, photo, "{kind} {level:?}");
        }
    }
}

#[test]
fn strength_0_gives_the_photo_back() {
    let photo = speckled(31, 18);
    for kind in Distortion::ALL {
        assert_eq!(kind.apply(&photo, 0.0, 9).unwrap(), photo, "{kind}");
    }
}

#[test]
fn the_seed_decides_what_is_left_to_chance_and_nothing_else() {
    const CHANCE: [Distortion; 12] = [
        Distortion::MotionBlur,
        Distortion::ColorShift,
        Distortion::WhiteNoise,
        Distortion::WhiteNoiseYcbcr,
        Distortion::ImpulseNoise,
        Distortion::MultiplicativeNoise,
        Distortion::Denoise,
        Distortion::MeanShift,
        Distortion::Jitter,
        Distortion::Patches,
        Distortion::ColorBlocks,
        Distortion::Contrast,
    ];
    let photo = photo("lighthouse.webp");
    for kind in Distortion::ALL {
        let first = severe(kind, &photo, 0);
        assert_eq!(first, severe(kind, &photo, 0), "{kind}");
        // A direction of two is the same for half of the seeds.
        let differs = (1..12).any(|seed| severe(kind, &photo, seed) != first);
        let expected = CHANCE.contains(&kind);
        assert_eq!(differs, expected, "{kind}");
    }
}

#[test]
fn more_strength_is_more_of_the_same_noise() {
    let photo = speckled(40, 40);
    let hit = |strength| {
        let noisy = Distortion::ImpulseNoise.apply(&photo, strength, 3).unwrap();
        let places = noisy.rgb.iter().zip(&photo.rgb).enumerate();
        places
            .filter(|(_, (a, b))| a != b)
            .map(|(at, _)| at)
            .collect::<Vec<_>>()
    };
    let (few, many) = (hit(0.6), hit(1.0));
    assert!(!few.is_empty() && few.len() < many.len());
    assert!(few.iter().all(|at| many.contains(at)));
}

#[test]
fn the_smallest_photos_can_be_distorted() {
    for (width, height) in [(1, 1), (1, 2), (3, 5), (2, 40), (17, 1), (8, 8), (9, 7)] {
        let photo = speckled(width, height);
        for kind in Distortion::ALL {
            for level in Level::ALL {
                let distorted = kind.apply(&photo, level.strength(), 1).unwrap();
                let size = (distorted.width, distorted.height, distorted.rgb.len());
                assert_eq!(size, (width, height, photo.rgb.len()), "{kind} {level:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any photo, kind, strength and seed: the same size, the same answer twice.
    #[test]
    fn any_strength_of_any_kind_keeps_the_size_and_repeats(
        kind in prop::sample::select(Distortion::ALL.to_vec()),
        (width, height) in (1_u32..40, 1_u32..40),
        strength in 0.0_f32..=1.0,
        seed: u64,
        value: u8,
    ) {
        let mut photo = speckled(width, height);
        // Half of the photos have a part without any texture.
        if value % 2 == 0 {
            let half = photo.rgb.len() / 2;
            photo.rgb[..half].fill(value);
        }
        let distorted = kind.apply(&photo, strength, seed).unwrap();
        prop_assert_eq!(distorted.rgb.len(), photo.rgb.len());
        prop_assert_eq!(&distorted, &kind.apply(&photo, strength, seed).unwrap());
    }

    /// More strength moves the parameter further from where nothing changes.
    #[test]
    fn the_parameter_is_monotone(
        kind in prop::sample::select(Distortion::ALL.to_vec()),
        a in 0.0_f32..=1.0,
        b in 0.0_f32..=1.0,
    ) {
        let [neutral, low, high] = [0.0, a.min(b), a.max(b)].map(|strength| kind.parameter(strength).unwrap());
        prop_assert!((low - neutral).abs() <= (high - neutral).abs());
    }
}

#[test]
fn a_strength_outside_0_to_1_is_refused_and_so_is_a_photo_that_is_none() {
    let photo = speckled(4, 4);
    for strength in [-0.1, 1.1, f32::NAN, f32::INFINITY] {
        let error = Distortion::Jpeg.apply(&photo, strength, 0).unwrap_err();
        assert!(matches!(error, Error::Option { name: "strength", .. }), "{error}");
    }
    for (width, height, rgb) in [(0, 0, vec![]), (2, 2, vec![0; 11]), (u32::MAX, u32::MAX, vec![0; 3])] {
        for kind in Distortion::ALL {
            let error = kind
                .apply(
                    &Pixels {
                        width,
                        height,
                        rgb: rgb.clone(),
                    },
                    0.5,
                    0,
                )
                .unwrap_err();
            assert_eq!(error.code(), "image-decode");
        }
    }
}

#[test]
fn names_are_read_back_and_another_name_gets_the_list() {
    for kind in Distortion::ALL {
        assert_eq!(kind.as_str().parse::<Distortion>().unwrap(), kind);
    }
    let error = "fog".parse::<Distortion>().unwrap_err().to_string();
    assert!(error.contains("`fog`") && error.contains("gaussian-blur"), "{error}");
}

#[test]
fn a_contact_sheet_shows_every_kind_and_becomes_a_jpeg() {
    let photo = photo("dog.jpg");
    let sheet = contact_sheet(&photo, &Distortion::ALL, 0).unwrap();
    let one = contact_sheet(&photo, &Distortion::ALL[..1], 0).unwrap();
    assert!(
        sheet.height > 12 * one.height && sheet.width > one.width,
        "{sheet:?} {one:?}"
    );
    let file = encode_jpeg(&sheet, 60).unwrap();
    assert_eq!(decode(&file, &DecodeOptions::default()).unwrap().format, "jpeg");
    assert!(contact_sheet(&speckled(143, 200), &Distortion::ALL, 0).is_err());
}

#[test]
fn the_table_in_the_docs_has_the_parameters_of_the_code() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/distortions.md")).unwrap();
    for kind in Distortion::ALL {
        let values = Level::ALL.map(|level| kind.parameter(level.strength()).unwrap().to_string());
        let row = format!("| `{kind}` | {} | {} |", kind.parameter_name(), values.join(" | "));
        assert!(page.contains(&row), "no row {row}");
        let labels = Level::ALL.map(|level| format!("{:.2}", kind.label(level.strength(), 1).unwrap()));
        let row = format!("| `{kind}` | {} |", labels.join(" | "));
        assert!(page.contains(&row), "no row {row}");
    }
}
