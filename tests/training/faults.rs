//! Scenes of faults, learned from distorted photos.

use gamma_wasm::train::TrainConfig;

use super::support::{Run, to_the_end};

/// Six of the eight photos as clean ones, distorted in two ways, and two to judge by.
const DISTORTED: &str = r#"
    [[dataset]]
    name = "distorted"
    scene = "natural-quality"
    range = [-0.2, 1.4]
    repeats = 8
    group = 2
    faults = true
    [dataset.distort]
    photos = "clean"
    kinds = ["darken", "brighten"]
    [dataset.distort.held_out]
    photos = 2
    strengths = [0.66, 0.7, 0.74, 0.78, 0.82, 0.86, 0.9, 0.94, 0.98, 0.99]
    ladders = 2
"#;

fn config(run: &Run, epochs: usize) -> TrainConfig {
    let mut config = run.config("out", epochs, "");
    let text =
        format!("name = 'a'\noutput = ''\n[model]\npreset = 'micro'\n[schedule]\nepochs = 1\nbatch = 1\n{DISTORTED}");
    config.datasets = TrainConfig::parse(&text).expect("a configuration").datasets;
    config.datasets[0].distort.as_mut().expect("clean photos").photos = run.0.clone();
    config.schedule.keep = gamma_wasm::train::config::Keep::Last;
    config.schedule.checkpoint_every = 1000;
    config
}

#[test]
fn faults_and_their_forms_are_told_apart_and_kept_in_the_model() {
    let run = Run::new();
    let session = to_the_end(config(&run, 24));
    let shape = |name: &str| {
        let found = session.parameters.list.iter().find(|parameter| parameter.name == name);
        found.expect("features").shape.clone()
    };
    assert_eq!(shape("text_features.exposure"), [15, 32]);
    assert_eq!(shape("text_features.noise"), [5, 32]);
    assert_eq!(shape("text_features.natural-quality"), [5, 32]);
    let log = run.log("out");
    let losses: Vec<f64> = log
        .iter()
        .filter_map(|line| line["gradient_norm"].as_f64().and(line["loss"].as_f64()))
        .collect();
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    let (begin, end) = (mean(&losses[..6]), mean(&losses[losses.len() - 6..]));
    assert!(end < 0.7 * begin, "{begin} {end}");
    let bytes = run.file("out", "model.safetensors");
    let header = gamma_wasm::weights::Header::read(bytes.as_slice(), None, "model").expect("a header");
    // All photos that it is judged by have this fault, and none another: those are never claimed, but this one is compared with them.
    let claims = gamma_wasm::weights::findings(header.metadata.get("findings").map(String::as_str)).expect("findings");
    assert_eq!(claims.len(), 5, "{claims:?}");
    for claim in claims {
        let is_there = claim.fault == "exposure";
        assert_eq!(
            (claim.scene.as_str(), claim.score.is_some()),
            ("natural-quality", is_there),
            "{claim:?}"
        );
        assert_eq!(
            (claim.claimed, claim.right),
            if is_there { (40, 40) } else { (0, 0) },
            "{claim:?}"
        );
        assert!(claim.margin.is_some());
        assert!(header.shape(&format!("text_features.{}", claim.fault)).is_some());
    }
}

#[test]
fn faults_are_learned_from_what_is_distorted_in_the_step() {
    for (from, to) in [
        ("[dataset.distort]", "[dataset.distort]\n    count = 8"),
        ("range", "labels = 'l.csv'\n    images = ''\n    range"),
    ] {
        let text = DISTORTED.replacen(from, to, 1);
        let text = match from {
            "range" => text
                .split("[dataset.distort]")
                .next()
                .expect("a beginning")
                .replace("group = 2", ""),
            _ => text,
        };
        let text =
            format!("name = 'a'\noutput = ''\n[model]\npreset = 'micro'\n[schedule]\nepochs = 1\nbatch = 1\n{text}");
        let error = TrainConfig::parse(&text).expect_err("refused").to_string();
        assert!(error.contains("faults"), "{error}");
    }
}
