//! Ten thousand damaged files of weights of each kind end in errors, never in a panic, a hang or a huge allocation.

mod common;

use std::panic::catch_unwind;

use burn::tensor::Device;
use common::file::{Random, smallest, smallest_config, usual};
use gamma_wasm::{
    Result,
    scorer::Scorer,
    weights::{Assembly, Header, Metadata, network_hash},
};

fn load(bytes: &[u8], piece: usize, length: Option<u64>) -> Result<Scorer> {
    let mut assembly = Assembly::new(Device::flex());
    assembly.begin("model.safetensors", length)?;
    for piece in bytes.chunks(piece.max(1)) {
        assembly.push(piece)?;
    }
    pollster::block_on(Scorer::load(assembly.finish()?))
}

/// A few changes: bytes, bits, a cut, what JSON is made of. Most hit the first `header` bytes, as the data is only numbers.
fn mutate(bytes: &mut Vec<u8>, header: usize, random: &mut Random) {
    for _ in 0..=random.below(3) {
        let at = if random.below(5) == 0 {
            random.below(bytes.len())
        } else {
            random.below(header.min(bytes.len()))
        };
        match random.below(6) {
            0 => bytes[at] = random.next() as u8,
            1 => bytes[at] ^= 1 << random.below(8),
            2 => bytes.truncate(at),
            3 => bytes.insert(at, random.next() as u8),
            4 => bytes[at] = b"0123456789-.eE[]{}\",:\\"[random.below(22)],
            _ => drop(bytes.drain(at..(at + random.below(9)).min(bytes.len()))),
        }
        if bytes.is_empty() {
            break;
        }
    }
}

fn header_end(file: &[u8]) -> usize {
    8 + u64::from_le_bytes(*file.first_chunk().expect("a length")) as usize
}

/// How many of 10,000 mutations are refused.
fn refused(file: &[u8], attempt: impl Fn(&[u8], &mut Random) -> Result<()> + std::panic::RefUnwindSafe) -> usize {
    let header = header_end(file);
    let refused = |number: &u64| {
        let mut random = Random(*number);
        let mut bytes = file.to_vec();
        mutate(&mut bytes, header, &mut random);
        match catch_unwind(|| attempt(&bytes, &mut Random(*number)).is_err()) {
            Ok(refused) => refused,
            Err(_) => panic!("mutation {number} ends in a panic"),
        }
    };
    (0..10_000u64).filter(refused).count()
}

#[test]
fn ten_thousand_mutations_of_a_plain_file_end_in_errors_only() {
    let count = refused(&smallest(false).bytes(), |bytes, random| {
        load(bytes, 1 + random.below(1 << 20), None).map(drop)
    });
    // Changed numbers still make a model; damaged headers do not.
    assert!(count > 6_000, "only {count} of 10000 were refused");
}

#[test]
fn ten_thousand_mutations_of_a_quantised_file_end_in_errors_only() {
    let mut config = smallest_config();
    config.text = None;
    let file = smallest(false).version_1(&config, usual).bytes();
    let count = refused(&file, |bytes, random| {
        let length = (random.below(2) == 0).then_some(bytes.len() as u64);
        load(bytes, 1 + random.below(1 << 20), length).map(drop)
    });
    // Every number has its hash: what is not refused was changed where JSON does not care, or in words nobody reads.
    assert!(count > 9_500, "only {count} of 10000 were refused");
}

#[test]
fn ten_thousand_mutations_of_a_scene_file_end_in_errors_only() {
    let mut config = smallest_config();
    config.text = None;
    let model = smallest(false).version_1(&config, usual);
    let bytes = model.bytes();
    let header = Header::read(bytes.as_slice(), None, "model").expect("a header");
    let hash = network_hash(&header, &Metadata::read(&header).expect("metadata")).expect("hashes");
    let mut file = model;
    file.tensors.retain(|tensor| tensor.name.starts_with("text_features."));
    file.tensors.truncate(1);
    file.tensors[0].name = "text_features.further".into();
    let further = [
        ("scenes", r#"{"further":"{level} image"}"#.to_owned()),
        ("extends", hash.iter().map(|byte| format!("{byte:02x}")).collect()),
    ];
    file.metadata.remove("quantization");
    file.metadata
        .extend(further.map(|(key, value)| (key.to_owned(), value)));
    let file = file.hashed().bytes();
    let both = |scenes: &[u8], random: &mut Random| {
        let mut assembly = Assembly::new(Device::flex());
        for (at, file) in [scenes, &bytes].into_iter().enumerate() {
            if at == 0 || assembly.needs_model() {
                assembly.begin("model.safetensors", None)?;
                file.chunks(1 + random.below(1 << 20))
                    .try_for_each(|piece| assembly.push(piece).map(drop))?;
            }
        }
        pollster::block_on(Scorer::load(assembly.finish()?))
    };
    let whole = both(&file, &mut Random(0)).expect("a scene file and its model");
    assert!(whole.scenes().any(|scene| scene.id == "further"));
    let count = refused(&file, |scenes, random| both(scenes, random).map(drop));
    assert!(count > 9_000, "only {count} of 10000 were refused");
}

#[test]
fn ten_thousand_mutations_of_an_index_end_in_errors_only() {
    let file = smallest(true).version_1(&smallest_config(), usual);
    let (files, index) = file.shards(|tensor| {
        let text = tensor.starts_with("clip_model.") && !tensor.starts_with("clip_model.visual.");
        let text = text && tensor != "clip_model.logit_scale";
        if text { "text.safetensors" } else { "model.safetensors" }.into()
    });
    let mut refused = 0;
    let index = index.to_string().into_bytes();
    for number in 0..10_000u64 {
        let mut random = Random(number);
        let mut bytes = index.clone();
        let length = bytes.len();
        mutate(&mut bytes, length, &mut random);
        let attempt = || -> Result<()> {
            let mut assembly = Assembly::new(Device::flex());
            assembly.set_index(&bytes)?;
            assembly.begin("model.safetensors", None)?;
            let model = &files["model.safetensors"];
            // The header is enough to notice an index that is not of this file.
            assembly.push(&model[..header_end(model)]).map(drop)
        };
        match catch_unwind(attempt) {
            Ok(result) => refused += usize::from(result.is_err()),
            Err(_) => panic!("mutation {number} ends in a panic"),
        }
    }
    assert!(refused > 9_000, "only {refused} of 10000 were refused");
}

#[test]
fn whatever_a_file_states_about_photos_is_refused_or_within_the_limits() {
    let file = smallest(false).bytes();
    let mut header = Header::read(file.as_slice(), None, "smallest").expect("a header");
    let (mut taken, mut refused) = (0, 0);
    for number in 0..10_000 {
        let mut json = br#"{"short_side":384,"policy":"grid","crops":4}"#.to_vec();
        let length = json.len();
        mutate(&mut json, length, &mut Random(number));
        let json = String::from_utf8_lossy(&json).into_owned();
        header.metadata.insert("photo".into(), json.clone());
        match Metadata::read(&header) {
            Ok(Metadata { photo, .. }) => {
                taken += 1;
                assert!(
                    photo.short_side.is_none_or(|side| (224..=4096).contains(&side)),
                    "{json}"
                );
                assert!(photo.crops.is_none_or(|crops| (1..=100).contains(&crops)), "{json}");
            }
            Err(error) => {
                refused += 1;
                assert_eq!(error.code(), "weights-metadata", "{json}");
            }
        }
    }
    assert!(taken > 50 && refused > 5_000, "{taken} taken, {refused} refused");
}
