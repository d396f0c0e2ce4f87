//! The convolutional stem against its PyTorch port, and its batch normalisation.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use burn::tensor::{Device, Tensor, TensorData};
use gamma_wasm::{
    image::{CropPolicy, Preparation},
    model::{Config, LiteStem, Stem},
    scorer::{ScoreOptions, Scorer},
    train::{
        Event, Network, Outcome, Session, TrainConfig,
        config::{ComparedWith, GroupConfig, OptimizerConfig},
        efficientnet_lite, fold_efficientnet_lite,
    },
    weights::{Assembly, convert::open},
};
use safetensors::SafeTensors;

use super::support::{Run, parameters, scenes, to_the_end};

/// SplitMix64, as `tests/golden/efficientnet_lite0/make.py` has it: numbers in [0, 1), from draw `first` on.
fn uniform(first: u64, count: usize) -> impl Iterator<Item = f32> {
    (0..count as u64).map(move |at| {
        let step = 0x9E37_79B9_7F4A_7C15_u64;
        let z = 1_u64.wrapping_add(step.wrapping_mul(first + at + 1));
        let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 40) as f32 / (1_u64 << 24) as f32
    })
}

pub fn crops(count: usize, first: u64) -> Tensor<4> {
    let values: Vec<f32> = uniform(first, count * 3 * 224 * 224).map(|u| u * 4.0 - 2.0).collect();
    Tensor::from_data(TensorData::new(values, [count, 3, 224, 224]), &Device::flex())
}

/// The names and shapes of the port's tensors up to the last block.
fn port_shapes(stem: &LiteStem) -> BTreeMap<String, Vec<usize>> {
    let mut shapes = BTreeMap::new();
    let mut add = |convolution: String, norm: String, shape: [usize; 4]| {
        for part in ["weight", "bias", "running_mean", "running_var"] {
            shapes.insert(format!("{norm}.{part}"), vec![shape[0]]);
        }
        shapes.insert(format!("{convolution}.weight"), shape.to_vec());
    };
    add("_conv_stem".into(), "_bn0".into(), [32, 3, 3, 3]);
    for (index, block) in stem.blocks().iter().enumerate() {
        let name = format!("_blocks.{index}");
        if block.hidden != block.input {
            let shape = [block.hidden, block.input, 1, 1];
            add(format!("{name}._expand_conv"), format!("{name}._bn0"), shape);
        }
        let shape = [block.hidden, 1, block.kernel, block.kernel];
        add(format!("{name}._depthwise_conv"), format!("{name}._bn1"), shape);
        let shape = [block.output, block.hidden, 1, 1];
        add(format!("{name}._project_conv"), format!("{name}._bn2"), shape);
    }
    shapes
}

/// The weights that the golden file was made with.
pub fn formula(stem: &LiteStem) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
    let mut drawn = 0;
    port_shapes(stem)
        .into_iter()
        .map(|(name, shape)| {
            let count = shape.iter().product::<usize>();
            let values = uniform(drawn, count);
            drawn += count as u64;
            let values: Vec<f32> = if let [_, inputs @ ..] = shape.as_slice()
                && !inputs.is_empty()
            {
                let scale = (12.0 / inputs.iter().product::<usize>() as f64).sqrt() as f32;
                values.map(|u| (u - 0.5) * scale).collect()
            } else if name.ends_with("weight") || name.ends_with("running_var") {
                values.map(|u| u + 0.5).collect()
            } else {
                values.map(|u| u - 0.5).collect()
            };
            (name, (shape, values))
        })
        .collect()
}

fn agrees_with_the_port(port: &BTreeMap<String, (Vec<usize>, Vec<f32>)>, golden: &Path) {
    let config = Config::lite();
    let stem = config.stem.clone().expect("Gamma-Lite has a stem");
    let known = fold_efficientnet_lite(&stem, port).expect("complete weights");
    let parameters = parameters(&config, known, &OptimizerConfig::default());
    let network = Network::new(&parameters, &parameters.values(), &scenes()).expect("complete model");
    let Stem::EfficientNetLite(stem) = &network.gamma.visual.stem else {
        panic!("another stem");
    };
    let bytes = std::fs::read(golden).expect("the golden tensors");
    let golden = SafeTensors::deserialize(&bytes).expect("valid");
    for (level, name) in stem
        .pyramid(crops(1, 1 << 32))
        .into_iter()
        .zip(["level.2", "level.4", "level.6"])
    {
        let view = golden.tensor(name).expect("a level");
        // The port's pictures have their channels first.
        let level = level.permute([0, 3, 1, 2]);
        assert_eq!(level.dims().as_slice(), view.shape(), "{name}");
        let found = level.into_data().try_into_vec::<f32>().expect("f32");
        let deviation = (found.iter().map(|f| f * f).sum::<f32>() / found.len() as f32).sqrt();
        let expected = view.data().as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b));
        let worst = found
            .iter()
            .zip(expected)
            .map(|(f, e)| (f - e).abs())
            .fold(0.0, f32::max);
        // Sums run over up to 1152 products in another order, layer after layer, and ReLU6 cuts some of them.
        assert!(
            worst < 2e-3 * deviation,
            "{name} is off by {worst}, its deviation is {deviation}"
        );
    }
}

#[test]
fn the_stem_computes_what_its_pytorch_port_computes() {
    let stem = Config::lite().stem.expect("Gamma-Lite has a stem");
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/efficientnet_lite0/golden.safetensors");
    agrees_with_the_port(&formula(&stem), &golden);
}

#[test]
#[ignore = "needs the ImageNet weights: IMAGENET=FOLDER as `make.py --imagenet FOLDER` fills it"]
fn the_stem_agrees_on_the_imagenet_weights() {
    let folder = PathBuf::from(std::env::var("IMAGENET").expect("IMAGENET names a folder"));
    let bytes = std::fs::read(folder.join("weights.safetensors")).expect("the weights");
    let expected = SafeTensors::deserialize(&bytes).expect("valid");
    let mut source = open(&folder.join("weights.pth")).expect("the published file");
    let tensors = source.tensors().to_vec();
    assert_eq!(tensors.len(), expected.len());
    let mut port = BTreeMap::new();
    for tensor in tensors.into_iter().filter(|tensor| tensor.dtype != "I64") {
        let (view, values) = (
            expected.tensor(&tensor.name).expect("a tensor"),
            source.read(&tensor.name).expect("its values"),
        );
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        assert!(view.data() == bytes && view.shape() == tensor.shape, "{}", tensor.name);
        port.insert(tensor.name, (tensor.shape, values));
    }
    agrees_with_the_port(&port, &folder.join("golden.safetensors"));
}

#[test]
fn batch_normalisation_with_the_moments_of_its_batch_is_what_folding_them_gives() {
    let config = Config::lite();
    let stem = config.stem.clone().expect("Gamma-Lite has a stem");
    let mut tensors = efficientnet_lite(&stem, &formula(&stem)).expect("complete weights");
    let input = crops(2, 5);
    let levels = |tensors: &BTreeMap<String, (Vec<usize>, Vec<f32>)>| {
        let parameters = parameters(&config, tensors.clone(), &OptimizerConfig::default());
        let network = Network::new(&parameters, &parameters.values(), &scenes()).expect("complete model");
        let Stem::EfficientNetLite(stem) = network.gamma.visual.stem else {
            panic!("another stem");
        };
        let levels: Vec<Vec<f32>> = stem
            .pyramid(input.clone())
            .into_iter()
            .map(|level| level.into_data().try_into_vec().expect("f32"))
            .collect();
        (levels, stem.moments())
    };
    let (normalized, moments) = levels(&tensors);
    assert_eq!(moments.len(), 1 + 16 * 3 - 1, "one for each convolution");
    for (name, moments) in moments {
        let numbers: Vec<f32> = moments.into_data().try_into_vec().expect("f32");
        let (means, variances) = numbers.split_at(numbers.len() / 2);
        for (end, values) in [("mean", means), ("variance", variances)] {
            let name = format!("clip_model.visual.stem.{name}.norm.{end}");
            tensors.get_mut(&name).expect("a moment").1 = values.to_vec();
        }
    }
    gamma_wasm::train::fold(&mut tensors);
    assert!(tensors.keys().all(|name| !name.contains("norm")));
    let (folded, moments) = levels(&tensors);
    assert!(moments.is_empty());
    for (normalized, folded) in normalized.iter().zip(&folded) {
        let deviation = (folded.iter().map(|f| f * f).sum::<f32>() / folded.len() as f32).sqrt();
        let worst = normalized
            .iter()
            .zip(folded)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert!(worst < 2e-3 * deviation, "off by {worst}, the deviation is {deviation}");
    }
}

/// A run on a stem of one level, with its batch normalisation and pooled statistics.
fn normalized_run(run: &Run, output: &str) -> TrainConfig {
    let mut config = run.config(output, 2, "ema = 0.5");
    let dimensions = r#"
        image = 224
        patch = 32
        embed_dim = 32
        adapter = 16
        experts = 2
        stem = { variant = "lite0", levels = [2], deviations = true }
        vision = { width = 64, layers = 1, moae_from = 0, context_length = 50, ratio = 2 }
    "#;
    let dimensions: Config = toml::from_str(dimensions).expect("dimensions");
    let stem = dimensions.stem.clone().expect("a stem");
    let port = formula(&stem);
    let file = run.0.join("port.safetensors");
    let bytes: BTreeMap<&String, (&Vec<usize>, Vec<u8>)> = port
        .iter()
        .map(|(name, (shape, values))| (name, (shape, values.iter().flat_map(|v| v.to_le_bytes()).collect())))
        .collect();
    let views = bytes.iter().map(|(name, (shape, bytes))| {
        let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, (*shape).clone(), bytes);
        (name.as_str(), view.expect("a tensor"))
    });
    std::fs::write(&file, safetensors::serialize(views, None).expect("a file")).expect("written");
    config.model.config = Some(dimensions);
    config.model.stem = Some(file);
    config.model.batch_norm = true;
    config.model.pooled = true;
    config.model.photo = Some(Preparation {
        policy: Some(CropPolicy::Grid),
        crops: Some(4),
        ..Preparation::default()
    });
    config.validation.final_crops = 4;
    config
}

#[test]
fn a_killed_run_with_batch_normalisation_goes_on_to_the_same_model_which_has_none() {
    let run = Run::new();
    let mut session = Session::open(normalized_run(&run, "whole")).expect("a run");
    let outcome = session
        .run(&mut |_| ControlFlow::Continue(()))
        .expect("a run")
        .expect("to its end");
    let mut session = Session::open(normalized_run(&run, "cut")).expect("a run");
    let ended = session.run(&mut |event| match event {
        // The end of the first epoch, at step 2, and step 3 wrote checkpoints.
        Event::Step { step: 4, .. } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    assert!(ended.expect("a run").is_none());
    to_the_end(normalized_run(&run, "cut"));
    let model = run.file("whole", "model.safetensors");
    assert!(model == run.file("cut", "model.safetensors"), "models differ");
    let tensors = SafeTensors::deserialize(&model).expect("valid");
    assert!(
        tensors.names().iter().all(|name| !name.contains("norm")),
        "{:?}",
        tensors.names()
    );
    // What is usual of the statistics was measured once, and stayed.
    for name in ["mean", "deviation"].map(|end| format!("clip_model.visual.stem.pooled.{end}")) {
        let measured = tensors.tensor(&name).expect("a tensor");
        assert_eq!(measured.shape(), [2 * (16 + 24 + 40)]);
        assert!(measured.data() == run.tensor("whole", &name), "{name} moved");
        let first = f32::from_le_bytes(measured.data()[..4].try_into().expect("four bytes"));
        assert!(first != 0.0 && first != 1.0, "{name} was not measured");
    }
    scores_as_its_run(&model, &session, &outcome);
}

/// The file scores photos as the run that it came out of did.
fn scores_as_its_run(model: &[u8], session: &Session, outcome: &Outcome) {
    let mut assembly = Assembly::new(Device::flex());
    assembly.push(model).expect("valid weights");
    let scorer = pollster::block_on(Scorer::load(assembly.finish().expect("complete"))).expect("a model");
    let samples = &session.datasets[0].validation;
    assert_eq!(samples.len(), outcome.predictions[0].scores.len());
    for (sample, expected) in samples.iter().zip(&outcome.predictions[0].scores) {
        let pixels = sample.source.pixels().expect("pixels");
        let scored = pollster::block_on(scorer.score(pixels, &["natural-quality"], &ScoreOptions::default()));
        let found = f64::from(scored.expect("a score")[0].score);
        assert!((found - expected).abs() < 1e-5, "{found}, not {expected}");
    }
}

#[test]
fn a_scene_that_is_compared_with_both_goes_on_where_it_was() {
    let run = Run::new();
    to_the_end(normalized_run(&run, "first"));
    let goes_on = |output: &str, rate: f64| {
        let mut config = normalized_run(&run, output);
        config.model.config = None;
        config.model.stem = None;
        config.model.batch_norm = false;
        config.model.init = Some(run.0.join("first/model.safetensors"));
        config.datasets[0].compared_with = ComparedWith::Both;
        config.optimizer.groups = ["*", "text_features."]
            .map(|tensors| GroupConfig {
                tensors: tensors.into(),
                lr: rate * f64::from(u8::from(tensors != "*")),
            })
            .into();
        let mut session = Session::open(config).expect("a run");
        let outcome = session
            .run(&mut |_| ControlFlow::Continue(()))
            .expect("a run")
            .expect("to its end");
        (session, outcome)
    };
    const NAME: &str = "text_features.natural-quality";
    let rows = |output: &str| -> Vec<Vec<f32>> {
        let model = run.file(output, "model.safetensors");
        let model = SafeTensors::deserialize(&model).expect("valid");
        let values = model.tensor(NAME).expect("level features").data().chunks(4);
        let values: Vec<f32> = values
            .map(|bytes| f32::from_le_bytes(bytes.try_into().expect("four")))
            .collect();
        values.chunks(values.len() / 5).map(<[f32]>::to_vec).collect()
    };
    let (_, before) = goes_on("still", 1e-30);
    let (session, after) = goes_on("both", 1e-2);
    let first = rows("first");
    for ((first, still), both) in first.iter().zip(rows("still")).zip(rows("both")) {
        assert_eq!((first.len(), still.len(), both.len()), (32, 32 + 160, 32 + 160));
        let same = first.iter().zip(&still).all(|(a, b)| (a - b).abs() < 1e-6);
        assert!(same && still[32..].iter().all(|&value| value.abs() < 1e-20));
        let norm: f32 = both[..32].iter().map(|value| value * value).sum();
        assert!(
            (norm - 1.0).abs() < 1e-5 && both[32..].iter().all(|&value| value != 0.0),
            "{norm}"
        );
    }
    assert!(before.predictions[0].scores != after.predictions[0].scores);
    scores_as_its_run(&run.file("still", "model.safetensors"), &session, &before);
    scores_as_its_run(&run.file("both", "model.safetensors"), &session, &after);
}

#[test]
fn what_a_step_leaves_out_changes_it() {
    let run = Run::new();
    let first_loss = |output: &str, dropout: f64| {
        let mut config = normalized_run(&run, output);
        config.model.pooled_dropout = dropout;
        let mut loss = 0.0;
        let mut session = Session::open(config).expect("a run");
        let ended = session.run(&mut |event| {
            if let Event::Step { loss: found, .. } = event {
                loss = *found;
            }
            ControlFlow::Break(())
        });
        assert!(ended.expect("a run").is_none());
        loss
    };
    let whole = first_loss("whole", 0.0);
    assert!(first_loss("half", 0.5) != whole);
    assert_eq!(first_loss("again", 0.0), whole);
}

#[test]
fn a_scene_of_pooled_statistics_begins_with_levels_that_are_about_as_likely() {
    let run = Run::new();
    let mut config = normalized_run(&run, "statistics");
    config.datasets[0].compared_with = ComparedWith::Statistics;
    let mut without = config.clone();
    let session = Session::open(config).expect("a run");
    let features = (session.parameters.list.iter()).position(|found| found.name == "text_features.natural-quality");
    let features = features.expect("level features");
    let statistics = 2 * (16 + 24 + 40);
    assert_eq!(session.parameters.list[features].shape, [5, statistics]);
    let values: Vec<f32> = session.parameters.values()[features]
        .clone()
        .into_data()
        .try_into_vec()
        .expect("f32");
    let rows: Vec<&[f32]> = values.chunks(statistics).collect();
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    for (at, row) in rows.iter().enumerate() {
        for other in &rows[..at] {
            let cosine = product(row, other) / (product(row, row) * product(other, other)).sqrt();
            assert!((0.97..0.9999).contains(&cosine), "{cosine}");
        }
    }
    without.model.pooled = false;
    without.output = run.0.join("without");
    let error = Session::open(without).err().expect("refused").to_string();
    assert!(error.contains("model.pooled"), "{error}");
}
