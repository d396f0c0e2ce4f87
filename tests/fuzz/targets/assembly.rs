//! The streaming assembly: whole files, pieces of any size, several files. A file's data is mostly numbers of which each is
//! as good as the other, so the fuzzer writes the headers and the data is made to fit, hashes included.
#![no_main]

use burn::tensor::Device;
use gamma_wasm::{
    scorer::Scorer,
    weights::{Assembly, Header},
};
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

/// The most data that is made for a header.
const MAX_DATA: u64 = 1 << 20;
/// As F16 about 1.06, as F32 about 0.0115, as codes 60: nothing that is refused for its value.
const FILLING: u8 = 0x3c;

fuzz_target!(|input: &[u8]| {
    let Some((&[mode, piece], rest)) = input.split_first_chunk() else {
        return;
    };
    let piece = 1 + usize::from(piece).pow(2);
    let parts: Vec<&[u8]> = match mode & 3 {
        // Parts are told apart by a byte that no UTF-8 has: an index and the headers of its files.
        1 => rest.split(|&byte| byte == 0xff).collect(),
        _ => vec![rest],
    };
    let mut assembly = Assembly::new(Device::flex()).keep_quantized(mode & 4 != 0);
    let mut names: Vec<Option<String>> = vec![None];
    let mut headers = parts.as_slice();
    if let (1, [index, files @ ..]) = (mode & 3, parts.as_slice()) {
        let Ok(index) = assembly.set_index(index) else { return };
        names = index.files.iter().map(|file| Some(file.name.clone())).collect();
        headers = files;
    }
    for (name, header) in names.into_iter().zip(headers) {
        let file = if mode & 3 == 2 {
            header.to_vec()
        } else {
            file_of(header)
        };
        if let Some(name) = name {
            let length = (mode & 8 != 0).then_some(file.len() as u64);
            if assembly.begin(&name, length).is_err() {
                return;
            }
        }
        for piece in file.chunks(piece) {
            if assembly.push(piece).is_err() {
                // Refused is refused: nothing more is taken, and nothing comes of it.
                assert!(assembly.push(piece).is_err());
                assert!(assembly.finish().is_err());
                return;
            }
        }
    }
    if let Ok(checkpoint) = assembly.finish() {
        let _ = pollster::block_on(Scorer::load(checkpoint));
    }
});

/// A file with this header, and as much data as it asks for.
fn file_of(json: &[u8]) -> Vec<u8> {
    let with_hashes = hashed(json);
    let json = with_hashes.as_deref().unwrap_or(json);
    let wanted = Header::parse(json).map_or(0, |header| header.data_bytes().min(MAX_DATA));
    let mut file = (json.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(json);
    file.resize(file.len() + wanted as usize, FILLING);
    file
}

/// The header with the hashes that its tensors will have, where it has any.
fn hashed(json: &[u8]) -> Option<Vec<u8>> {
    let header = Header::parse(json).ok()?;
    if header.data_bytes() > MAX_DATA {
        return None;
    }
    let mut value: serde_json::Value = serde_json::from_slice(json).ok()?;
    let metadata = value.get_mut("__metadata__")?.as_object_mut()?;
    let named: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(metadata.get("sha256")?.as_str()?).ok()?;
    let hash = |name: String| {
        let tensor = header.tensors.iter().find(|tensor| tensor.name == name);
        let data = vec![FILLING; tensor.map_or(0, |tensor| tensor.bytes)];
        let digest = Sha256::digest(data)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>();
        (name, serde_json::Value::from(digest))
    };
    let hashes: serde_json::Map<_, _> = named.into_iter().map(|(name, _)| hash(name)).collect();
    metadata.insert(
        "sha256".into(),
        serde_json::Value::from(serde_json::to_string(&hashes).ok()?),
    );
    serde_json::to_vec(&value).ok()
}
