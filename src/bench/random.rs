//! A model of the published size, whose weights nobody trained: how long it takes does not depend on them.

use half::f16;
use safetensors::{Dtype, tensor::TensorInfo};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::values;
use crate::{
    model::{Config, Part},
    prompt::{DEFAULT_SCENE, LEVELS},
    weights::{QuantizedLayout, scale_name, text_features_name},
};

/// Neighbours of a row that share a scale.
const GROUP: usize = 64;
/// The ends of the names of matrices that are in codes.
const IN_CODES: [&str; 4] = [".in_proj_weight", ".out_proj.weight", ".c_fc.weight", ".c_proj.weight"];

/// The vision part of a model with CLIP's stem with made weights, its matrices in codes of 8 bits, all else in F16, as the bytes of a
/// safetensors file: 150 MB of B/16.
pub fn random(config: &Config, name: &str) -> Vec<u8> {
    let mut file = File::default();
    let mut layouts = Map::new();
    let vision = config
        .inventory()
        .into_iter()
        .filter(|entry| entry.part == Part::Vision);
    for entry in vision {
        match entry.shape[..] {
            [outputs, inputs] if IN_CODES.iter().any(|end| entry.name.ends_with(end)) => {
                let layout = QuantizedLayout {
                    bits: 8,
                    group: GROUP,
                    shape: [outputs, inputs],
                    base: None,
                };
                let scale = (inputs as f32).powf(-0.5) / 127.0;
                let scales = vec![f16::from_f32(scale).to_le_bytes(); outputs * inputs / GROUP];
                let codes = values(outputs * inputs).map(|value| (127.0 * value) as i8 as u8);
                file.push(
                    &scale_name(&entry.name),
                    Dtype::F16,
                    &layout.scale_shape(),
                    scales.into_flattened(),
                );
                file.push(&entry.name, Dtype::I8, &entry.shape, codes.collect());
                layouts.insert(entry.name, json!(layout));
            }
            _ => file.push_floats(&entry.name, &entry.shape),
        }
    }
    file.push_floats(&text_features_name(DEFAULT_SCENE), &[LEVELS.len(), config.embed_dim]);
    file.finish(json!({
        "format_version": "1",
        "config": json!(config).to_string(),
        "quantization": json!({"scheme": "q8", "tensors": layouts}).to_string(),
        "name": name,
        "trained": "false",
        "scenes": json!({DEFAULT_SCENE: "{level} image"}).to_string(),
    }))
}

/// A safetensors file that is being written.
#[derive(Default)]
struct File {
    header: Map<String, Value>,
    hashes: Map<String, Value>,
    body: Vec<u8>,
}

impl File {
    fn push(&mut self, name: &str, dtype: Dtype, shape: &[usize], bytes: Vec<u8>) {
        let begin = self.body.len();
        let hash: String = Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        self.hashes.insert(name.into(), json!(hash));
        self.body.extend(bytes);
        let info = TensorInfo {
            dtype,
            shape: shape.to_vec(),
            data_offsets: (begin, self.body.len()),
        };
        self.header.insert(name.into(), json!(info));
    }

    fn push_floats(&mut self, name: &str, shape: &[usize]) {
        let bytes = weights(name, shape).flat_map(f16::to_le_bytes).collect();
        self.push(name, Dtype::F16, shape, bytes);
    }

    fn finish(mut self, mut about: Value) -> Vec<u8> {
        about["sha256"] = json!(Value::Object(self.hashes).to_string());
        self.header.insert("__metadata__".into(), about);
        let header = Value::Object(self.header).to_string();
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.into_bytes());
        bytes.extend(self.body);
        bytes
    }
}

/// Weights with which no number grows or vanishes from block to block.
fn weights(name: &str, shape: &[usize]) -> impl Iterator<Item = f16> + use<> {
    let numbers: usize = shape.iter().product();
    let (offset, factor) = match shape {
        _ if name == "score_level" => (0.6, 0.4),
        _ if name == "clip_model.logit_scale" => (10_f32.ln(), 0.0),
        [] => (0.1, 0.0),
        [_] if name.ends_with(".weight") => (1.0, 0.0),
        [_] => (0.0, 0.0),
        [_, inputs @ ..] => (0.0, (inputs.iter().product::<usize>() as f32).powf(-0.5)),
    };
    values(numbers).map(move |value| f16::from_f32(offset + factor * value))
}
