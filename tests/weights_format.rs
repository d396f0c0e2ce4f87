//! Version 1 of the weights format as a loader meets it: quantised tensors, hashes, metadata, several files.

mod common;

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};
use common::{
    file::{Choice, File, Random, smallest, smallest_config, usual},
    folder,
};
use gamma_wasm::{
    Result,
    image::Pixels,
    model::{Config, Gamma},
    prompt::Scene,
    scorer::{ScoreOptions, Scorer, TextTowerState},
    weights::{Assembly, Checkpoint},
};
use serde_json::{Value, json};

const CODES: &str = "clip_model.visual.transformer.resblocks.0.attn.in_proj_weight";
const SCALES: &str = "clip_model.visual.transformer.resblocks.0.attn.in_proj_weight_scale";
const EXPERT: &str = "clip_model.visual.transformer.resblocks.0.mlp.experts.expert_0.c_fc.weight";
const SHARED: &str = "clip_model.visual.transformer.resblocks.0.mlp.useful_experts.c_fc.weight";

/// The smallest model in version 1, without its text tower.
fn quantised() -> File {
    let mut config = smallest_config();
    config.text = None;
    smallest(false).version_1(&config, usual)
}

fn checkpoint(bytes: &[u8], piece: usize, keep: bool) -> Result<Checkpoint> {
    let mut assembly = Assembly::new(Device::flex()).keep_quantized(keep);
    for piece in bytes.chunks(piece) {
        assembly.push(piece)?;
    }
    assembly.finish()
}

fn load(file: &File, keep: bool) -> Result<Scorer> {
    pollster::block_on(Scorer::load(checkpoint(&file.bytes(), 1 << 16, keep)?))
}

fn code(file: &File) -> &'static str {
    load(file, false).err().map_or("loaded", |error| error.code())
}

/// The code after a change of which the hashes know.
fn changed(change: impl FnOnce(&mut File)) -> &'static str {
    let mut file = quantised();
    change(&mut file);
    code(&file.hashed())
}

fn tensor<'a>(file: &'a mut File, name: &str) -> &'a mut common::file::Stored {
    let mut tensors = file.tensors.iter_mut();
    tensors.find(|tensor| tensor.name == name).expect("the tensor")
}

fn metadata(key: &'static str, change: impl FnOnce(&mut Value)) -> impl FnOnce(&mut File) {
    move |file| {
        let mut value = serde_json::from_str(&file.metadata[key]).expect("JSON");
        change(&mut value);
        file.metadata.insert(key.into(), value.to_string());
    }
}

fn photo() -> Pixels {
    let mut random = Random(3);
    Pixels {
        width: 240,
        height: 224,
        rgb: (0..240 * 224 * 3).map(|_| random.next() as u8).collect(),
    }
}

fn score(scorer: &Scorer, scene: &str) -> f32 {
    let scored = pollster::block_on(scorer.score(photo(), &[scene], &ScoreOptions::default()));
    scored.expect("a score")[0].score
}

#[test]
fn a_quantised_file_is_the_model_of_its_widened_weights() {
    let file = quantised();
    let expected = score(&load(&file.widened(), false).expect("plain weights"), "generic");
    for keep in [false, true] {
        let found = score(&load(&file, keep).expect("quantised weights"), "generic");
        // Experts kept as differences are never added to their base: sums of the same numbers in another order.
        assert!(
            (found - expected).abs() <= 1e-6,
            "kept in codes: {keep}: {found} {expected}"
        );
    }
    let plain = score(&load(&smallest(false), false).expect("plain weights"), "generic");
    assert!((plain - expected).abs() < 0.01, "{plain} {expected}");
}

#[test]
fn any_number_of_bits_and_any_group_loads() {
    let mut config = smallest_config();
    config.text = None;
    for (bits, group) in [(2, 16), (3, 64), (4, 8), (5, 4), (6, 1), (7, 32), (8, 2)] {
        let choose = |name: &str, shape: [usize; 2]| -> Choice { usual(name, shape).map(|_| (bits, group, None)) };
        let file = smallest(false).version_1(&config, choose);
        let expected = score(&load(&file.widened(), false).expect("plain weights"), "generic");
        let found = score(&load(&file, true).expect("quantised weights"), "generic");
        assert_eq!(found, expected, "{bits} bits in groups of {group}");
    }
}

#[test]
fn pieces_of_any_size_make_the_same_model() {
    let file = quantised();
    let bytes = file.bytes();
    let expected = score(&load(&file, true).expect("the model"), "generic");
    for piece in [1, 7, 4096, bytes.len()] {
        let checkpoint = checkpoint(&bytes, piece, true).expect("the model");
        let scorer = pollster::block_on(Scorer::load(checkpoint)).expect("the model");
        assert_eq!(score(&scorer, "generic"), expected, "pieces of {piece}");
    }
}

#[test]
fn tiny_in_eight_bits_scores_as_in_floats() {
    let plain = std::fs::read(folder("tiny/model.safetensors")).expect("the weights are in the repository");
    let plain = File::parse(&plain);
    let bits_8 = |name: &str, shape: [usize; 2]| usual(name, shape).map(|(_, group, _)| (8, group, None));
    let file = plain.version_1(&Config::tiny(), bits_8);
    let features = |file: &File| {
        let mut checkpoint = checkpoint(&file.bytes(), 1 << 20, true).expect("the model");
        let gamma = Gamma::load(&checkpoint.config, &mut checkpoint.tensors).expect("the model");
        let mut random = Random(5);
        let crop: Vec<f32> = (0..3 * 224 * 224)
            .map(|_| random.below(2001) as f32 / 1000.0 - 1.0)
            .collect();
        let crop = Tensor::<4>::from_data(TensorData::new(crop, [1, 3, 224, 224]), &Device::flex());
        let prompt = vec![vec![49406, 2533, 49407], vec![49406, 1125, 2533, 49407]];
        let text = gamma.text.as_ref().expect("a text tower").forward(&prompt);
        let features = gamma.head.adapt(gamma.visual.forward(crop));
        features
            .matmul(text.transpose())
            .into_data()
            .try_into_vec::<f32>()
            .expect("f32")
    };
    for (plain, quantised) in features(&plain).iter().zip(features(&file)) {
        // Cosines.
        assert!((plain - quantised).abs() < 3e-3, "{plain} {quantised}");
    }
}

#[test]
fn a_changed_byte_of_any_tensor_is_found_by_its_hash() {
    let file = quantised();
    for index in 0..file.tensors.len() {
        let mut damaged = file.clone();
        let data = &mut damaged.tensors[index].data;
        let middle = data.len() / 2;
        data[middle] ^= 1;
        let error = load(&damaged, false).err().expect("a refusal");
        assert_eq!(error.code(), "tensor-hash");
        assert!(error.to_string().contains(&damaged.tensors[index].name), "{error}");
    }
}

#[test]
fn values_that_no_model_has() {
    let f16 = half::f16::to_le_bytes;
    for scale in [
        half::f16::NAN,
        half::f16::INFINITY,
        half::f16::ZERO,
        half::f16::NEG_ZERO,
    ] {
        assert_eq!(
            changed(|file| tensor(file, SCALES).data[..2].copy_from_slice(&f16(scale))),
            "tensor-scale"
        );
    }
    let negative = |file: &mut File| tensor(file, SCALES).data[..2].copy_from_slice(&f16(half::f16::NEG_ONE));
    assert_eq!(changed(negative), "loaded");
    let infinite = |file: &mut File| tensor(file, "score_level").data[..2].copy_from_slice(&f16(half::f16::INFINITY));
    assert_eq!(changed(infinite), "tensor-value");
    // A scale in single precision whose weights would overflow.
    let huge = |file: &mut File| {
        let scales = tensor(file, SCALES);
        scales.data = scales.values().iter().flat_map(|_| f32::MAX.to_le_bytes()).collect();
        scales.dtype = safetensors::Dtype::F32;
    };
    assert_eq!(changed(huge), "tensor-scale");
}

#[test]
fn metadata_that_contradicts_the_tensors() {
    assert_eq!(
        changed(|file| drop(file.metadata.insert("format_version".into(), "2".into()))),
        "weights-version"
    );
    for version in ["0", "1.0", "", "one"] {
        let code = changed(|file| drop(file.metadata.insert("format_version".into(), version.into())));
        assert_eq!(code, "weights-metadata", "{version:?}");
    }
    for (key, value) in [
        ("config", "{}"),
        ("config", "[["),
        ("levels", r#"["good"]"#),
        ("scenes", "[]"),
        ("scenes", r#"{"a": "{level}", "a": "{level} b"}"#),
        ("quantization", "{}"),
        (
            "quantization",
            r#"{"scheme": "q8", "tensors": {"a": {"bits": -8, "group": 1, "shape": [1, 8]}}}"#,
        ),
    ] {
        assert_eq!(
            changed(|file| drop(file.metadata.insert(key.into(), value.into()))),
            "weights-metadata",
            "{key}"
        );
    }
    assert_eq!(changed(|file| drop(file.metadata.remove("config"))), "weights-metadata");
    assert_eq!(
        changed(metadata("config", |config| config["experts"] = 3.into())),
        "tensor-shape"
    );
    assert_eq!(
        changed(metadata("config", |config| config["vision"]["layers"] = 2.into())),
        "tensor-missing"
    );
    assert_eq!(
        changed(metadata("config", |config| config["vision"]["width"] = (1u64 << 40).into())),
        "config"
    );

    let layout = |change: fn(&mut Value)| changed(metadata("quantization", move |q| change(&mut q["tensors"])));
    assert_eq!(layout(|t| t[CODES]["bits"] = 9.into()), "weights-metadata");
    assert_eq!(
        layout(|t| t[CODES]["bits"] = ((1u64 << 32) + 8).into()),
        "weights-metadata"
    );
    assert_eq!(layout(|t| t[CODES]["group"] = 5.into()), "weights-metadata");
    assert_eq!(layout(|t| t[CODES]["bits"] = 4.into()), "tensor-dtype");
    assert_eq!(layout(|t| t[CODES]["shape"] = json!([64, 192])), "tensor-shape");
    assert_eq!(layout(|t| t[CODES]["group"] = 64.into()), "tensor-shape");
    assert_eq!(layout(|t| t["nothing"] = t[CODES].clone()), "tensor-missing");
    assert_eq!(
        layout(|t| drop(t.as_object_mut().unwrap().remove(CODES))),
        "tensor-dtype"
    );
    assert_eq!(layout(|t| t[EXPERT]["base"] = "nothing".into()), "weights-metadata");
    assert_eq!(layout(|t| t[EXPERT]["base"] = EXPERT.into()), "weights-metadata");
    assert_eq!(layout(|t| t[EXPERT]["base"] = CODES.into()), "weights-metadata");
    assert_eq!(layout(|t| t[SHARED]["base"] = EXPERT.into()), "weights-metadata");
    let far = |file: &mut File| {
        let at = file.tensors.iter().position(|tensor| tensor.name == SCALES).unwrap();
        let scales = file.tensors.remove(at);
        file.tensors.insert(0, scales);
    };
    assert_eq!(changed(far), "weights-metadata");
    let lost = |file: &mut File| file.tensors.retain(|tensor| tensor.name != SCALES);
    assert_eq!(changed(lost), "tensor-missing");

    // Not hashed again after these.
    let hashes = |change: fn(&mut Value)| {
        let mut file = quantised();
        metadata("sha256", change)(&mut file);
        code(&file)
    };
    assert_eq!(hashes(|h| h[CODES] = "00".into()), "weights-metadata");
    assert_eq!(hashes(|h| h[CODES] = "g".repeat(64).into()), "weights-metadata");
    assert_eq!(hashes(|h| h[CODES] = "0".repeat(64).into()), "tensor-hash");
    assert_eq!(
        hashes(|h| drop(h.as_object_mut().unwrap().remove(CODES))),
        "weights-metadata"
    );
    assert_eq!(hashes(|h| h["nothing"] = "0".repeat(64).into()), "weights-metadata");
}

#[test]
fn a_file_that_ends_early_or_late() {
    let bytes = quantised().bytes();
    let code = |bytes: &[u8]| checkpoint(bytes, 1 << 16, false).err().map(|error| error.code());
    for length in [0, 7, 8, 1000, bytes.len() - 1] {
        assert_eq!(code(&bytes[..length]), Some("weights-truncated"), "{length} bytes");
    }
    assert_eq!(code(&[bytes.as_slice(), &[0]].concat()), Some("weights-trailing"));
}

/// Shards of the smallest model with its text tower: two for the model, one for the text tower.
fn shards() -> (BTreeMap<String, Vec<u8>>, Value) {
    let file = smallest(true).version_1(&smallest_config(), usual);
    file.shards(|tensor| match tensor {
        _ if tensor.starts_with("clip_model.visual.transformer.") => "model-00001-of-00002.safetensors".into(),
        _ if tensor.starts_with("clip_model.visual.") || tensor == "clip_model.logit_scale" => {
            "model-00002-of-00002.safetensors".into()
        }
        _ if tensor.starts_with("clip_model.") => "text.safetensors".into(),
        _ => "model-00002-of-00002.safetensors".into(),
    })
}

fn assemble(mut assembly: Assembly, files: &BTreeMap<String, Vec<u8>>, names: &[&str]) -> Result<Checkpoint> {
    for name in names {
        assembly.begin(name, None)?;
        for piece in files[*name].chunks(10_000) {
            assembly.push(piece)?;
        }
    }
    assembly.finish()
}

const MODEL: [&str; 2] = ["model-00002-of-00002.safetensors", "model-00001-of-00002.safetensors"];
const TEXT: &str = "text.safetensors";

fn with_index(index: &Value) -> Result<Assembly> {
    let mut assembly = Assembly::new(Device::flex());
    assembly.set_index(index.to_string().as_bytes())?;
    Ok(assembly)
}

#[test]
fn shards_make_the_model_and_the_text_tower_comes_later() {
    let (files, index) = shards();
    let whole = smallest(true).version_1(&smallest_config(), usual);
    let whole = load(&whole, false).expect("one file");
    assert_eq!(whole.text_tower(), TextTowerState::Loaded);

    let mut assembly = Assembly::new(Device::flex());
    let read = assembly
        .set_index(index.to_string().as_bytes())
        .expect("an index")
        .clone();
    let order: Vec<(&str, bool)> = read.files.iter().map(|file| (file.name.as_str(), file.text)).collect();
    assert_eq!(order, [(MODEL[0], false), (MODEL[1], false), (TEXT, true)]);
    let checkpoint = assemble(assembly, &files, &MODEL).expect("the model's shards");
    let mut scorer = pollster::block_on(Scorer::load(checkpoint)).expect("a model");
    assert_eq!(score(&scorer, "generic"), score(&whole, "generic"));
    assert_eq!(scorer.text_tower(), TextTowerState::Separate);
    assert!(scorer.info().text_tower);
    assert_eq!(scorer.info().parameters, whole.info().parameters);

    let other = scorer.share();
    let text = scorer.text_assembly().expect("text files");
    let text = assemble(text, &files, &[TEXT]).expect("the text tower");
    pollster::block_on(scorer.add_text(text)).expect("the text tower");
    assert_eq!(scorer.text_tower(), TextTowerState::Loaded);
    // Whoever shares the model has its text tower too.
    assert_eq!(other.text_tower(), TextTowerState::Loaded);

    let everything = assemble(with_index(&index).unwrap(), &files, &[MODEL[0], TEXT, MODEL[1]]).expect("all at once");
    let everything = pollster::block_on(Scorer::load(everything)).expect("a model");
    assert_eq!(everything.text_tower(), TextTowerState::Loaded);
}

#[test]
fn the_first_file_alone_is_a_whole_model_without_text_tower() {
    let (files, _) = smallest(true).version_1(&smallest_config(), usual).shards(|tensor| {
        let text = tensor.starts_with("clip_model.") && !tensor.starts_with("clip_model.visual.");
        let text = text && tensor != "clip_model.logit_scale";
        if text { TEXT } else { "model.safetensors" }.into()
    });
    let checkpoint = checkpoint(&files["model.safetensors"], 1 << 16, false).expect("a model");
    let scorer = pollster::block_on(Scorer::load(checkpoint)).expect("a model");
    assert_eq!(scorer.text_tower(), TextTowerState::None);
    assert!(!scorer.info().text_tower);
    assert!(score(&scorer, "generic").is_finite());
    assert_eq!(scorer.text_assembly().err().map(|error| error.code()), Some("config"));
    // The text tower alone is none.
    let code = self::checkpoint(&files[TEXT], 1 << 16, false)
        .err()
        .map(|error| error.code());
    assert_eq!(code, Some("tensor-missing"));
}

#[test]
fn shards_that_are_missing_or_swapped() {
    let (files, index) = shards();
    let code = |index: &Value, files: &BTreeMap<String, Vec<u8>>, names: &[&str]| {
        let assembled = with_index(index).and_then(|assembly| assemble(assembly, files, names));
        assembled.err().map_or("loaded", |error| error.code())
    };
    assert_eq!(code(&index, &files, &MODEL), "loaded");
    assert_eq!(code(&index, &files, &[]), "shard-missing");
    assert_eq!(code(&index, &files, &MODEL[..1]), "shard-missing");
    assert_eq!(code(&index, &files, &[MODEL[0], MODEL[0]]), "option");

    let mut swapped = files.clone();
    swapped.insert(MODEL[0].into(), files[MODEL[1]].clone());
    swapped.insert(MODEL[1].into(), files[MODEL[0]].clone());
    let mut without_lengths = index.clone();
    without_lengths["metadata"] = json!({});
    assert_eq!(code(&without_lengths, &files, &MODEL), "loaded");
    assert_eq!(code(&without_lengths, &swapped, &MODEL), "shard-swapped");
    // With lengths, they are the first thing that does not fit.
    assert!(["header-range", "weights-trailing", "shard-swapped"].contains(&code(&index, &swapped, &MODEL)));

    let mut assembly = with_index(&index).unwrap();
    assert_eq!(
        assembly.begin("other.safetensors", None).err().map(|e| e.code()),
        Some("shard-swapped")
    );
    assert_eq!(
        assembly.begin(MODEL[0], Some(5)).err().map(|e| e.code()),
        Some("shard-swapped")
    );
    // Which of several files bytes belong to has to be said.
    assert_eq!(assembly.push(&[0]).err().map(|e| e.code()), Some("option"));

    let mut hole = index.clone();
    hole["weight_map"].as_object_mut().unwrap().remove(CODES);
    assert_eq!(code(&hole, &files, &MODEL), "tensor-missing");
    let mut elsewhere = without_lengths.clone();
    elsewhere["weight_map"]["score_level"] = TEXT.into();
    assert_eq!(code(&elsewhere, &files, &MODEL), "shard-swapped");

    // A shard of another model with the same tensors.
    let mut other = smallest_config();
    other.vision.context_length = 50;
    other.text.as_mut().unwrap().vocabulary = 500;
    let mut stranger = File::parse(&files[TEXT]);
    stranger.metadata.insert("config".into(), json!(other).to_string());
    let embedding = stranger
        .tensors
        .iter()
        .position(|tensor| tensor.name.ends_with("token_embedding.weight"))
        .unwrap();
    for tensor in &mut stranger.tensors[embedding - 1..=embedding] {
        let row = tensor.data.len() / tensor.shape[0];
        tensor.shape[0] = 500;
        tensor.data.truncate(500 * row);
    }
    let mut strange = files.clone();
    metadata("quantization", |q| {
        q["tensors"]["clip_model.token_embedding.weight"]["shape"] = json!([500, 64])
    })(&mut stranger);
    strange.insert(TEXT.into(), stranger.hashed().bytes());
    assert_eq!(
        code(&without_lengths, &strange, &[MODEL[0], MODEL[1], TEXT]),
        "shard-swapped"
    );
}

#[test]
fn a_failed_assembly_stays_failed() {
    let mut assembly = Assembly::new(Device::flex());
    assert!(assembly.push(&[0xff; 8]).is_err());
    assert_eq!(
        assembly.push(&quantised().bytes()).err().map(|e| e.code()),
        Some("weights-format")
    );
    assert_eq!(assembly.finish().err().map(|e| e.code()), Some("weights-format"));
}

#[test]
fn a_second_file_needs_an_index() {
    let bytes = quantised().bytes();
    let mut assembly = Assembly::new(Device::flex());
    assembly.begin("a.safetensors", None).expect("a file");
    assembly.push(&bytes[..10_000]).expect("its first bytes");
    assert_eq!(
        assembly.begin("b.safetensors", None).err().map(|e| e.code()),
        Some("weights-truncated")
    );
    assembly.push(&bytes[10_000..]).expect("the rest");
    assert_eq!(
        assembly.begin("b.safetensors", None).err().map(|e| e.code()),
        Some("option")
    );
    assert!(assembly.set_index(b"{}").is_err());
    assembly.finish().expect("a model");
}

#[test]
fn scenes_of_one_scorer_are_not_those_of_another_that_shares_its_model() {
    let scorer = load(&quantised(), true).expect("a model");
    let other = scorer.share();
    assert_eq!(score(&scorer, "generic"), score(&other, "generic"));
    let mut scorer = scorer;
    let added = scorer.read_scene(Scene::new("mine", "{level} shot").expect("a scene"), &vec![vec![1]; 5]);
    assert_eq!(added.err().map(|error| error.code()), Some("scene-invalid"));
    assert_eq!(
        other.scenes().map(|scene| scene.id.as_str()).collect::<Vec<_>>(),
        ["generic"]
    );
}
