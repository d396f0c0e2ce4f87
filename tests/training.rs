//! What the trainer promises: gradients that are right, what is frozen stays, a stopped run goes on as if nothing had been,
//! one seed gives one result, labels are turned the right way.
#![cfg(feature = "train")]

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use burn::tensor::{Device, Tensor, TensorData};
use gamma_wasm::{
    image::{CropPolicy, Preparation},
    model::{Config, Entry, LiteStem, Stem, TowerConfig, Variant},
    scorer::{ScoreOptions, Scorer},
    train::{
        Dataset, Event, Network, Parameters, Scenes, Session, TrainConfig, Weight,
        config::{DatasetConfig, LossConfig, OptimizerConfig},
        fold_efficientnet_lite, initial, loss,
    },
    weights::{Assembly, Header, convert::open},
};
use safetensors::SafeTensors;

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

fn crops(count: usize, first: u64) -> Tensor<4> {
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
fn formula(stem: &LiteStem) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
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

fn scenes() -> Scenes {
    Scenes::Learned(vec!["natural-quality".into()])
}

fn parameters(
    config: &Config,
    known: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
    optimizer: &OptimizerConfig,
) -> Parameters {
    let begin = |entry: &Entry| initial(entry, config, 7);
    Parameters::new(
        config,
        &["natural-quality".into()],
        known,
        optimizer,
        &Device::flex(),
        begin,
    )
    .expect("a model")
}

/// Two blocks, one of them with experts, on patches.
fn small() -> Config {
    Config {
        image: 224,
        patch: 56,
        stem: None,
        vision: TowerConfig {
            width: 64,
            layers: 2,
            moae_from: 1,
            context_length: 17,
            ratio: 2,
        },
        text: None,
        embed_dim: 32,
        adapter: 16,
        experts: 2,
    }
}

/// The derivative of the loss along a direction, by gradients and by the difference of two losses, for every tensor whose
/// name fits.
fn gradients_are_right(
    config: &Config,
    known: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
    terms: &LossConfig,
    wanted: fn(&str) -> bool,
) {
    let parameters = parameters(config, known, &OptimizerConfig::default());
    let input = crops(3, 99);
    let value = |values: &[Tensor<1>]| {
        let network = Network::new(&parameters, values, &scenes()).expect("complete");
        let scores = network.score(input.clone(), &[0, 0, 0]);
        loss(
            scores,
            &[0.9, 0.1, 0.5],
            &[0, 0, 0],
            &[0, 1, 1],
            &[Weight::default()],
            terms,
        )
        .total
    };
    let leaves = parameters.leaves();
    let total = value(&leaves);
    let gradients = total.backward();
    let number = |t: Tensor<1>| f64::from(t.into_data().try_into_vec::<f32>().expect("f32")[0]);
    let mut checked = 0;
    for (index, parameter) in parameters.list.iter().enumerate() {
        if !wanted(&parameter.name) {
            continue;
        }
        let gradient = leaves[index].grad(&gradients).expect("a gradient");
        // Along the gradient itself the change is largest, so that rounding matters least.
        let norm = number((gradient.clone() * gradient.clone()).sum()).sqrt();
        if norm < 1e-6 {
            continue;
        }
        let direction = gradient.clone() / norm;
        let step = (1e-3 / norm).min(0.02);
        let at = |sign: f64| {
            let mut values = parameters.values();
            values[index] = parameter.values.clone() + direction.clone() * (sign * step);
            number(value(&values))
        };
        let difference = (at(1.0) - at(-1.0)) / (2.0 * step);
        let error = (difference - norm).abs() / norm;
        assert!(
            error < 0.05,
            "{}: {norm} by gradients, {difference} by differences",
            parameter.name
        );
        checked += 1;
    }
    assert!(checked > 3, "only {checked} tensors have gradients");
}

#[test]
fn gradients_agree_with_finite_differences() {
    let terms = LossConfig {
        plcc: 0.3,
        rank: 0.5,
        order: 0.4,
        difference: 0.7,
        ..LossConfig::default()
    };
    gradients_are_right(&small(), BTreeMap::new(), &terms, |_| true);
}

#[test]
fn gradients_of_the_convolutional_stem_agree_with_finite_differences() {
    let mut config = Config::lite();
    let stem = LiteStem {
        variant: Variant::Lite0,
        levels: vec![2],
        deviations: true,
    };
    config.vision.context_length = 50;
    config.vision.width = 64;
    config.stem = Some(stem.clone());
    let known = fold_efficientnet_lite(&stem, &formula(&stem)).expect("complete");
    // The scores of three noises are almost the same here, and the correlation of almost equal scores bends too sharply for
    // differences.
    gradients_are_right(&config, known, &LossConfig::default(), |name| {
        [
            "first.weight",
            "blocks.1.depthwise.weight",
            "blocks.3.depthwise",
            "blocks.4.expand",
            "blocks.4.project",
            "levels.",
        ]
        .iter()
        .any(|part| name.contains(part))
    });
}

/// A folder of eight photos and their labels, and a configuration that learns them.
struct Run(PathBuf);

impl Drop for Run {
    fn drop(&mut self) {
        // What cannot be removed is left to the system's own cleaning.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Run {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!(
            "gamma-training-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        let mut labels = String::from("image,mos\n");
        for index in 0..8_u32 {
            let tint = (index * 30) as u8;
            let picture = image::RgbImage::from_fn(240, 230, |x, y| {
                let wave = ((x * (index + 1)) / 16 + y / 16) % 2;
                image::Rgb([tint, if wave == 0 { 40 } else { 200 }, 255 - tint])
            });
            picture.save(folder.join(format!("{index}.png"))).expect("written");
            labels += &format!("{index}.png,{}\n", 25 + (index * 37) % 70);
        }
        std::fs::write(folder.join("labels.csv"), labels).expect("written");
        Self(folder)
    }

    /// A run of `epochs` into the folder `output`, with `more` lines of configuration at the top.
    fn config(&self, output: &str, epochs: usize, optimizer: &str) -> TrainConfig {
        let text = format!(
            r#"
            name = "eight"
            output = "{output}"
            [model.config]
            image = 224
            patch = 56
            embed_dim = 32
            adapter = 16
            experts = 2
            vision = {{ width = 64, layers = 2, moae_from = 1, context_length = 17, ratio = 2 }}
            [schedule]
            epochs = {epochs}
            batch = 4
            checkpoint_every = 3
            [optimizer]
            lr = 2e-3
            {optimizer}
            [[dataset]]
            name = "eight"
            scene = "natural-quality"
            labels = "labels.csv"
            validation = "labels.csv"
            images = ""
            range = [0, 100]
            "#
        );
        let mut config = TrainConfig::parse(&text).expect("a configuration");
        config.data = self.0.clone();
        config.output = self.0.join(output);
        config
    }

    fn file(&self, output: &str, name: &str) -> Vec<u8> {
        std::fs::read(self.0.join(output).join(name)).expect("a file of the run")
    }

    /// A tensor of the checkpoint.
    fn tensor(&self, output: &str, name: &str) -> Vec<u8> {
        let bytes = self.file(output, "checkpoint.safetensors");
        let file = SafeTensors::deserialize(&bytes).expect("valid");
        file.tensor(&format!("value/{name}")).expect("a tensor").data().to_vec()
    }

    /// The log without the times, which differ.
    fn log(&self, output: &str) -> Vec<serde_json::Value> {
        let text = String::from_utf8(self.file(output, "log.jsonl")).expect("text");
        text.lines()
            .map(|line| {
                let mut line: serde_json::Value = serde_json::from_str(line).expect("JSON");
                line["seconds_left"] = serde_json::Value::Null;
                line
            })
            .collect()
    }
}

fn to_the_end(config: TrainConfig) -> Session {
    let mut session = Session::open(config).expect("a run");
    session
        .run(&mut |_| ControlFlow::Continue(()))
        .expect("a run")
        .expect("to its end");
    session
}

#[test]
fn eight_photos_are_learned_by_heart() {
    let run = Run::new();
    let session = to_the_end(run.config("out", 150, ""));
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
fn another_configuration_does_not_go_on_with_a_checkpoint() {
    let run = Run::new();
    to_the_end(run.config("out", 1, ""));
    let error = Session::open(run.config("out", 2, "")).err().expect("refused");
    assert_eq!(error.code(), "train");
    assert!(error.to_string().contains("another configuration"), "{error}");
}

fn dataset(run: &Run, labels: &str, change: impl FnOnce(&mut DatasetConfig)) -> gamma_wasm::Result<Dataset> {
    std::fs::write(run.0.join("other.csv"), labels).expect("written");
    let mut config = run.config("out", 1, "").datasets.remove(0);
    config.labels = "other.csv".into();
    config.validation = None;
    change(&mut config);
    Dataset::open(&config, &run.0, 0)
}

#[test]
fn labels_are_scaled_by_their_range_and_turned_so_that_high_is_good() {
    let run = Run::new();
    let labels = "image,dmos\n0.png,1\n1.png,3\n2.png,5\n";
    let open = |higher: bool| {
        let opened = dataset(&run, labels, |config| {
            config.label_column = "dmos".into();
            config.range = [1.0, 5.0];
            config.higher_is_better = higher;
        });
        let labels: Vec<f32> = opened
            .expect("a dataset")
            .train
            .iter()
            .map(|sample| sample.label)
            .collect();
        labels
    };
    assert_eq!(open(true), [0.0, 0.5, 1.0]);
    assert_eq!(open(false), [1.0, 0.5, 0.0]);
}

#[test]
fn what_is_missing_on_disk_is_named() {
    let run = Run::new();
    let refused = |labels: &str, change: fn(&mut DatasetConfig)| {
        let error = dataset(&run, labels, change).expect_err("refused");
        assert_eq!(error.code(), "dataset");
        error.to_string()
    };
    assert!(refused("image,mos\nnone.png,3\n", |_| ()).contains("none.png"));
    assert!(refused("image,score\n0.png,3\n", |_| ()).contains("no column `mos`; it has image, score"));
    assert!(refused("image,mos\n0.png,good\n", |_| ()).contains("line 2: `good` is no number"));
    assert!(refused("image,mos\n0.png,101\n", |_| ()).contains("outside the range 0 to 100"));
    assert!(refused("image,mos\n", |_| ()).contains("has no rows"));
    assert!(refused("", |config| config.labels = "away.csv".into()).contains("away.csv"));
}

#[test]
fn a_tile_is_the_square_that_its_number_says() {
    let run = Run::new();
    let mosaic = image::RgbImage::from_fn(80, 60, |x, y| image::Rgb([(x / 20) as u8, (y / 20) as u8, 0]));
    mosaic.save(run.0.join("mosaic.png")).expect("written");
    let tiles = |labels: &str| {
        dataset(&run, labels, |config| {
            config.images = None;
            config.mosaic = Some(gamma_wasm::train::config::MosaicConfig {
                file: "mosaic.png".into(),
                tile: 20,
            });
        })
    };
    let opened = tiles("image,mos\n6,3\n11,4\n").expect("a dataset");
    let colours: Vec<[u8; 2]> = opened
        .train
        .iter()
        .map(|sample| {
            let pixels = sample.source.pixels().expect("pixels");
            assert_eq!((pixels.width, pixels.height), (20, 20));
            assert!(pixels.rgb.chunks_exact(3).all(|p| p == &pixels.rgb[..3]), "one colour");
            [pixels.rgb[0], pixels.rgb[1]]
        })
        .collect();
    assert_eq!(colours, [[2, 1], [3, 2]]);
    assert!(
        tiles("image,mos\n12,3\n")
            .expect_err("refused")
            .to_string()
            .contains("tile 12 is outside")
    );
}

#[test]
fn what_is_set_aside_keeps_groups_together_and_follows_the_seed() {
    let run = Run::new();
    let labels: String = (0..8)
        .map(|index| format!("{index}.png,{index},{}\n", index / 2))
        .collect();
    let opened = dataset(&run, &format!("image,mos,photo\n{labels}"), |config| {
        config.group_column = Some("photo".into());
        config.validation_fraction = 0.5;
    })
    .expect("a dataset");
    assert_eq!((opened.train.len(), opened.validation.len()), (4, 4));
    let group = |name: &str| name.trim_end_matches(".png").parse::<u32>().expect("a number") / 2;
    let aside: Vec<u32> = opened.validation.iter().map(|sample| group(&sample.name)).collect();
    assert!(opened.train.iter().all(|sample| !aside.contains(&group(&sample.name))));
}

#[test]
fn files_without_a_header_and_counts_of_ratings_are_read_as_configured() {
    let run = Run::new();
    let opened = dataset(&run, "1 0 1 0 3\n2 1 0 0 1\n", |config| {
        config.delimiter = ' ';
        let columns = ["row", "image", "r1", "r2", "r3"];
        config.columns = Some(columns.map(String::from).to_vec());
        config.image_suffix = ".png".into();
        config.count_columns = Some(columns[2..].iter().copied().map(String::from).collect());
        config.range = [0.0, 3.0];
    });
    let samples = opened.expect("a dataset").train;
    let labels: Vec<(&str, f32)> = samples
        .iter()
        .map(|sample| (sample.name.as_str(), sample.label))
        .collect();
    assert_eq!(labels, [("0.png", 2.5 / 3.0), ("1.png", 1.0)]);
}

#[test]
fn the_configurations_of_the_repository_can_be_read() {
    let weights = Path::new(env!("CARGO_MANIFEST_DIR")).join("weights");
    let lite = TrainConfig::open(&weights.join("lite.toml")).expect("weights/lite.toml");
    assert_eq!(lite.scenes(), ["natural-quality"]);
    let joint = TrainConfig::open(&weights.join("lite-joint.toml")).expect("weights/lite-joint.toml");
    assert_eq!(joint.scenes(), ["natural-quality"]);
    assert_eq!(joint.learned_scenes()[1..], ["clive", "biq2021", "distortions"]);
    assert_eq!(joint.first.map(|first| first.model_file()), Some(lite.model_file()));
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
fn a_short_side_that_no_crop_fits_is_refused() {
    for short_side in [0, 223, 4097] {
        let text =
            std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("weights/lite.toml")).expect("a file");
        let text = text.replace("short_side = 384", &format!("short_side = {short_side}"));
        let error = TrainConfig::parse(&text).expect_err("refused").to_string();
        assert!(error.contains(&format!("short_side is {short_side}")), "{error}");
    }
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
