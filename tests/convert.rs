//! Checkpoints to files of weights: the published layout as a `.pth`, hostile pickles, what is written and when.

#![cfg(feature = "cli")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use gamma_wasm::Error;
use gamma_wasm::image::Pixels;
use gamma_wasm::model::Config;
use gamma_wasm::scorer::{ScoreOptions, Scorer};
use gamma_wasm::weights::convert::{Options, Pth, Report, Scenes, Scheme, Source, Target, convert, open};
use gamma_wasm::weights::{Assembly, Header};
use rawzip::{CompressionMethod, ZipArchiveWriter};
use safetensors::SafeTensors;
use serde_json::Value;
use sha2::{Digest, Sha256};

const MICRO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/micro/gamma_micro.pth");
const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/tiny/model.safetensors");

/// An empty folder of a test's own.
fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("convert").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn options(target: Target) -> Options {
    Options {
        target,
        shard_bytes: None,
        scenes: Scenes::None,
        text: true,
        force: false,
        extends: None,
        device: gamma_wasm::ops::DeviceChoice::Cpu,
        metadata: BTreeMap::new(),
    }
}

fn run(checkpoint: &str, out: &Path, options: &Options) -> Result<Report, Error> {
    convert(open(Path::new(checkpoint))?.as_mut(), out, options, &mut |_| {})
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_published_layout_becomes_the_tensors_that_it_holds() {
    let out = folder("micro");
    run(MICRO, &out, &options(Target::F32)).unwrap();
    let bytes = fs::read(out.join("model.safetensors")).unwrap();
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let stated: BTreeMap<String, String> =
        serde_json::from_str(&header.metadata().as_ref().unwrap()["sha256"]).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let expected: Value =
        serde_json::from_slice(&fs::read(Path::new(MICRO).with_file_name("tensors.json")).unwrap()).unwrap();
    let expected = expected.as_object().unwrap();
    assert_eq!((tensors.len(), expected.len()), (485, 485));
    for (name, expected) in expected {
        let tensor = tensors.tensor(name).unwrap();
        assert_eq!(hex(tensor.data()), expected["sha256_le_bytes"], "{name}");
        assert_eq!(serde_json::json!(tensor.shape()), expected["shape"], "{name}");
        assert_eq!(stated[name], expected["sha256_le_bytes"], "{name}");
    }
}

#[test]
fn a_conversion_gives_the_same_bytes_every_time() {
    let (first, second) = (folder("same_1"), folder("same_2"));
    for out in [&first, &second] {
        run(MICRO, out, &options(Target::Quantized(Scheme::Q8))).unwrap();
    }
    for name in ["model.safetensors", "model.safetensors.index.json"] {
        assert_eq!(
            hex(&fs::read(first.join(name)).unwrap()),
            hex(&fs::read(second.join(name)).unwrap()),
            "{name}"
        );
    }
}

#[test]
fn q4_keeps_its_budget_and_q8_the_error_of_plain_rounding() {
    let q4 = run(MICRO, &folder("q4"), &options(Target::Quantized(Scheme::Q4))).unwrap();
    let sums = q4.quantized.unwrap();
    // 4 bits a weight, and an F16 scale for each 64.
    assert!(sums.bytes * 8 <= sums.numbers * 4 + sums.numbers / 64 * 16, "{sums:?}");
    let q8 = run(MICRO, &folder("q8"), &options(Target::Quantized(Scheme::Q8))).unwrap();
    let sums = q8.quantized.unwrap();
    // Uniformly spread weights, rounded at a step of largest / 127: sqrt(1/12) steps against sqrt(1/3) of 127.
    assert!(
        sums.weighted_relative_rms < 0.01 && sums.bytes < sums.numbers * 17 / 16,
        "{sums:?}"
    );
}

#[test]
fn what_is_written_can_be_converted_again() {
    let (q8, again) = (folder("again_q8"), folder("again_f32"));
    run(MICRO, &q8, &options(Target::Quantized(Scheme::Q8))).unwrap();
    run(q8.to_str().unwrap(), &again, &options(Target::F32)).unwrap();
    let (mut from, mut to) = (open(&q8).unwrap(), open(&again).unwrap());
    for tensor in from.tensors().to_vec() {
        assert_eq!(
            from.read(&tensor.name).unwrap(),
            to.read(&tensor.name).unwrap(),
            "{}",
            tensor.name
        );
    }
}

#[test]
fn shards_keep_their_size_and_hold_everything() {
    let out = folder("shards");
    let shard_bytes = Some(2_000_000);
    let asked = Options {
        shard_bytes,
        scenes: Scenes::Ids(vec!["generic".into()]),
        ..options(Target::F16)
    };
    let report = run(TINY, &out, &asked).unwrap();
    assert_eq!(report.scenes, ["generic"]);
    assert!(
        report.files.len() > 4 && report.files.keys().all(|name| name.contains("-of-")),
        "{:?}",
        report.files
    );
    let mut names = Vec::new();
    for file in report.files.keys() {
        let bytes = fs::read(out.join(file)).unwrap();
        names.extend(
            SafeTensors::deserialize(&bytes)
                .unwrap()
                .names()
                .into_iter()
                .map(str::to_owned),
        );
    }
    assert_eq!(names.len(), 486);
    let index: Value = serde_json::from_slice(&fs::read(out.join("model.safetensors.index.json")).unwrap()).unwrap();
    assert!(names.iter().all(|name| index["weight_map"][name].is_string()));
}

#[test]
fn files_of_an_earlier_run_are_replaced_only_when_asked() {
    let out = folder("force");
    run(MICRO, &out, &options(Target::F32)).unwrap();
    let before = fs::read(out.join("model.safetensors")).unwrap();
    let refused = run(MICRO, &out, &options(Target::F16)).unwrap_err();
    assert!(
        refused.code() == "option" && refused.to_string().contains("--force"),
        "{refused}"
    );
    assert!(before == fs::read(out.join("model.safetensors")).unwrap());
    let forced = Options {
        force: true,
        ..options(Target::F16)
    };
    run(MICRO, &out, &forced).unwrap();
    assert!(fs::read(out.join("model.safetensors")).unwrap().len() < before.len() * 6 / 10);
    assert!(
        fs::read_dir(&out)
            .unwrap()
            .all(|file| !file.unwrap().path().to_string_lossy().ends_with(".part"))
    );
}

/// A source that fails in the middle, as a disk does.
struct Failing(Box<dyn Source>, usize);

impl Source for Failing {
    fn tensors(&self) -> &[gamma_wasm::weights::convert::SourceTensor] {
        self.0.tensors()
    }
    fn metadata(&self) -> &BTreeMap<String, String> {
        self.0.metadata()
    }
    fn dropped(&self) -> &[String] {
        self.0.dropped()
    }
    fn read(&mut self, name: &str) -> Result<Vec<f32>, Error> {
        self.1 = self
            .1
            .checked_sub(1)
            .ok_or_else(|| Error::TensorValue(name.to_owned()))?;
        self.0.read(name)
    }
}

#[test]
fn a_run_that_fails_leaves_nothing() {
    for reads in [0, 100, 484] {
        let out = folder("failing");
        let mut source = Failing(open(Path::new(MICRO)).unwrap(), reads);
        let error = convert(&mut source, &out, &options(Target::F32), &mut |_| {}).unwrap_err();
        assert_eq!(error.code(), "tensor-value");
        assert_eq!(fs::read_dir(&out).unwrap().count(), 0, "after {reads} reads");
    }
}

/// A `.pth` of a pickle and one storage of four floats.
fn pth(pickle: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut archive = ZipArchiveWriter::new(&mut bytes);
    let storage: Vec<u8> = [1f32, 2.0, 3.0, 4.0]
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    for (name, data) in [("a/data.pkl", pickle), ("a/data/0", storage.as_slice())] {
        let file = archive.new_file(name).compression_method(CompressionMethod::STORE);
        let (mut entry, config) = file.start().unwrap();
        let mut writer = config.wrap(&mut entry);
        writer.write_all(data).unwrap();
        let (_, descriptor) = writer.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap();
    bytes
}

/// The pickle of `{"w": tensor}` with this shape and these strides over the four floats.
fn tensor(shape: [u8; 2], strides: [u8; 2]) -> Vec<u8> {
    let mut pickle =
        b"\x80\x02}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\n\
        X\x01\0\0\x000X\x03\0\0\0cpuK\x04tQK\0"
            .to_vec();
    for pair in [shape, strides] {
        pickle.extend([b'K', pair[0], b'K', pair[1], 0x86]);
    }
    pickle.extend(b"\x89ccollections\nOrderedDict\n)RtRs.");
    pickle
}

fn read(pickle: &[u8]) -> Result<Vec<f32>, Error> {
    let bytes = pth(pickle);
    let length = bytes.len() as u64;
    let mut source = Pth::open("a.pth", bytes, length)?;
    source.read("w")
}

#[test]
fn strides_are_followed_within_their_storage() {
    assert_eq!(read(&tensor([2, 2], [2, 1])).unwrap(), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(read(&tensor([2, 2], [1, 2])).unwrap(), [1.0, 3.0, 2.0, 4.0]);
    assert_eq!(read(&tensor([2, 1], [2, 7])).unwrap(), [1.0, 3.0]);
    for (shape, strides, code) in [
        ([2, 2], [3, 1], "pickle-damaged"),
        ([200, 200], [0, 0], "pickle-refused"),
        ([255, 255], [255, 255], "pickle-damaged"),
    ] {
        assert_eq!(
            read(&tensor(shape, strides)).unwrap_err().code(),
            code,
            "{shape:?} {strides:?}"
        );
    }
}

#[test]
fn nothing_in_a_pickle_is_executed() {
    let refused: [(&[u8], &str); 7] = [
        (b"\x80\x02cos\nsystem\nX\x02\0\0\0id\x85R.", "os.system"),
        (b"\x80\x02cposix\nsystem\nX\x02\0\0\0id\x85R.", "posix.system"),
        (b"\x80\x02c__builtin__\neval\nX\x01\0\0\x001\x85R.", "__builtin__.eval"),
        (b"\x80\x04\x8c\x08builtins\x8c\x04exec\x93.", "builtins.exec"),
        (b"\x80\x02ctorch\nload\n.", "torch.load"),
        (b"\x80\x02(i__main__\nX\n.", "INST"),
        (b"\x80\x02ccollections\nOrderedDict\n)\x81.", "NEWOBJ"),
    ];
    for (pickle, named) in refused {
        let error = read(pickle).unwrap_err();
        assert_eq!(error.code(), "pickle-refused", "{error}");
        assert!(error.to_string().contains(named), "{error}");
    }
}

#[test]
fn a_pickle_cannot_ask_for_depth_or_memory() {
    let head = b"\x80\x02".to_vec();
    let nested = |unit: &[u8], count: usize| [head.clone(), unit.repeat(count), b".".to_vec()].concat();
    assert_eq!(read(&nested(b"(", 300)).unwrap_err().code(), "pickle-refused");
    // Tuples in tuples: their end must not recurse either.
    assert_eq!(read(&nested(b")\x85", 500_000)).unwrap_err().code(), "pickle-refused");
    assert_eq!(
        read(&[b"\x80\x02)".to_vec(), b"\x85".repeat(900_000), b".".to_vec()].concat())
            .unwrap_err()
            .code(),
        "pickle-refused"
    );
    assert_eq!(read(&nested(b"]", 2_500_000)).unwrap_err().code(), "pickle-refused");
    for damaged in [
        b"\x80\x02X\xff\xff\xff\xff.".as_slice(),
        b"\x80\x05\x96\xff\xff\xff\xff\xff\xff\xff\xff.",
        b"\x80\x02)r\xff\xff\xff\xffj\xfe\xff\xff\xff.",
        b"\x80\x02",
        b"",
    ] {
        assert_eq!(read(damaged).unwrap_err().code(), "pickle-damaged", "{damaged:?}");
    }
}

#[test]
fn damaged_pickles_end_in_errors() {
    let whole = tensor([2, 2], [2, 1]);
    for length in 0..whole.len() {
        assert!(read(&whole[..length]).is_err(), "{length} bytes");
    }
    // SplitMix64 (Steele, Lea, Flood 2014).
    let mut seed = 3u64;
    let mut random = || {
        seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (seed ^ (seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) as usize
    };
    for _ in 0..10_000 {
        let mut pickle = whole.clone();
        for _ in 0..1 + random() % 4 {
            let at = random() % pickle.len();
            pickle[at] = random() as u8;
        }
        if let Ok(values) = read(&pickle) {
            assert!(values.len() <= 4 && values.iter().all(|value| value.is_finite()));
        }
    }
    let archive = pth(&whole);
    for _ in 0..10_000 {
        let mut bytes = archive.clone();
        let at = random() % bytes.len();
        bytes[at] = random() as u8;
        bytes.truncate(if random() % 4 == 0 {
            random() % bytes.len()
        } else {
            bytes.len()
        });
        let length = bytes.len() as u64;
        if let Ok(mut source) = Pth::open("a.pth", bytes, length) {
            let _ = source.read("w");
        }
    }
}

/// What its file states about photos.
const PHOTO: &str = r#"{"short_side":384,"policy":"grid","crops":4}"#;

/// What it states of faults, one of which the scene that is compared with pooled statistics tells.
const FINDINGS: &str = r#"[{"scene":"natural-quality","fault":"ai-generated-quality","forms":["a","b"],"score":0.5,"claimed":40,"right":39}]"#;

/// Gamma-Lite, its class token with pooled statistics or without, with numbers of the size that layers start with, and the features of
/// one scene; with pooled statistics also of one that is compared with these.
fn lite(pooled: bool) -> Vec<u8> {
    let mut state = 7u64;
    let mut number = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    let mut config = Config::lite();
    let stem = config.stem.as_mut().unwrap();
    stem.pooled = pooled;
    let statistics = stem.pooled_statistics();
    let features = [
        ("natural-quality", config.embed_dim, 1),
        ("ai-generated-quality", statistics, 2),
    ];
    let features = features[..if pooled { 2 } else { 1 }]
        .iter()
        .map(|(scene, width, domains)| (format!("text_features.{scene}"), vec![5 * domains, *width]));
    let entries = config.inventory().into_iter().map(|entry| (entry.name, entry.shape));
    let data: Vec<(String, Vec<usize>, Vec<u8>)> = entries
        .chain(features)
        .map(|(name, shape)| {
            let inputs: usize = shape.iter().skip(1).product();
            let size = (1.7 / (inputs as f32).sqrt()).min(1.0);
            let is_gain = shape.len() == 1 && name.ends_with(".weight") || name.ends_with(".deviation");
            let gain = if is_gain { 1.0 } else { 0.0 };
            let numbers = (0..shape.iter().product::<usize>()).map(|_| gain + size * number() * (1.0 - gain));
            let data = numbers.flat_map(f32::to_le_bytes).collect();
            (name, shape, data)
        })
        .collect();
    let views = data.iter().map(|(name, shape, data)| {
        let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape.clone(), data).unwrap();
        (name.as_str(), view)
    });
    let mut metadata: std::collections::HashMap<String, String> = [
        ("trained".to_owned(), "false".to_owned()),
        ("photo".to_owned(), PHOTO.to_owned()),
    ]
    .into();
    if pooled {
        metadata.insert("findings".to_owned(), FINDINGS.to_owned());
    }
    safetensors::serialize(views, Some(metadata)).unwrap()
}

#[test]
fn gamma_lite_in_8_bits_is_loaded_and_scores_as_before() {
    in_8_bits(false);
}

#[test]
fn pooled_statistics_in_8_bits_are_loaded_and_score_as_before() {
    in_8_bits(true);
}

fn in_8_bits(pooled: bool) {
    let out = folder(if pooled { "pooled" } else { "lite" });
    let original = out.join("lite.safetensors");
    fs::write(&original, lite(pooled)).unwrap();
    let asked = Options {
        scenes: Scenes::All,
        ..options(Target::Quantized(Scheme::Q8))
    };
    let report = run(original.to_str().unwrap(), &out.join("q8"), &asked).unwrap();
    assert!(report.quantized.is_some());
    let score = |path: &Path| {
        let mut assembly = Assembly::new(Device::flex());
        assembly.push(&fs::read(path).unwrap()).unwrap();
        let scorer = pollster::block_on(Scorer::load(assembly.finish().unwrap())).unwrap();
        let rgb = (0..224 * 224 * 3).map(|i| (i * 7 % 251) as u8).collect();
        let pixels = Pixels {
            width: 224,
            height: 224,
            rgb,
        };
        // A scene that only tells a fault is not offered, but there.
        let offered: Vec<&str> = scorer.scenes().map(|scene| scene.id.as_str()).collect();
        assert_eq!(offered, ["natural-quality"]);
        let scenes = ["natural-quality", "ai-generated-quality"];
        let scenes = &scenes[..if pooled { 2 } else { 1 }];
        let found = pollster::block_on(scorer.score(pixels, scenes, &ScoreOptions::default())).unwrap();
        found
            .into_iter()
            .map(|assessment| assessment.score)
            .collect::<Vec<f32>>()
    };
    let (before, after) = (score(&original), score(&out.join("q8/model.safetensors")));
    let bytes = fs::read(out.join("q8/model.safetensors")).unwrap();
    let header = Header::read(bytes.as_slice(), None, "q8").unwrap();
    assert_eq!(header.metadata["photo"], PHOTO);
    assert_eq!(header.metadata["config"].contains(r#""pooled":true"#), pooled);
    // What a shipped model may differ by between its two forms.
    let apart = |(before, after): (&f32, &f32)| (before - after).abs() <= 0.005;
    assert!(before.iter().zip(&after).all(apart), "{before:?} {after:?}");
    if pooled {
        // Level features of so many numbers are halved with the rest.
        let wide = header.tensor("text_features.ai-generated-quality").unwrap();
        assert_eq!((wide.dtype, wide.shape[0]), (safetensors::Dtype::F16, 10));
        assert_eq!(header.metadata["findings"], FINDINGS);
        let alone = Options {
            scenes: Scenes::Ids(vec!["natural-quality".into()]),
            ..options(Target::Quantized(Scheme::Q8))
        };
        run(original.to_str().unwrap(), &out.join("alone"), &alone).unwrap();
        let bytes = fs::read(out.join("alone/model.safetensors")).unwrap();
        let header = Header::read(bytes.as_slice(), None, "alone").unwrap();
        assert!(!header.metadata.contains_key("findings"));
    }
    assert!(fs::metadata(out.join("q8/model.safetensors")).unwrap().len() <= 6_000_000);
}

/// Gives files to an assembly, one after the other.
fn assemble(files: &[&[u8]]) -> Result<Scorer, Error> {
    let mut assembly = Assembly::new(Device::flex());
    for (at, &bytes) in files.iter().enumerate() {
        // Neither has a name of its own where it comes from a stream.
        assembly.begin("model.safetensors", Some(bytes.len() as u64))?;
        bytes
            .chunks(100_000)
            .try_for_each(|piece| assembly.push(piece).map(|_| ()))?;
        assert_eq!(assembly.needs_model(), at == 0 && files[0].len() < 100_000);
    }
    pollster::block_on(Scorer::load(assembly.finish()?))
}

#[test]
fn a_scene_file_adds_its_scenes_to_the_model_that_it_is_for() {
    let out = folder("scene-file");
    let (original, model) = (out.join("lite.safetensors"), out.join("model/model.safetensors"));
    fs::write(&original, lite(true)).unwrap();
    let (checkpoint, model_path) = (original.to_str().unwrap(), Some(model.clone()));
    let converted = |to: &str, ids: &str, extends: &Option<PathBuf>| {
        let metadata = ["name", "licence"].map(|key| (key.to_owned(), format!("{key} of {to}")));
        let asked = Options {
            scenes: Scenes::Ids(ids.split(',').map(str::to_owned).collect()),
            extends: extends.clone(),
            metadata: metadata.into(),
            ..options(Target::Quantized(Scheme::Q8))
        };
        run(checkpoint, &out.join(to), &asked)?;
        let names: Vec<_> = fs::read_dir(out.join(to))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names.len(), if extends.is_some() { 1 } else { 2 }, "{names:?}");
        Ok::<_, Error>(fs::read(out.join(to).join("model.safetensors")).unwrap())
    };
    let (natural, made) = ("natural-quality", "ai-generated-quality");
    let whole = converted("whole", &format!("{natural},{made}"), &None).unwrap();
    let model = converted("model", natural, &None).unwrap();
    let scenes = converted("scenes", made, &model_path).unwrap();
    assert!(scenes.len() < 50_000, "{} bytes", scenes.len());

    let together = assemble(&[&scenes, &model]).unwrap();
    let score = |scorer: &Scorer| {
        let rgb = (0..224 * 224 * 3).map(|i| (i * 7 % 251) as u8).collect();
        let pixels = Pixels {
            width: 224,
            height: 224,
            rgb,
        };
        let found = pollster::block_on(scorer.score(pixels, &[natural, made], &ScoreOptions::default())).unwrap();
        found.iter().map(|assessment| assessment.score).collect::<Vec<f32>>()
    };
    assert_eq!(score(&together), score(&assemble(&[&whole]).unwrap()));
    let (info, alone) = (together.info(), assemble(&[&model]).unwrap());
    assert_eq!(
        (info.name.as_str(), info.licence.as_deref()),
        ("name of scenes", Some("licence of scenes"))
    );
    assert_eq!(info.photo, alone.info().photo);
    assert_eq!(info.parameters, assemble(&[&whole]).unwrap().info().parameters);
    let ids = |scorer: &Scorer| scorer.scenes().map(|scene| scene.id.clone()).collect::<Vec<_>>();
    assert_eq!(
        (ids(&together), ids(&alone)),
        (vec![natural.to_owned(), made.to_owned()], vec![natural.to_owned()])
    );

    let refused = |files: &[&[u8]], code: &str, says: &str| {
        let error = assemble(files).err().expect("refused");
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(says), "{error}");
    };
    refused(&[&scenes], "weights-scenes", "did not come");
    refused(&[&scenes, &scenes], "weights-scenes", "another scene file");
    refused(
        &[&scenes, &whole],
        "weights-scenes",
        "`ai-generated-quality` is in the scene file and in the model",
    );
    refused(
        &[&scenes, &fs::read(&original).unwrap()],
        "weights-scenes",
        "without hashes",
    );
    refused(&[&model, &scenes], "option", "index");
    // Another network: the sign of one number differs.
    let mut other = lite(true);
    let header = u64::from_le_bytes(other[..8].try_into().unwrap()) as usize + 8;
    let number = header + (other.len() - header) / 2 / 4 * 4;
    other[number + 3] ^= 0x80;
    let path = out.join("other.safetensors");
    fs::write(&path, other).unwrap();
    let asked = Options {
        scenes: Scenes::Ids(vec![natural.into()]),
        ..options(Target::Quantized(Scheme::Q8))
    };
    run(path.to_str().unwrap(), &out.join("other"), &asked).unwrap();
    let other = fs::read(out.join("other/model.safetensors")).unwrap();
    refused(
        &[&scenes, &other],
        "weights-scenes",
        "take the scene file that came with the model",
    );

    let refused = |extends: &Path, says: &str| {
        let error = converted("refused", made, &Some(extends.to_owned())).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    };
    refused(&original, "no model that `gamma convert` wrote");
    refused(
        &out.join("scenes/model.safetensors"),
        "no model that `gamma convert` wrote",
    );
    refused(Path::new(TINY), "other dimensions");
}
