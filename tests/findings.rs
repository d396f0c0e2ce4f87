//! The faults that a photo is said to have: from the level features and the metadata of a file to an assessment.

mod common;

use burn::tensor::Device;
use common::file::{File, smallest};
use gamma_wasm::{
    Result,
    image::{CropChoice, CropPolicy, Pixels},
    scorer::{Assessment, ScoreOptions, Scorer},
    weights::Assembly,
};
use serde_json::{Value, json};

/// What levels are worth that scores below 50 percent come of, whatever the photo shows; of the other, scores above.
const LOW: [f32; 5] = [0.2, 0.3, 0.4, 0.5, 1.0];
const HIGH: [f32; 5] = [0.2, 0.7, 0.8, 0.9, 1.0];

/// The smallest model with the scenes `generic`, `noise` and `exposure`, of three forms.
fn model(findings: Value, worth: [f32; 5]) -> File {
    let mut file = smallest(false);
    let mut tensors = file.tensors.iter_mut();
    let levels = tensors.find(|tensor| tensor.name == "score_level").expect("levels");
    levels.data = worth
        .map(half::f16::from_f32)
        .into_iter()
        .flat_map(half::f16::to_le_bytes)
        .collect();
    let generic = file.tensors.last().expect("text features").clone();
    for (scene, rows) in [("exposure", 15), ("noise", 5)] {
        let mut features = generic.clone();
        features.name = format!("text_features.{scene}");
        features.shape[0] = rows;
        let numbers = rows * features.shape[1];
        let values = (0..numbers).map(|at| half::f16::from_f32(((at * 37 + rows) % 23) as f32 / 60.0 - 0.18));
        features.data = values.flat_map(half::f16::to_le_bytes).collect();
        file.tensors.push(features);
    }
    let scenes = json!({ "generic": "{level}", "exposure": "{level} exposure", "noise": "{level} noise" });
    file.metadata.insert("scenes".into(), scenes.to_string());
    file.metadata.insert("findings".into(), findings.to_string());
    file
}

fn load(findings: Value, worth: [f32; 5]) -> Result<Scorer> {
    let mut assembly = Assembly::new(Device::flex());
    assembly.push(&model(findings, worth).bytes())?;
    pollster::block_on(Scorer::load(assembly.finish()?))
}

fn claim(fault: &str, score: f64, forms: &[&str], form: Option<f64>) -> Value {
    json!({ "scene": "generic", "fault": fault, "forms": forms, "score": score, "form": form, "claimed": 40, "right": 39 })
}

/// Noise alone, and by two points how good photos are that have it.
fn noise_with_points(score: f64, points: Value) -> Value {
    let mut claim = claim("noise", score, &[], None);
    claim["quality"] = points;
    json!([claim])
}

const FORMS: [&str; 3] = ["under", "over", "contrast"];

fn photo() -> Pixels {
    Pixels {
        width: 300,
        height: 260,
        rgb: (0..300 * 260 * 3)
            .map(|at: u32| (at.wrapping_mul(2_654_435_761) >> 24) as u8 / (1 + (at / 90_000) as u8))
            .collect(),
    }
}

fn options() -> ScoreOptions {
    ScoreOptions {
        crops: CropChoice {
            policy: Some(CropPolicy::Grid),
            crops: Some(4),
            seed: None,
        },
        ..ScoreOptions::default()
    }
}

fn assess(findings: Value, worth: [f32; 5]) -> Vec<Assessment> {
    let scorer = load(findings, worth).expect("a model");
    pollster::block_on(scorer.score(photo(), &["generic", "exposure", "noise"], &options())).expect("a score")
}

#[test]
fn what_is_claimed_is_what_the_scene_of_the_fault_says() {
    let both = json!([
        claim("exposure", 9.0, &FORMS, Some(0.0)),
        claim("noise", 9.0, &[], None)
    ]);
    let [generic, exposure, noise] = &assess(both.clone(), LOW)[..] else {
        panic!("three scenes")
    };
    let findings = generic.findings.as_ref().expect("findings");
    assert_eq!(findings.len(), 2);
    assert!(findings[0].score <= findings[1].score, "the worst comes first");
    for finding in findings {
        let of_scene = if finding.fault == "noise" { noise } else { exposure };
        assert_eq!((finding.score, finding.percent), (of_scene.score, of_scene.percent));
        let nearest = (of_scene.percent / 25.0).round() as usize;
        assert_eq!(finding.level, of_scene.levels.named()[nearest].0);
        assert_eq!(finding.crops.len(), 4);
        let scores: Vec<f32> = finding.crops.iter().map(|&crop| of_scene.crops[crop].score).collect();
        assert!(scores.is_sorted(), "{scores:?}");
        assert_eq!(finding.form.is_some(), finding.fault == "exposure");
    }
    assert!(exposure.findings.is_none() && noise.findings.is_none());
    // A score that is not low needs no explanation.
    let good = &assess(both, HIGH)[0];
    assert!(generic.percent < 50.0 && good.percent > 50.0);
    assert_eq!(good.findings.as_deref(), Some(&[][..]));
}

#[test]
fn points_say_how_good_photos_are_that_have_the_fault() {
    let finding = |points: Value| {
        assess(noise_with_points(9.0, points), LOW)[0]
            .findings
            .clone()
            .expect("findings")[0]
            .clone()
    };
    let plain = finding(Value::Null);
    let at = f64::from(plain.score);
    let moved = finding(json!([[at - 0.1, 0.3], [at + 0.3, 0.7]]));
    assert!((moved.score - 0.4).abs() < 1e-5, "{}", moved.score);
    let percent = 100.0 * (moved.score - 0.2) / 0.8;
    assert!((moved.percent - percent).abs() < 0.1, "{} {percent}", moved.percent);
    assert_eq!(moved.crops, plain.crops);
    // Beyond the points nothing changes.
    for (points, ends) in [
        ([at + 0.1, at + 0.2], 0.3),
        ([at - 0.2, at - 0.1], 0.7),
        ([at, at], 0.3),
    ] {
        let score = finding(json!([[points[0], 0.3], [points[1], 0.7]])).score;
        assert!((score - ends).abs() < 1e-6, "{score}");
    }
    // Where they leave the scale, its end is said.
    let worst = finding(json!([[0.0, -9.0], [1.0, -9.0]]));
    assert_eq!((worst.percent, worst.level), (0.0, "bad"));
    assert!((worst.score - 0.2).abs() < 1e-3, "{}", worst.score);
}

#[test]
fn what_is_not_low_enough_is_not_claimed_and_of_forms_only_what_is_probable() {
    let [generic, exposure, _] = &assess(json!([claim("exposure", 0.0, &FORMS, None)]), LOW)[..] else {
        panic!("three scenes")
    };
    assert_eq!(generic.findings.as_deref(), Some(&[][..]));
    // At the score of the photo itself some crops are below, some may be above.
    let at = f64::from(exposure.score);
    for (form, told) in [(Some(1.01), false), (Some(0.2), true), (None, false)] {
        let assessments = assess(json!([claim("exposure", at, &FORMS, form)]), LOW);
        let [finding] = &assessments[0].findings.as_deref().expect("findings") else {
            panic!("one finding")
        };
        assert_eq!(finding.form.is_some(), told);
        let below = exposure.crops.iter().filter(|crop| f64::from(crop.score) <= at).count();
        assert_eq!(finding.crops.len(), below);
    }
}

#[test]
fn with_a_margin_only_the_fault_whose_score_is_lower_by_it_is_claimed() {
    let with = |margin: f64| {
        let mut claims = [claim("exposure", 9.0, &FORMS, None), claim("noise", 9.0, &[], None)];
        claims.iter_mut().for_each(|claim| claim["margin"] = json!(margin));
        assess(json!(claims), LOW)
    };
    let plain = with(-9.0);
    assert_eq!(plain[0].findings.as_ref().expect("findings").len(), 2);
    let (exposure, noise) = (f64::from(plain[1].score), f64::from(plain[2].score));
    let (lower, apart) = (
        if exposure < noise { "exposure" } else { "noise" },
        (exposure - noise).abs(),
    );
    assert!(apart > 1e-4, "{exposure} {noise}");
    let claimed = |margin: f64| -> Vec<String> {
        let findings = with(margin)[0].findings.clone().expect("findings");
        findings.into_iter().map(|finding| finding.fault).collect()
    };
    assert_eq!(claimed(0.9 * apart), [lower]);
    assert_eq!(claimed(1.1 * apart), [""; 0]);
}

#[test]
fn a_fault_without_a_limit_is_never_claimed_and_others_are_compared_with_it() {
    let with = |score: Option<f64>, margin: f64| {
        let mut claims =
            ["exposure", "noise"].map(|fault| claim(fault, 9.0, if fault == "noise" { &[] } else { &FORMS }, None));
        claims[1]["score"] = json!(score);
        claims.iter_mut().for_each(|claim| claim["margin"] = json!(margin));
        let findings = assess(json!(claims), LOW)[0].findings.clone().expect("findings");
        findings
            .into_iter()
            .map(|finding| finding.fault)
            .collect::<Vec<String>>()
    };
    assert_eq!(with(None, -9.0), ["exposure"]);
    assert_eq!(with(None, 9.0), [""; 0]);
}

#[test]
fn a_scene_that_only_tells_a_fault_is_offered_once_something_is_known_of_it() {
    let mut file = model(json!([claim("exposure", 0.5, &FORMS, None)]), LOW);
    let offered = |file: &File| -> Vec<String> {
        let mut assembly = Assembly::new(Device::flex());
        assembly.push(&file.bytes()).expect("bytes");
        let scorer = pollster::block_on(Scorer::load(assembly.finish().expect("a checkpoint"))).expect("a model");
        scorer.scenes().map(|scene| scene.id.clone()).collect()
    };
    assert_eq!(offered(&file), ["generic", "noise"]);
    let known = json!({ "exposure": { "interval": 0.1, "difference": 0.1, "measured": [] } });
    file.metadata.insert("reliability".into(), known.to_string());
    assert_eq!(offered(&file), ["exposure", "generic", "noise"]);
}

#[test]
fn a_job_that_goes_on_says_the_same() {
    let scorer = load(json!([claim("exposure", 9.0, &FORMS, Some(0.0))]), LOW).expect("a model");
    let whole = || -> Result<_> { scorer.job(photo(), &options()) };
    let (mut first, mut second) = (whole().expect("a job"), whole().expect("a job"));
    pollster::block_on(first.step(2)).expect("two crops");
    second.resume(first.answered().to_vec()).expect("the same crops");
    while !second.is_done() {
        pollster::block_on(first.step(1)).expect("a crop");
        pollster::block_on(second.step(1)).expect("a crop");
    }
    assert_eq!(
        first.assess("generic").expect("a score"),
        second.assess("generic").expect("a score")
    );
}

#[test]
fn forms_need_level_features_each() {
    for (findings, part) in [
        (
            json!([claim("exposure", 0.5, &FORMS[..2], None)]),
            "`exposure` needs the level features of 2",
        ),
        (
            json!([claim("noise", 0.5, &FORMS, None)]),
            "`text_features.noise` has those of 1",
        ),
        (
            json!([claim("blur", 0.5, &[], None)]),
            "`text_features.blur` has those of 0",
        ),
        (json!([{ "fault": "noise" }]), "`findings`"),
        (json!({}), "`findings`"),
        (
            json!([claim("noise", 0.5, &[], None), claim("noise", 0.4, &[], None)]),
            "stands twice",
        ),
        // The exact JSON reader of the feature `train` refuses what is no `f32` before the check of the findings does.
        (
            json!([claim("noise", 1e39, &[], None)]),
            "`findings`: number out of range",
        ),
        (
            noise_with_points(0.5, json!([[1e39, 0.0], [0.5, 0.5]])),
            "`findings`: number out of range",
        ),
        (noise_with_points(0.5, json!([[1.0, 0.5]])), "`findings`"),
    ] {
        let error = load(findings, LOW).err().expect(part);
        assert_eq!(error.code(), "weights-metadata", "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
}
