//! Configurations that are read and that are refused.

use std::path::Path;

use gamma_wasm::{
    model::Config,
    train::{TrainConfig, config::ComparedWith},
};

use super::support::Run;

#[test]
fn the_configurations_of_the_repository_can_be_read() {
    let weights = Path::new(env!("CARGO_MANIFEST_DIR")).join("weights");
    let lite = TrainConfig::open(&weights.join("lite.toml")).expect("weights/lite.toml");
    assert_eq!(lite.scenes(), ["natural-quality"]);
    assert_eq!(lite.domains("natural-quality"), ["clive", "ss01", "ss02", "ss03"]);
    let domains = TrainConfig::open(&weights.join("lite-domains.toml")).expect("weights/lite-domains.toml");
    let taught = TrainConfig::open(&weights.join("lite-taught.toml")).expect("weights/lite-taught.toml");
    let first = |run: &TrainConfig| run.first.iter().map(TrainConfig::model_file).collect::<Vec<_>>();
    assert_eq!(first(&taught), [domains.model_file()]);
    assert_eq!(first(&lite), [taught.model_file(), domains.model_file()]);
    // What is shipped comes last; what it is compared with is said by the run that begins it.
    let faults = TrainConfig::open(&weights.join("lite-faults.toml")).expect("weights/lite-faults.toml");
    let [underwater] = &faults.first[..] else {
        panic!("one run comes first")
    };
    let [order] = &underwater.first[..] else {
        panic!("one run comes first")
    };
    assert_eq!(first(order), [lite.model_file()]);
    assert_eq!(order.compared_with("natural-quality"), ComparedWith::Both);
    let ai = TrainConfig::open(&weights.join("lite-ai.toml")).expect("weights/lite-ai.toml");
    assert_eq!(first(&ai), [underwater.model_file()]);
    assert_eq!(ai.compared_with("ai-generated-quality"), ComparedWith::Statistics);
    let pooled = TrainConfig::open(&weights.join("lite-pooled.toml")).expect("weights/lite-pooled.toml");
    assert!(pooled.model.pooled && pooled.model.batch_norm);
    assert_eq!(pooled.scenes(), ["natural-quality"]);
    assert_eq!(pooled.learned_scenes()[1..], ["clive", "biq2021", "distortions"]);
    let next = TrainConfig::open(&weights.join("lite-next.toml")).expect("weights/lite-next.toml");
    assert_eq!(
        next.first.first().map(TrainConfig::model_file),
        Some(pooled.model_file())
    );
    let candidate = TrainConfig::open(&weights.join("lite-candidate.toml")).expect("weights/lite-candidate.toml");
    assert_eq!(first(&candidate), [next.model_file(), domains.model_file()]);
    let gamma = TrainConfig::open(&weights.join("gamma.toml")).expect("weights/gamma.toml");
    assert_eq!(gamma.datasets.len(), 12);
    // The paper: everything of CLIP is frozen but adaptive experts, routers and scale.
    let trained = |name: &str| {
        let group = gamma.optimizer.groups.iter().rev().find(|group| group.holds(name));
        group.map_or(gamma.optimizer.lr, |group| group.lr) > 0.0
    };
    let names = Config::b16().inventory();
    let trained: Vec<&str> = names
        .iter()
        .map(|entry| entry.name.as_str())
        .filter(|name| trained(name))
        .collect();
    // Twelve blocks with three experts of four tensors, a router of two and a scale; two of the adapter; the levels.
    assert_eq!(trained.len(), 12 * (12 + 2 + 1) + 3);
    assert!(trained.iter().all(|name| !name.contains("useful_experts")));
}

#[test]
fn runs_in_a_circle_are_refused() {
    let run = Run::new();
    let folder = &run.0;
    let text = |init: &str| {
        format!(
            "name = 'a'\noutput = 'out'\n[model]\ninit = '{init}'\n[schedule]\nepochs = 1\nbatch = 1\n[[dataset]]\nname = 'd'\n\
             scene = 'generic'\nimages = '.'\nlabels = 'l.csv'\nrange = [0, 1]\n"
        )
    };
    std::fs::write(folder.join("a.toml"), text("b.toml")).expect("written");
    std::fs::write(folder.join("b.toml"), text("a.toml")).expect("written");
    let error = TrainConfig::open(&folder.join("a.toml")).expect_err("a circle");
    assert_eq!(error.code(), "train");
    assert!(error.to_string().contains("one before the other"), "{error}");
}

#[test]
fn a_short_side_that_no_crop_fits_is_refused() {
    for short_side in [0, 223, 4097] {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("weights/lite-domains.toml"))
            .expect("a file");
        let text = text.replace("short_side = 384", &format!("short_side = {short_side}"));
        let error = TrainConfig::parse(&text).expect_err("refused").to_string();
        assert!(error.contains(&format!("short_side is {short_side}")), "{error}");
    }
}

#[test]
fn a_point_between_two_models_needs_both() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("weights/lite-domains.toml"))
        .expect("a file");
    for part in ["0.5", "1.5", "-1.0", "nan"] {
        let text = text.replace("ema = 0.99", &format!("ema = 0.99\ninterpolation = {part}"));
        let error = TrainConfig::parse(&text).expect_err("refused").to_string();
        assert!(error.contains("optimizer.interpolation"), "{error}");
    }
}
