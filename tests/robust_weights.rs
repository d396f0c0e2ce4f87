//! Ten thousand damaged files of weights end in errors, never in a panic, a hang or a huge allocation.

use std::panic::catch_unwind;

use burn::tensor::Device;
use gamma_wasm::{Error, Result, scorer::Scorer, weights::Assembly};

/// SplitMix64 (Steele, Lea, Flood 2014): a mutation is known by its number alone.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// The smallest Gamma: one block of width 64 in one tower, two experts, the features of one scene. About 700 kB.
fn smallest() -> Vec<u8> {
    let block = "clip_model.visual.transformer.resblocks.0";
    let mlp = |name: &str| {
        vec![
            (format!("{name}.c_fc.weight"), vec![256, 64]),
            (format!("{name}.c_fc.bias"), vec![256]),
            (format!("{name}.c_proj.weight"), vec![64, 256]),
            (format!("{name}.c_proj.bias"), vec![64]),
        ]
    };
    let norm = |name: &str| vec![(format!("{name}.weight"), vec![64]), (format!("{name}.bias"), vec![64])];
    let one = |name: &str, shape: &[usize]| vec![(name.to_owned(), shape.to_vec())];
    let tensors = [
        one("clip_model.visual.class_embedding", &[64]),
        one("clip_model.visual.positional_embedding", &[50, 64]),
        one("clip_model.visual.conv1.weight", &[64, 3, 32, 32]),
        one("clip_model.visual.proj", &[64, 16]),
        norm("clip_model.visual.ln_pre"),
        norm("clip_model.visual.ln_post"),
        norm(&format!("{block}.ln_1")),
        norm(&format!("{block}.ln_2")),
        one(&format!("{block}.attn.in_proj_weight"), &[192, 64]),
        one(&format!("{block}.attn.in_proj_bias"), &[192]),
        one(&format!("{block}.attn.out_proj.weight"), &[64, 64]),
        one(&format!("{block}.attn.out_proj.bias"), &[64]),
        mlp(&format!("{block}.mlp.useful_experts")),
        mlp(&format!("{block}.mlp.experts.expert_0")),
        mlp(&format!("{block}.mlp.experts.expert_1")),
        one(&format!("{block}.mlp.gating.layer1.weight"), &[2, 64]),
        one(&format!("{block}.mlp.gating.layer1.bias"), &[2]),
        one(&format!("{block}.mlp.scale"), &[]),
        one("clip_model.logit_scale", &[]),
        one("score_level", &[5]),
        one("adapter.fc.0.weight", &[8, 16]),
        one("adapter.fc.2.weight", &[16, 8]),
        one("text_features.generic", &[5, 16]),
    ]
    .concat();
    let mut random = Random(7);
    let mut header = serde_json::json!({ "__metadata__": { "trained": "false" } });
    let mut data = Vec::new();
    for (name, shape) in tensors {
        let start = data.len();
        for _ in 0..shape.iter().product::<usize>() {
            let value = random.below(2001) as f32 / 1000.0 - 1.0;
            data.extend(half::f16::from_f32(value / 8.0).to_le_bytes());
        }
        header[name] = serde_json::json!({ "dtype": "F16", "shape": shape, "data_offsets": [start, data.len()] });
    }
    let header = header.to_string().into_bytes();
    [(header.len() as u64).to_le_bytes().to_vec(), header, data].concat()
}

fn load(bytes: &[u8], piece: usize) -> Result<Scorer> {
    let mut assembly = Assembly::new(Device::flex());
    for piece in bytes.chunks(piece.max(1)) {
        assembly.push(piece)?;
    }
    pollster::block_on(Scorer::load(assembly.finish()?))
}

fn code(bytes: &[u8]) -> &'static str {
    load(bytes, 1 << 16).err().map_or("loaded", |error: Error| error.code())
}

/// The file with another header.
fn with_header(file: &[u8], change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
    let length = u64::from_le_bytes(*file.first_chunk().expect("a length")) as usize;
    let mut header = serde_json::from_slice(&file[8..8 + length]).expect("a header");
    change(&mut header);
    let header = header.to_string().into_bytes();
    [
        (header.len() as u64).to_le_bytes().to_vec(),
        header,
        file[8 + length..].to_vec(),
    ]
    .concat()
}

#[test]
fn a_whole_file_loads_in_pieces_of_any_size() {
    let file = smallest();
    for piece in [1, 7, 4096, file.len()] {
        assert!(load(&file, piece).is_ok(), "pieces of {piece}");
    }
}

#[test]
fn each_kind_of_damage_has_its_code() {
    let file = smallest();
    assert_eq!(code(&[]), "weights-truncated");
    assert_eq!(code(&file[..7]), "weights-truncated");
    assert_eq!(code(&file[..file.len() - 1]), "weights-truncated");
    assert_eq!(code(&[file.as_slice(), &[0]].concat()), "weights-header");
    for length in [0, 1, 100_000_001, u64::MAX] {
        assert_eq!(
            code(&[&length.to_le_bytes(), &file[8..]].concat()),
            "weights-header",
            "length {length}"
        );
    }
    assert_eq!(code(b"\x10\0\0\0\0\0\0\0<!doctype html> "), "weights-header");
    let nested = [b"\x88\x13\0\0\0\0\0\0".to_vec(), vec![b'['; 5000]].concat();
    assert_eq!(code(&nested), "weights-header");

    let header = |change: &dyn Fn(&mut serde_json::Value)| code(&with_header(&file, change));
    let first = "clip_model.visual.class_embedding";
    assert_eq!(header(&|h| h[first]["dtype"] = "F17".into()), "weights-header");
    assert_eq!(header(&|h| h[first]["dtype"] = "I16".into()), "tensor-dtype");
    assert_eq!(
        header(&|h| h[first]["shape"] = serde_json::json!([1u64 << 40, 1u64 << 40])),
        "weights-header"
    );
    assert_eq!(
        header(&|h| h[first]["data_offsets"] = serde_json::json!([0, 126])),
        "weights-header"
    );
    assert_eq!(
        header(&|h| h[first]["data_offsets"] = serde_json::json!([-1, 128])),
        "weights-header"
    );
    assert_eq!(
        header(&|h| h[first]["data_offsets"] = serde_json::json!([0.5, 128])),
        "weights-header"
    );
    assert_eq!(
        header(&|h| h[first]["shape"] = serde_json::json!([8, 8])),
        "tensor-shape"
    );
    let renamed = |from: &'static str, to: &'static str| {
        move |h: &mut serde_json::Value| {
            let table = h.as_object_mut().expect("a table");
            let row = table.remove(from).expect("the tensor");
            table.insert(to.into(), row);
        }
    };
    assert_eq!(header(&renamed(first, "other")), "tensor-missing");
    assert_eq!(
        header(&renamed("clip_model.visual.conv1.weight", "other")),
        "tensor-missing"
    );
    assert_eq!(
        header(&renamed("text_features.generic", "text_features.unknown")),
        "tensor-extra"
    );

    let mut infinite = file.clone();
    let end = infinite.len();
    infinite[end - 2..].copy_from_slice(&half::f16::INFINITY.to_le_bytes());
    assert_eq!(code(&infinite), "tensor-value");
}

#[test]
fn ten_thousand_mutations_end_in_errors_only() {
    let file = smallest();
    let header_end = 8 + u64::from_le_bytes(*file.first_chunk().expect("a length")) as usize;
    let mut refused = 0;
    for number in 0..10_000u64 {
        let mut random = Random(number);
        let mut bytes = file.clone();
        // Most mutations hit the header: the data is only numbers.
        for _ in 0..=random.below(3) {
            let at = if random.below(5) == 0 {
                random.below(bytes.len())
            } else {
                random.below(header_end.min(bytes.len()))
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
        let piece = 1 + random.below(1 << 20);
        match catch_unwind(|| load(&bytes, piece).err().map(|error| error.code())) {
            Ok(code) => refused += usize::from(code.is_some()),
            Err(_) => panic!("mutation {number} ends in a panic"),
        }
    }
    // Changed numbers still make a model; damaged headers do not.
    assert!(refused > 6_000, "only {refused} of 10000 were refused");
}
