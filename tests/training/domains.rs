//! Scenes with level features of several domains of photos.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};
use gamma_wasm::{
    model::{Features, Head, LevelFeatures, POOLED_LENGTH},
    train::{Network, Parameter, Session, TrainConfig, config::OptimizerConfig},
    weights::{Assembly, Header},
};
use proptest::prelude::*;

use super::support::{Run, parameters, scenes, small, to_the_end};

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    let numbers = tensor.into_data().try_into_vec::<f32>().expect("f32");
    numbers.into_iter().map(f64::from).collect()
}

fn head() -> Head {
    let parameters = parameters(&small(), BTreeMap::new(), &OptimizerConfig::default());
    let network = Network::new(&parameters, &parameters.values(), &scenes()).expect("a model");
    network.gamma.head
}

/// Rows of L2 norm 1.
fn rows(count: usize, seed: u64) -> Tensor<2> {
    let values =
        (0..count * 32).map(|at| ((at as u64 + 1).wrapping_mul(seed * 2 + 7_919) % 1_009) as f32 / 504.5 - 1.0);
    let rows: Tensor<2> = Tensor::from_data(
        TensorData::new(values.collect::<Vec<f32>>(), [count, 32]),
        &Device::flex(),
    );
    rows.clone() / (rows.clone() * rows).sum_dim(1).sqrt()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn levels_are_those_of_one_softmax_over_all_domains(sizes in prop::collection::vec(1_usize..5, 1..4), seed in 0_u64..1_000) {
        let (head, features) = (head(), rows(3, seed + 1));
        let of_scenes: Vec<Tensor<2>> =
            sizes.iter().zip(1..).map(|(&domains, at)| rows(5 * domains, seed * 31 + at)).collect();
        let asked = LevelFeatures::new(of_scenes.clone(), 32, 16);
        let levels = numbers(head.levels(features.clone(), &asked));
        let domains = head.scene_logits(features.clone(), &asked);
        for (scene, of_scene) in of_scenes.into_iter().enumerate() {
            let logits = numbers(head.logits(head.adapt(features.clone()), of_scene));
            for (crop, logits) in logits.chunks(5 * sizes[scene]).enumerate() {
                let largest = logits.iter().copied().fold(f64::MIN, f64::max);
                let exponentials: Vec<f64> = logits.iter().map(|logit| (logit - largest).exp()).collect();
                let total: f64 = exponentials.iter().sum();
                let probabilities = numbers(Head::in_domains(domains[scene].clone()));
                for level in 0..5 {
                    let expected: f64 = exponentials.iter().skip(level).step_by(5).sum::<f64>() / total;
                    let found = levels[(crop * sizes.len() + scene) * 5 + level];
                    prop_assert!((expected - found).abs() < 1e-5, "{found}, not {expected}");
                }
                for (domain, of_domain) in exponentials.chunks(5).enumerate() {
                    let sum: f64 = of_domain.iter().sum();
                    let at = (crop * sizes[scene] + domain) * 5;
                    let found: f64 = probabilities[at..at + 5].iter().sum();
                    prop_assert!((sum / total - found).abs() < 1e-5);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn scenes_of_pooled_statistics_stand_in_their_places_among_the_others(
        scenes in prop::collection::vec((1_usize..4, 0_usize..3), 1..6),
        seed in 0_u64..1_000,
    ) {
        let (head, image) = (head(), rows(3, seed + 1));
        // Half as wide as image features.
        let narrow = |x: Tensor<2>| {
            let x = x.narrow(1, 0, 16);
            x.clone() / (x.clone() * x).sum_dim(1).sqrt()
        };
        let pooled = rows(3, seed + 2).narrow(1, 0, 16) * 7.0;
        let features = || Features { image: image.clone(), pooled: Some(pooled.clone()) };
        let of_scenes: Vec<Tensor<2>> = scenes
            .iter()
            .zip(1..)
            .map(|(&(domains, compared_with), at)| {
                let rows = rows(5 * domains, seed * 31 + at);
                match compared_with {
                    0 => rows,
                    1 => narrow(rows),
                    _ => Tensor::cat(vec![rows.clone(), narrow(rows)], 1),
                }
            })
            .collect();
        let all = head.scene_logits(features(), &LevelFeatures::new(of_scenes.clone(), 32, 16));
        prop_assert_eq!(all.len(), scenes.len());
        for ((logits, of_scene), (domains, compared_with)) in all.into_iter().zip(of_scenes).zip(scenes) {
            prop_assert_eq!(logits.dims(), [3, domains, 5]);
            let (image, pooled) = (head.adapt(image.clone()), narrow(pooled.clone()) * POOLED_LENGTH);
            let compared = match compared_with {
                0 => image,
                1 => pooled,
                _ => Tensor::cat(vec![image, pooled], 1),
            };
            let expected = numbers(head.logits(compared, of_scene));
            let found = numbers(logits);
            // A sum of two products, up to 100, is rounded otherwise than one product over both.
            let bound = if compared_with == 2 { 1e-4 } else { 1e-5 };
            prop_assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < bound), "{:?} {:?}", found, expected);
        }
    }
}

#[test]
fn domains_that_look_the_same_answer_as_one() {
    let (head, features, one) = (head(), rows(3, 5), rows(5, 9));
    let levels = |of_scene| numbers(head.levels(features.clone(), &LevelFeatures::new(vec![of_scene], 32, 16)));
    let (alone, thrice) = (levels(one.clone()), levels(Tensor::cat(vec![one; 3], 0)));
    assert!(alone.iter().zip(&thrice).all(|(a, b)| (a - b).abs() < 1e-6));
}

/// The eight photos, the even ones of one domain and the odd ones, whose labels are lower by 20, of another.
fn of_two_domains(run: &Run, epochs: usize) -> TrainConfig {
    let mut text = String::from("image,mos,camera\n");
    for index in 0..8 {
        let (label, camera) = if index % 2 == 0 {
            (60 + index, "new")
        } else {
            (40 + index, "old")
        };
        text += &format!("{index}.png,{label},{camera}\n");
    }
    std::fs::write(run.0.join("labels.csv"), text).expect("written");
    let mut config = run.config("out", epochs, "");
    config.datasets[0].domains = vec!["old".into(), "new".into()];
    config.datasets[0].domain_column = Some("camera".into());
    config.loss.domain = 0.1;
    config
}

/// The level features of the natural scene.
fn level_features(session: &Session) -> &Parameter {
    let mut list = session.parameters.list.iter();
    let found = list.find(|parameter| parameter.name == "text_features.natural-quality");
    found.expect("features")
}

#[test]
fn photos_are_told_apart_by_domain_and_the_model_keeps_the_features_of_each() {
    let run = Run::new();
    let session = to_the_end(of_two_domains(&run, 60));
    assert_eq!(level_features(&session).shape, [10, 32]);
    let log = run.log("out");
    let of = |end: &mut dyn Iterator<Item = &serde_json::Value>| -> f64 {
        let losses: Vec<f64> = end.filter_map(|line| line["loss"].as_f64()).take(6).collect();
        losses.iter().sum::<f64>() / losses.len() as f64
    };
    // The cross-entropy of two domains begins at 0.1 * ln 2.
    let (begin, end) = (of(&mut log.iter()), of(&mut log.iter().rev()));
    assert!(begin > 0.05 && end < 0.02, "{begin} {end}");
    // Another program reads what was written.
    let bytes = run.file("out", "model.safetensors");
    let header = Header::read(bytes.as_slice(), None, "model").expect("a header");
    assert_eq!(header.shape("text_features.natural-quality"), Some(&[10, 32][..]));
    let mut assembly = Assembly::new(Device::flex());
    assembly.push(&bytes).expect("a model");
    assembly.finish().expect("a model");
}

#[test]
fn domains_that_a_run_adds_begin_as_those_that_it_goes_on_from() {
    let run = Run::new();
    to_the_end(run.config("first", 1, ""));
    let mut config = of_two_domains(&run, 1);
    config.model.init = Some(run.0.join("first/model.safetensors"));
    config.model.config = None;
    let session = Session::open(config).expect("a session");
    let features = level_features(&session);
    assert_eq!(features.shape, [10, 32]);
    let rows = numbers(features.values.clone());
    assert_eq!(rows[..160], rows[160..]);
    assert_ne!(rows[..32], rows[32..64]);
}

#[test]
fn a_domain_that_nobody_named_is_refused_with_its_line() {
    let run = Run::new();
    let mut config = of_two_domains(&run, 1);
    config.datasets[0].domains = vec!["old".into(), "newer".into()];
    let error = Session::open(config).err().expect("refused").to_string();
    assert!(
        error.contains("line 2") && error.contains("`new`") && error.contains("old, newer"),
        "{error}"
    );
}

#[test]
fn domains_need_a_column_and_a_column_needs_domains() {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/weights/lite-pooled.toml")).expect("a file");
    for more in [
        "domains = ['a', 'b']",
        "domain_column = 'camera'",
        "domains = ['a']\ndomain_column = 'camera'",
    ] {
        let text = text.replacen("[[dataset]]\n", &format!("[[dataset]]\n{more}\n"), 1);
        let error = TrainConfig::parse(&text).expect_err(more).to_string();
        assert!(error.contains("domain_column"), "{error}");
    }
}
