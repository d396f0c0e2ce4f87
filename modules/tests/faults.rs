//! A GPU that goes wrong: one that computes the first inference right and every later one wrong is found out by the self-test, one that goes wrong
//! at the thousandth launch by a spot check.

mod common;

use std::sync::Mutex;

use gamma_wasm::{
    bench::random,
    image::{CropChoice, CropPolicy, Pixels},
    model::Config,
    ops,
    scorer::{
        Job, ScoreOptions, Scorer,
        spot_checks::{EVERY, SpotChecks, Verdict},
    },
    weights::Assembly,
};
use gamma_webgpu::faults;
use pollster::block_on;

/// The tests count launches of the one GPU.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn an_adapter_that_goes_wrong_later_fails_the_self_test() {
    if !common::gpu() {
        return;
    }
    let _alone = ALONE.lock().expect("the other test passed");
    let device = ops::gpu_device();
    let before = faults::launches();
    block_on(ops::self_test(&device)).expect("the adapter is right");
    let launches = faults::launches() - before;
    // Half of the launches are those of the first round: all that came before the fault was right.
    for first_wrong in [launches / 2, launches / 2 + 1, launches - 1] {
        faults::fail_from(faults::launches() + first_wrong);
        let error = block_on(ops::self_test(&device)).expect_err("a wrong launch is seen");
        assert_eq!(error.code(), "device", "{error}");
        faults::fail_from(u64::MAX);
    }
    block_on(ops::self_test(&device)).expect("and it was the launches alone");
}

/// A small model with random weights.
fn model() -> Scorer {
    let mut assembly = Assembly::new(ops::gpu_device());
    assembly
        .push(&random(&Config::micro(), "micro"))
        .expect("valid weights");
    block_on(Scorer::load(assembly.finish().expect("complete weights"))).expect("the weights fit")
}

/// One crop of noise, another one for each place.
fn photo(place: usize) -> Pixels {
    let noise = |at: usize| (((at + 1) * (place + 1) * 2_654_435_761 % 4_294_967_291) >> 9) as u8;
    Pixels {
        width: 224,
        height: 224,
        rgb: (0..224 * 224 * 3).map(noise).collect(),
    }
}

/// The bits of a photo's score, and its job.
fn score(scorer: &Scorer, place: usize) -> (u32, Job) {
    let options = ScoreOptions {
        crops: CropChoice {
            policy: Some(CropPolicy::Center),
            ..CropChoice::default()
        },
        ..ScoreOptions::default()
    };
    let mut job = scorer.job(photo(place), &options).expect("a photo");
    block_on(job.step(1)).expect("the device answers");
    let assessment = job.assess(scorer.default_scene()).expect("a score");
    (assessment.score.to_bits(), job)
}

/// What scores, with all launches right: what is to become of each photo.
fn rightly<T>(first_wrong: u64, action: impl FnOnce() -> T) -> T {
    faults::fail_from(u64::MAX);
    let found = action();
    faults::fail_from(first_wrong);
    found
}

#[test]
fn an_adapter_that_goes_wrong_at_the_thousandth_launch_is_left_and_every_photo_ends_right() {
    if !common::gpu() {
        return;
    }
    let _alone = ALONE.lock().expect("the other test passed");
    let scorer = model();
    let photos = EVERY + 4;
    let before = faults::launches();
    let expected: Vec<u32> = (0..photos).map(|place| score(&scorer, place).0).collect();
    let each = (faults::launches() - before) / photos as u64;
    let first_wrong = faults::launches() + 1000;
    // Its first wrong launch is in this photo; the launches of checks are not the adapter's.
    let wrong = (1000 / each) as usize;
    faults::fail_from(first_wrong);
    let (mut checks, mut told, mut left) = (SpotChecks::default(), Vec::new(), None);
    for place in 0..photos {
        if left.is_some() {
            told.push(rightly(first_wrong, || score(&scorer, place).0));
            continue;
        }
        let (bits, job) = score(&scorer, place);
        let Some(job) = checks.note((place, bits), Some(job)) else {
            continue;
        };
        let off = rightly(first_wrong, || block_on(job.last_crop_differs(&scorer))).expect("a check");
        match checks.checked(off) {
            Verdict::Right(photos) => told.extend(photos.into_iter().map(|(_, bits)| bits)),
            Verdict::Wrong(photos) => {
                left = Some(place);
                let again = |(place, _)| rightly(first_wrong, || score(&scorer, place).0);
                told.extend(photos.into_iter().map(again));
            }
        }
    }
    faults::fail_from(u64::MAX);
    let left = left.expect("it is found out");
    println!("{each} launches a photo: wrong from photo {wrong} on, left at photo {left}");
    assert!(
        (wrong.saturating_sub(1)..wrong + EVERY).contains(&left),
        "wrong from {wrong}, left at {left}"
    );
    assert_eq!(told, expected);
}
