//! Files of weights as tests need them: a small model, its quantised form, its shards, and what can be wrong with them.

use std::collections::BTreeMap;

use gamma_wasm::{
    model::{Config, TOKEN_EMBEDDING, TextConfig, TowerConfig},
    weights::{Header, QuantizedLayout, scale_name},
};
use safetensors::Dtype;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// SplitMix64 (Steele, Lea, Flood 2014): what it gives is known by its seed alone.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// A tensor of a file.
#[derive(Clone)]
pub struct Stored {
    pub name: String,
    pub dtype: Dtype,
    pub shape: Vec<usize>,
    pub data: Vec<u8>,
}

/// A file of weights before it is written.
#[derive(Clone)]
pub struct File {
    pub tensors: Vec<Stored>,
    pub metadata: BTreeMap<String, String>,
}

/// How a test wants a weight to be stored: bits, group, and the tensor to which it is a difference.
pub type Choice = Option<(u32, usize, Option<String>)>;

impl File {
    /// A file that was read before.
    pub fn parse(bytes: &[u8]) -> Self {
        let header = Header::read(bytes, Some(bytes.len() as u64), "test").expect("a header");
        let start = header.data_start as usize;
        let stored = |tensor: &gamma_wasm::weights::TensorInfo| Stored {
            name: tensor.name.clone(),
            dtype: tensor.dtype,
            shape: tensor.shape.clone(),
            data: bytes[start + tensor.offset as usize..][..tensor.bytes].to_vec(),
        };
        Self {
            tensors: header.tensors.iter().map(stored).collect(),
            metadata: header.metadata,
        }
    }

    /// The bytes of the file.
    pub fn bytes(&self) -> Vec<u8> {
        let mut header = json!({ "__metadata__": self.metadata });
        let mut data = Vec::new();
        for tensor in &self.tensors {
            let start = data.len();
            data.extend(&tensor.data);
            header[&tensor.name] = json!({ "dtype": tensor.dtype.to_string(), "shape": tensor.shape, "data_offsets": [start, data.len()] });
        }
        let header = header.to_string().into_bytes();
        [(header.len() as u64).to_le_bytes().to_vec(), header, data].concat()
    }

    /// The file with the hash of every tensor, as it is now.
    pub fn hashed(mut self) -> Self {
        let hex = |bytes: &[u8]| -> String {
            let digits = Sha256::digest(bytes);
            digits.iter().map(|byte| format!("{byte:02x}")).collect()
        };
        let hashes: BTreeMap<&str, String> = self
            .tensors
            .iter()
            .map(|tensor| (tensor.name.as_str(), hex(&tensor.data)))
            .collect();
        let hashes = json!(hashes).to_string();
        self.metadata.insert("sha256".into(), hashes);
        self
    }

    /// Version 1 of a checkpoint: in the model's order, the matrices in codes as `choose` says, rounded to the nearest.
    pub fn version_1(&self, config: &Config, choose: impl Fn(&str, [usize; 2]) -> Choice) -> Self {
        let mut widened: BTreeMap<&str, (Vec<f32>, &Stored)> = self
            .tensors
            .iter()
            .map(|tensor| (tensor.name.as_str(), (tensor.values(), tensor)))
            .collect();
        let features: Vec<String> = self
            .tensors
            .iter()
            .map(|tensor| tensor.name.clone())
            .filter(|name| name.starts_with("text_features."))
            .collect();
        let order = config.inventory().into_iter().map(|entry| entry.name).chain(features);
        let (mut tensors, mut layouts) = (Vec::new(), serde_json::Map::new());
        for name in order {
            let Some((mut values, stored)) = widened.get(name.as_str()).cloned() else {
                continue;
            };
            let choice = match stored.shape[..] {
                [outputs, inputs] => choose(&name, [outputs, inputs]).map(|choice| (choice, [outputs, inputs])),
                _ => None,
            };
            let Some(((bits, group, base), shape)) = choice else {
                tensors.push(stored.clone());
                continue;
            };
            let layout = QuantizedLayout {
                bits,
                group,
                shape,
                base,
            };
            layout.check(&name).expect("a layout");
            let base_values = layout.base.as_ref().map(|base| widened[base.as_str()].0.clone());
            let base_values = base_values.unwrap_or_else(|| vec![0.0; values.len()]);
            values
                .iter_mut()
                .zip(&base_values)
                .for_each(|(value, base)| *value -= base);
            let (codes, scales) = round(&layout, &values);
            // What a loader makes of it, for what is stored as a difference from this.
            let mut weights = layout.dequantize(&codes, &scales);
            weights
                .iter_mut()
                .zip(base_values)
                .for_each(|(weight, base)| *weight += base);
            widened.get_mut(name.as_str()).expect("the tensor").0 = weights;
            tensors.push(Stored {
                name: scale_name(&name),
                dtype: Dtype::F16,
                shape: layout.scale_shape().to_vec(),
                data: scales
                    .iter()
                    .flat_map(|&scale| half::f16::from_f32(scale).to_le_bytes())
                    .collect(),
            });
            tensors.push(Stored {
                name: name.clone(),
                dtype: layout.dtype(),
                shape: layout.code_shape().to_vec(),
                data: layout.pack(&codes),
            });
            layouts.insert(name, json!(layout));
        }
        let mut metadata = self.metadata.clone();
        metadata.insert("format_version".into(), "1".into());
        metadata.insert("config".into(), json!(config).to_string());
        metadata.insert("levels".into(), json!(gamma_wasm::prompt::LEVELS).to_string());
        metadata.insert(
            "quantization".into(),
            json!({ "scheme": "q8", "tensors": layouts }).to_string(),
        );
        Self { tensors, metadata }.hashed()
    }

    /// The file with the weights that its codes stand for, as a checkpoint in the published layout.
    pub fn widened(&self) -> Self {
        let quantization: Value = serde_json::from_str(&self.metadata["quantization"]).expect("JSON");
        let mut weights: BTreeMap<String, Vec<f32>> = BTreeMap::new();
        let mut tensors = Vec::new();
        let mut scales = Vec::new();
        for tensor in &self.tensors {
            let of = tensor.name.strip_suffix("_scale").unwrap_or_default();
            if quantization["tensors"].get(of).is_some() {
                scales = tensor.values();
            } else if let Some(layout) = quantization["tensors"].get(&tensor.name) {
                let layout: QuantizedLayout = serde_json::from_value(layout.clone()).expect("a layout");
                let mut values = layout.dequantize(&layout.unpack(&tensor.data), &scales);
                if let Some(base) = &layout.base {
                    values
                        .iter_mut()
                        .zip(&weights[base])
                        .for_each(|(value, base)| *value += base);
                }
                tensors.push(Stored {
                    name: tensor.name.clone(),
                    dtype: Dtype::F32,
                    shape: layout.shape.to_vec(),
                    data: values.iter().flat_map(|value| value.to_le_bytes()).collect(),
                });
                weights.insert(tensor.name.clone(), values);
            } else {
                tensors.push(tensor.clone());
            }
        }
        let mut metadata = self.metadata.clone();
        metadata.retain(|key, _| key == "trained");
        Self { tensors, metadata }
    }

    /// The file in several, by the name that `shard` gives each tensor, and their index.
    pub fn shards(&self, shard: impl Fn(&str) -> String) -> (BTreeMap<String, Vec<u8>>, Value) {
        let quantization: Value = serde_json::from_str(&self.metadata["quantization"]).expect("JSON");
        let mut files: BTreeMap<String, Vec<Stored>> = BTreeMap::new();
        let mut weight_map = BTreeMap::new();
        for tensor in &self.tensors {
            let name = shard(&tensor.name);
            weight_map.insert(tensor.name.clone(), name.clone());
            files.entry(name).or_default().push(tensor.clone());
        }
        let mut total_size = 0;
        let write = |(name, tensors): (String, Vec<Stored>)| {
            let mut metadata = self.metadata.clone();
            let mut quantization = quantization.clone();
            quantization["tensors"]
                .as_object_mut()
                .expect("a table")
                .retain(|name, _| tensors.iter().any(|tensor| tensor.name == *name));
            metadata.insert("quantization".into(), quantization.to_string());
            total_size += tensors.iter().map(|tensor| tensor.data.len()).sum::<usize>();
            (name, Self { tensors, metadata }.hashed().bytes())
        };
        let files: BTreeMap<String, Vec<u8>> = files.into_iter().map(write).collect();
        let lengths: BTreeMap<&str, usize> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.len())).collect();
        let index = json!({
            "metadata": { "total_size": total_size, "format_version": "1", "file_bytes": lengths },
            "weight_map": weight_map,
        });
        (files, index)
    }
}

impl Stored {
    /// Its numbers; codes are none.
    pub fn values(&self) -> Vec<f32> {
        match self.dtype {
            Dtype::F32 => self
                .data
                .as_chunks::<4>()
                .0
                .iter()
                .map(|&b| f32::from_le_bytes(b))
                .collect(),
            Dtype::F16 => self
                .data
                .as_chunks::<2>()
                .0
                .iter()
                .map(|&b| half::f16::from_le_bytes(b).to_f32())
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// Codes and scales by rounding to the nearest; the largest weight of a group gets the largest code.
fn round(layout: &QuantizedLayout, values: &[f32]) -> (Vec<i8>, Vec<f32>) {
    let top = ((1i32 << (layout.bits - 1)) - 1) as f32;
    let scales: Vec<f32> = values
        .chunks(layout.group)
        .map(|group| {
            let largest = group.iter().fold(1e-3f32, |largest, value| largest.max(value.abs()));
            half::f16::from_f32(largest / top).to_f32()
        })
        .collect();
    let codes = values.chunks(layout.group).zip(&scales).flat_map(|(group, &scale)| {
        group
            .iter()
            .map(move |value| (value / scale).round().clamp(-top - 1.0, top) as i8)
    });
    (codes.collect(), scales)
}

/// The layout that most tests use: 8 bits in groups of 32, adaptive experts as differences in 4.
pub fn usual(name: &str, [_, inputs]: [usize; 2]) -> Choice {
    const MATRICES: [&str; 4] = [".in_proj_weight", ".out_proj.weight", ".c_fc.weight", ".c_proj.weight"];
    if name != TOKEN_EMBEDDING && !MATRICES.iter().any(|matrix| name.ends_with(matrix)) {
        return None;
    }
    let group = if inputs % 32 == 0 { 32 } else { inputs };
    match name.split_once(".experts.expert_") {
        Some((block, rest)) => {
            let (_, matrix) = rest.split_once('.')?;
            Some((4, group, Some(format!("{block}.useful_experts.{matrix}"))))
        }
        None => Some((8, group, None)),
    }
}

/// Dimensions of the smallest Gamma: one block of width 64 with two experts in each tower.
pub fn smallest_config() -> Config {
    let tower = |context_length| TowerConfig {
        width: 64,
        layers: 1,
        moae_from: 0,
        context_length,
        ratio: 4,
    };
    Config {
        image: 224,
        patch: 32,
        stem: None,
        vision: tower(50),
        text: Some(TextConfig {
            tower: tower(77),
            vocabulary: 512,
        }),
        embed_dim: 16,
        adapter: 8,
        experts: 2,
    }
}

/// The smallest Gamma in the published layout, with the features of one scene, in F16. About 1 MB, or 600 kB without the
/// text tower.
pub fn smallest(text_tower: bool) -> File {
    let mut config = smallest_config();
    if !text_tower {
        config.text = None;
    }
    let mut random = Random(7);
    let features = ("text_features.generic".to_owned(), vec![5, config.embed_dim]);
    let entries = config.inventory().into_iter().map(|entry| (entry.name, entry.shape));
    let tensors = entries.chain([features]).map(|(name, shape)| Stored {
        data: (0..shape.iter().product::<usize>())
            .flat_map(|_| half::f16::from_f32((random.below(2001) as f32 / 1000.0 - 1.0) / 8.0).to_le_bytes())
            .collect(),
        name,
        dtype: Dtype::F16,
        shape,
    });
    File {
        tensors: tensors.collect(),
        metadata: BTreeMap::from([("trained".to_owned(), "false".to_owned())]),
    }
}
