//! Runs from the first step to the model, stopped ones among them.

use std::ops::ControlFlow;

use burn::tensor::Device;
use gamma_wasm::{
    image::{CropPolicy, Preparation},
    scorer::{ScoreOptions, Scorer},
    train::{Event, Session, config::Keep},
    weights::{Assembly, Header},
};
use safetensors::SafeTensors;

use super::support::{Run, to_the_end};

#[test]
fn eight_photos_are_learned_by_heart() {
    let run = Run::new();
    let session = to_the_end(run.long("out", 15));
    let last = session.state.epochs.last().expect("an epoch");
    assert!(last.mse < 0.003, "mean squared error {}", last.mse);
    assert!(last.validation[0].plcc > Some(0.97), "{last:?}");
}

#[test]
fn what_is_frozen_stays_and_the_rest_moves() {
    let run = Run::new();
    let groups = r#"
        groups = [{ tensors = "clip_model.", lr = 0.0 }, { tensors = "*.mlp.experts.", lr = 1e-3 }, { tensors = "*.gating.", lr = 1e-3 }]
    "#;
    let config = run.config("out", 1, groups);
    let before = Session::open(config.clone()).expect("a run").parameters;
    to_the_end(config);
    for parameter in before.list {
        let values = parameter.values.into_data().try_into_vec::<f32>().expect("f32");
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let moved = bytes != run.tensor("out", &parameter.name);
        let name = parameter.name;
        let trained = !name.starts_with("clip_model.") || name.contains(".mlp.experts.") || name.contains(".gating.");
        assert_eq!(moved, trained, "{name}");
    }
}

#[test]
fn what_is_stored_lies_between_the_beginning_and_the_trained_weights() {
    let run = Run::new();
    to_the_end(run.config("begun", 1, ""));
    let go_on = |output: &str, interpolation: f64| {
        let mut config = run.config(output, 3, "");
        config.model.config = None;
        config.model.init = Some(run.0.join("begun/model.safetensors"));
        config.optimizer.interpolation = interpolation;
        config.schedule.keep = Keep::Last;
        to_the_end(config);
    };
    go_on("trained", 1.0);
    go_on("between", 0.25);
    let numbers = |output: &str| -> Vec<f32> {
        let bytes = run.file(output, "model.safetensors");
        let file = SafeTensors::deserialize(&bytes).expect("a model");
        let tensor = file.tensor("clip_model.visual.proj").expect("a tensor");
        tensor
            .data()
            .as_chunks()
            .0
            .iter()
            .map(|&bytes| f32::from_le_bytes(bytes))
            .collect()
    };
    let (begun, trained, between) = (numbers("begun"), numbers("trained"), numbers("between"));
    assert!(begun != trained);
    for ((begun, trained), between) in begun.iter().zip(&trained).zip(&between) {
        assert!((0.75 * begun + 0.25 * trained - between).abs() < 1e-6);
    }
}

#[test]
fn a_killed_run_goes_on_to_the_same_weights_and_the_same_log() {
    let run = Run::new();
    let ema = "ema = 0.9";
    to_the_end(run.config("whole", 4, ema));
    // Steps 3 and 6 wrote checkpoints, the end of an epoch at steps 2, 4, 6, 8 too: step 5 is lost and done again.
    for end in [5, 7] {
        let mut session = Session::open(run.config("cut", 4, ema)).expect("a run");
        let ended = session.run(&mut |event| match event {
            Event::Step { step, .. } if *step == end => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        });
        assert!(ended.expect("a run").is_none());
    }
    let resumed = Session::open(run.config("cut", 4, ema)).expect("a run");
    assert_eq!(resumed.state.step, 6);
    to_the_end(run.config("cut", 4, ema));
    assert!(
        run.file("whole", "model.safetensors") == run.file("cut", "model.safetensors"),
        "models differ"
    );
    assert_eq!(run.log("whole"), run.log("cut"));
}

#[test]
fn one_seed_gives_the_same_weights_and_another_seed_others() {
    let run = Run::new();
    to_the_end(run.config("first", 2, ""));
    let mut again = run.config("second", 2, "");
    again.loaders = 5;
    to_the_end(again);
    let mut other = run.config("third", 2, "");
    other.seed = 1;
    to_the_end(other);
    assert!(
        run.file("first", "model.safetensors") == run.file("second", "model.safetensors"),
        "models differ"
    );
    assert!(run.file("first", "model.safetensors") != run.file("third", "model.safetensors"));
}

#[test]
fn a_finished_run_is_not_judged_again() {
    let run = Run::new();
    let outcome = |config| {
        Session::open(config)
            .expect("a run")
            .run(&mut |_| ControlFlow::Continue(()))
    };
    let first = outcome(run.config("out", 2, "")).expect("a run").expect("its end");
    assert!(!first.predictions.is_empty());
    let predictions = run.0.join("out/predictions.csv");
    std::fs::remove_file(&predictions).expect("a file");
    let again = outcome(run.config("out", 2, "")).expect("a run").expect("its end");
    assert_eq!(again, first);
    assert!(!predictions.exists(), "it was judged again");
}

#[test]
fn another_configuration_does_not_go_on_with_a_checkpoint() {
    let run = Run::new();
    to_the_end(run.config("out", 1, ""));
    let error = Session::open(run.config("out", 2, "")).err().expect("refused");
    assert_eq!(error.code(), "train");
    assert!(error.to_string().contains("another configuration"), "{error}");
}

#[test]
fn a_run_that_goes_on_from_a_model_brings_photos_to_it_as_its_file_says() {
    let run = Run::new();
    let mut config = run.config("first", 1, "");
    let photo = Preparation {
        short_side: Some(256),
        ..Preparation::default()
    };
    config.model.photo = Some(photo);
    to_the_end(config);
    let mut config = run.config("second", 1, "");
    config.model.config = None;
    config.model.init = Some(run.0.join("first/model.safetensors"));
    let session = to_the_end(config);
    assert_eq!(session.datasets[0].config.short_side, Some(256));
    let header = Header::read(run.file("second", "model.safetensors").as_slice(), None, "second").expect("a header");
    assert_eq!(header.metadata["photo"], r#"{"short_side":256}"#);
}

#[test]
fn photos_too_small_for_a_size_of_crops_are_refused() {
    let run = Run::new();
    let mut config = run.config("out", 1, "");
    config.model.photo = Some(Preparation {
        short_side: Some(300),
        sizes: vec![300, 224],
        ..Preparation::default()
    });
    config.datasets[0].short_side = Some(256);
    let error = Session::open(config).err().expect("refused");
    assert_eq!(error.code(), "dataset");
    assert!(error.to_string().contains("256 hold no crop of 300"), "{error}");
}

#[test]
fn a_trained_model_is_scored_like_any_other() {
    let run = Run::new();
    let mut config = run.config("out", 3, "");
    // Its photos have 240 x 230 pixels.
    config.model.photo = Some(Preparation {
        short_side: Some(300),
        policy: Some(CropPolicy::Grid),
        crops: Some(4),
        sizes: vec![300, 224],
    });
    let session = to_the_end(config);
    let bytes = run.file("out", "model.safetensors");
    let mut assembly = Assembly::new(Device::flex());
    assembly
        .begin("model.safetensors", Some(bytes.len() as u64))
        .expect("a file");
    assembly.push(&bytes).expect("valid weights");
    let scorer = pollster::block_on(Scorer::load(assembly.finish().expect("complete"))).expect("a model");
    assert_eq!(
        scorer.scenes().map(|scene| scene.id.as_str()).collect::<Vec<_>>(),
        ["natural-quality"]
    );
    let mut squares = 0.0;
    for sample in &session.datasets[0].validation {
        let pixels = sample.source.pixels().expect("pixels");
        let options = ScoreOptions::default();
        let scored = scorer.score(pixels, &["natural-quality"], &options);
        let assessment = pollster::block_on(scored).expect("a score");
        assert_eq!((assessment[0].width, assessment[0].height), (313, 300));
        squares += f64::from(assessment[0].score - sample.label).powi(2) / 8.0;
    }
    let best = session.state.best().expect("an epoch");
    assert!(
        (squares.sqrt() - best.validation[0].rmse).abs() < 1e-5,
        "{} {best:?}",
        squares.sqrt()
    );
}
