//! Photos at the size that a model asks for: how they are scaled, and what a file of weights may state about it.

#![cfg(feature = "cli")]

mod common;

use burn::tensor::Device;
use common::file::{smallest, smallest_config, usual};
use gamma_wasm::{
    image::{
        CROP, CropChoice, CropOptions, CropPolicy, MAX_SHORT_SIDE, Normalization, Pixels, Preparation, enlarge, input,
        scale,
    },
    scorer::{Assessment, CropScore, Levels, ScoreOptions, Scorer},
    weights::Assembly,
};
use image::{ImageBuffer, Rgb, imageops};
use proptest::prelude::*;

fn even(width: u32, height: u32, color: [u8; 3]) -> Pixels {
    Pixels {
        width,
        height,
        rgb: color.repeat((width * height) as usize),
    }
}

/// Smooth in parts and noisy in others, as photos are.
fn photo(width: u32, height: u32, seed: u64) -> Pixels {
    let mut random = common::file::Random(seed);
    let rgb = (0..width * height * 3).map(|at| {
        let (x, y) = (at / 3 % width, at / 3 / width);
        match (x / 16 + y / 16) % 3 {
            0 => random.next() as u8,
            1 => (x * 5 + y) as u8,
            _ => 255 * ((x / 3 + y / 5) % 2) as u8,
        }
    });
    Pixels {
        width,
        height,
        rgb: rgb.collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// The image crate's resampling has the same filter; where a sum lies halfway between two values, rounding may differ.
    #[test]
    fn scaling_agrees_with_the_image_crate(width in 1_u32..400, height in 1_u32..400, short_side in 1_u32..300, seed: u64) {
        let pixels = photo(width, height, seed);
        let source = ImageBuffer::<Rgb<u8>, _>::from_raw(width, height, pixels.rgb.clone()).expect("filled");
        // What one crate refuses to make, the other would take gigabytes for.
        prop_assume!(u64::from(width.max(height)) * u64::from(short_side) <= u64::from(width.min(height)) * 3000);
        let scaled = scale(pixels, short_side).expect("of a possible size");
        prop_assert_eq!(scaled.width.min(scaled.height), short_side);
        let oracle = imageops::resize(&source, scaled.width, scaled.height, imageops::FilterType::CatmullRom).into_raw();
        prop_assert_eq!(scaled.rgb.len(), oracle.len());
        let worst = scaled.rgb.iter().zip(&oracle).map(|(a, b)| a.abs_diff(*b)).max();
        prop_assert!(worst <= Some(1), "{:?} apart", worst);
    }

    #[test]
    fn an_even_colour_stays_as_it_is_and_the_aspect_ratio_too(width in 1_u32..1500, height in 1_u32..1500, short_side in 1_u32..500, color: [u8; 3]) {
        let (short, long) = (width.min(height), width.max(height));
        prop_assume!(u64::from(long) * u64::from(short_side) <= u64::from(short) * 5000);
        let scaled = scale(even(width, height, color), short_side).expect("of a possible size");
        let (found_short, found_long) = (scaled.width.min(scaled.height), scaled.width.max(scaled.height));
        prop_assert_eq!(found_short, short_side);
        let exact = f64::from(long) * f64::from(short_side) / f64::from(short);
        prop_assert!((f64::from(found_long) - exact).abs() <= 0.5, "{} for {}", found_long, exact);
        prop_assert_eq!(scaled.width >= scaled.height, width >= height || scaled.width == scaled.height);
        prop_assert!(scaled.rgb.chunks_exact(3).all(|pixel| pixel == color));
    }

    #[test]
    fn crops_are_inside_of_whatever_a_model_asks_for(
        width in 1_u32..2000,
        height in 1_u32..2000,
        short_side in proptest::option::of(CROP..600),
        policy in proptest::sample::select(CropPolicy::ALL.as_slice()),
        crops in 1_u32..20,
        larger in 0_u32..400,
    ) {
        let (short, long) = (u64::from(width.min(height)), u64::from(width.max(height)));
        prop_assume!(long * u64::from(short_side.unwrap_or(CROP)) <= short * 4000);
        let sizes = short_side.map_or(Vec::new(), |side| vec![(CROP + larger).min(side), CROP]);
        let preparation = Preparation { short_side, policy: Some(policy), crops: Some(crops), sizes };
        prop_assert!(preparation.check().is_ok());
        let pixels = preparation.apply(even(width, height, [9, 9, 9])).expect("of a possible size");
        let options = preparation.crop_choice().options();
        let mut seen = vec![0.0; 3 * (CROP * CROP) as usize];
        for crop in preparation.plan(pixels.width, pixels.height, &options).expect("large enough") {
            prop_assert!(crop.x + crop.size <= pixels.width && crop.y + crop.size <= pixels.height);
            prop_assert!(preparation.sizes().contains(&crop.size));
            input(&pixels, crop, &Normalization::IMAGENET, &mut seen).expect("inside");
            prop_assert!(seen.iter().all(|value| (-2.2..-1.5).contains(value)), "an even colour stays even");
        }
    }
}

#[test]
fn what_is_finer_than_the_new_grid_averages_out() {
    let mut stripes = even(900, 600, [0, 0, 0]);
    stripes
        .rgb
        .chunks_exact_mut(3)
        .step_by(2)
        .for_each(|pixel| pixel.fill(255));
    let scaled = scale(stripes, 100).expect("smaller");
    assert_eq!((scaled.width, scaled.height), (150, 100));
    for pixel in scaled.rgb.chunks_exact(3) {
        assert!(pixel.iter().all(|value| value.abs_diff(128) <= 8), "{pixel:?}");
    }
}

#[test]
fn a_photo_of_the_right_size_comes_back_untouched() {
    let pixels = photo(500, 384, 1);
    assert!(scale(pixels.clone(), 384).expect("as it is") == pixels);
    let large = photo(224, 300, 2);
    assert!(enlarge(large.clone(), CROP).expect("as it is") == large);
}

#[test]
fn what_lies_on_a_photo_keeps_its_place() {
    let mut square = even(56, 56, [0, 0, 0]);
    for y in 28..56 {
        square.rgb[(y * 56 + 28) * 3..(y * 56 + 56) * 3].fill(255);
    }
    let large = enlarge(square, CROP).expect("larger");
    let at = |x: usize, y: usize| large.rgb[(y * 224 + x) * 3];
    assert_eq!((at(100, 180), at(180, 100), at(180, 180), at(100, 100)), (0, 0, 255, 0));
    assert!(at(111, 180) < 128 && at(112, 180) > 128);
    let back = scale(large, 56).expect("smaller");
    let at = |x: usize, y: usize| back.rgb[(y * 56 + x) * 3];
    assert_eq!((at(20, 45), at(45, 20), at(45, 45), at(20, 20)), (0, 0, 255, 0));
}

#[test]
fn what_would_take_gigabytes_is_refused() {
    for (width, height, short_side) in [
        (1, 65_535, CROP),
        (65_535, 1, CROP),
        (3, 60_000, CROP),
        (10_000, 20, 384),
        (20_000, 300, MAX_SHORT_SIDE),
    ] {
        let error = scale(even(width, height, [1, 2, 3]), short_side).expect_err("refused");
        assert_eq!(error.code(), "image-too-large", "{error}");
        assert!(error.to_string().contains(&format!("{width}x{height}")), "{error}");
    }
    // A panorama of the largest side that there is.
    let scaled = scale(even(65_535, 900, [1, 2, 3]), 384).expect("smaller");
    assert_eq!((scaled.width, scaled.height), (27_962, 384));
    let error = |pixels| scale(pixels, CROP).expect_err("refused").code();
    assert_eq!(error(even(0, 5, [0; 3])), "image-decode");
    let mut short = even(300, 300, [0; 3]);
    short.rgb.pop();
    assert_eq!(error(short), "image-decode");
}

/// The smallest model with `photo` in its metadata, in version 1 and in the published layout.
fn with(photo: &str) -> [Result<Scorer, gamma_wasm::Error>; 2] {
    let mut config = smallest_config();
    config.text = None;
    let plain = smallest(false);
    [plain.version_1(&config, usual), plain].map(|mut file| {
        file.metadata.insert("photo".into(), photo.into());
        let mut assembly = Assembly::new(Device::flex());
        assembly.push(&file.bytes())?;
        pollster::block_on(Scorer::load(assembly.finish()?))
    })
}

fn assess(scorer: &Scorer, pixels: &Pixels, options: &ScoreOptions) -> Assessment {
    let scored = pollster::block_on(scorer.score(pixels.clone(), &["generic"], options));
    scored.expect("a score").remove(0)
}

#[test]
fn a_model_says_how_photos_are_brought_to_it() {
    for scorer in with(r#"{"short_side":300,"policy":"grid","crops":4}"#) {
        let scorer = scorer.expect("a model");
        let large = photo(600, 450, 3);
        let found = assess(&scorer, &large, &ScoreOptions::default());
        assert_eq!((found.width, found.height, found.enlarged), (400, 300, false));
        assert!((found.scale - 2.0 / 3.0).abs() < 1e-6, "{}", found.scale);
        assert_eq!((found.policy, found.crops.len()), (CropPolicy::Grid, 4));
        for crop in &found.crops {
            assert!(crop.x + crop.size <= found.width && crop.y + crop.size <= found.height);
        }
        // The same as scaling first.
        let ready = scale(large.clone(), 300).expect("smaller");
        let other = assess(&scorer, &ready, &ScoreOptions::default());
        assert_eq!((found.score, other.scale), (other.score, 1.0));

        let small = assess(&scorer, &photo(240, 250, 4), &ScoreOptions::default());
        assert_eq!(
            (small.width, small.height, small.scale, small.enlarged),
            (300, 313, 1.25, true)
        );

        let choice = CropChoice {
            policy: Some(CropPolicy::Random),
            crops: Some(3),
            seed: Some(5),
        };
        let options = |parity| ScoreOptions {
            crops: choice,
            parity,
            tolerance: None,
        };
        let own = assess(&scorer, &large, &options(false));
        assert_eq!(
            (own.policy, own.crops.len(), own.seed, own.width),
            (CropPolicy::Random, 3, 5, 400)
        );
        let parity = assess(&scorer, &large, &options(true));
        assert_eq!((parity.width, parity.height, parity.scale), (600, 450, 1.0));
    }
}

#[test]
fn a_model_that_states_nothing_is_scored_as_the_published_one() {
    for scorer in with("{}") {
        let scorer = scorer.expect("a model");
        assert!(scorer.info().photo.is_empty());
        let found = assess(&scorer, &photo(600, 450, 3), &ScoreOptions::default());
        assert_eq!(
            (found.width, found.height, found.scale, found.enlarged),
            (600, 450, 1.0, false)
        );
        assert_eq!(scorer.crop_options(&ScoreOptions::default()), CropOptions::default());
    }
}

#[test]
fn what_no_model_can_ask_for_is_refused() {
    for photo in [
        "",
        "[]",
        "null",
        "384",
        r#"{"short_side":223}"#,
        r#"{"short_side":4097}"#,
        r#"{"short_side":4294967680}"#,
        r#"{"short_side":-384}"#,
        r#"{"short_side":384.5}"#,
        r#"{"short_side":"384"}"#,
        r#"{"short_side":384,"short_side":384}"#,
        r#"{"short_sides":[384]}"#,
        r#"{"policy":"Grid"}"#,
        r#"{"policy":"middle"}"#,
        r#"{"crops":0}"#,
        r#"{"crops":101}"#,
        r#"{"seed":1}"#,
    ] {
        for scorer in with(photo) {
            let error = scorer.err().unwrap_or_else(|| panic!("{photo} is taken"));
            assert_eq!(error.code(), "weights-metadata", "{photo}: {error}");
            assert!(error.to_string().contains("`photo`"), "{photo}: {error}");
        }
    }
}

#[test]
fn a_tolerance_ends_the_crops_early_and_says_what_is_left_uncertain() {
    let [scorer, _] = with(r#"{"policy":"grid","crops":9}"#);
    let (scorer, photo) = (scorer.expect("a model"), photo(600, 450, 3));
    let asked = |tolerance| ScoreOptions {
        tolerance,
        ..ScoreOptions::default()
    };
    let all = assess(&scorer, &photo, &asked(None));
    assert_eq!((all.crops.len(), all.uncertainty), (9, 0.0));
    let tolerance = 0.02;
    let some = assess(&scorer, &photo, &asked(Some(tolerance)));
    assert!(some.crops.len() < 9, "{} crops", some.crops.len());
    assert!(
        some.uncertainty > 0.0 && some.uncertainty <= tolerance,
        "{}",
        some.uncertainty
    );
    assert!(
        (some.score - all.score).abs() <= tolerance,
        "{} {}",
        some.score,
        all.score
    );
    // Those that were scored lie all over the photo, and come in the order of the plan.
    let places: Vec<usize> = some
        .crops
        .iter()
        .map(|crop| {
            all.crops
                .iter()
                .position(|planned| planned == crop)
                .expect("a planned one")
        })
        .collect();
    assert!(places.is_sorted());
    let near = |a: &CropScore, b: &CropScore| a.x.abs_diff(b.x) < a.size && a.y.abs_diff(b.y) < a.size;
    let covered = |crop| some.crops.iter().any(|scored| near(crop, scored));
    assert!(all.crops.iter().all(covered), "{places:?}");
    // Nothing is certain enough for this: all are scored, and nothing tells that a tolerance was asked for.
    assert_eq!(assess(&scorer, &photo, &asked(Some(1e-9))), all);
    for wrong in [0.0, -0.1, f32::NAN, f32::INFINITY] {
        let error = scorer.job(photo.clone(), &asked(Some(wrong))).err().expect("an error");
        assert_eq!(error.code(), "option");
        assert!(error.to_string().contains("tolerance"), "{error}");
    }
}

#[test]
fn a_job_goes_on_where_another_one_stopped() {
    let [scorer, _] = with(r#"{"policy":"grid","crops":4}"#);
    let (scorer, photo) = (scorer.expect("a model"), photo(600, 450, 3));
    let options = ScoreOptions::default();
    let job = || scorer.job(photo.clone(), &options).expect("a job");
    let mut first = job();
    pollster::block_on(first.step(1)).expect("a step");
    let mut second = job();
    second.resume(first.answered().to_vec()).expect("its answers");
    assert_eq!((second.done(), second.is_done()), (1, false));
    while !second.is_done() {
        pollster::block_on(second.step(1)).expect("a step");
    }
    assert_eq!(
        second.assess("generic").expect("an assessment"),
        assess(&scorer, &photo, &options)
    );
    let answers = second.answered().to_vec();
    let crop = answers.len() / 4;
    for wrong in [
        answers[1..].to_vec(),
        [&answers[..], &answers[..crop]].concat(),
        vec![f32::NAN; crop],
    ] {
        let error = job().resume(wrong).expect_err("an error");
        assert_eq!(error.code(), "option");
    }
}

#[test]
fn a_tolerance_goes_with_every_way_of_choosing_crops() {
    for about in [
        r#"{"policy":"random"}"#,
        r#"{"policy":"five"}"#,
        r#"{"policy":"center"}"#,
        r#"{"short_side":300,"sizes":[224,300],"crops":6}"#,
    ] {
        let [scorer, _] = with(about);
        let (scorer, photo) = (scorer.expect("a model"), photo(600, 450, 3));
        let asked = |tolerance| ScoreOptions {
            tolerance,
            ..ScoreOptions::default()
        };
        let all = assess(&scorer, &photo, &asked(None));
        for tolerance in [0.001, 0.01, 0.1] {
            let some = assess(&scorer, &photo, &asked(Some(tolerance)));
            assert!(some.uncertainty <= tolerance, "{about}: {}", some.uncertainty);
            assert!((some.score - all.score).abs() <= tolerance, "{about}: {}", some.score);
            assert!(some.crops.iter().all(|crop| all.crops.contains(crop)), "{about}");
            let Levels {
                bad,
                poor,
                fair,
                good,
                perfect,
            } = some.levels;
            assert!((bad + poor + fair + good + perfect - 1.0).abs() < 1e-4, "{about}");
        }
    }
}

#[test]
fn a_photo_with_room_for_one_crop_is_known_by_it() {
    let [scorer, _] = with("{}");
    let (scorer, photo) = (scorer.expect("a model"), photo(224, 224, 3));
    let asked = |tolerance| ScoreOptions {
        tolerance,
        ..ScoreOptions::default()
    };
    let all = assess(&scorer, &photo, &asked(None));
    let one = assess(&scorer, &photo, &asked(Some(1e-6)));
    assert_eq!((all.crops.len(), one.crops.len(), one.uncertainty), (10, 1, 0.0));
    assert!((one.score - all.score).abs() < 1e-6);
}

#[test]
fn a_scene_that_the_model_lacks_needs_no_crops_and_is_refused() {
    let [scorer, _] = with("{}");
    let scorer = scorer.expect("a model");
    let scored = pollster::block_on(scorer.score(photo(300, 300, 3), &["night"], &ScoreOptions::default()));
    assert_eq!(scored.expect_err("an error").code(), "scene-unknown");
}
