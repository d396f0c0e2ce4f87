//! Reading the golden tensors of `tests/golden`, and files of weights made for a test.

#![allow(dead_code, reason = "each test takes what it needs")]

pub mod file;

use std::{collections::BTreeMap, path::PathBuf, sync::Mutex};

use burn::tensor::{Device, Tensor, TensorData};
use gamma_wasm::{
    image::Normalization,
    weights::{
        Assembly, Checkpoint,
        convert::{Options, Scenes, Target, convert, open},
    },
};
use safetensors::{Dtype, SafeTensors};

/// A folder of `tests/golden`.
pub fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

/// The tensors of a `golden.safetensors`.
pub struct Golden(Vec<u8>);

impl Golden {
    pub fn open(name: &str) -> Self {
        Self(std::fs::read(folder(name).join("golden.safetensors")).expect("the golden tensors are in the repository"))
    }

    /// Shape and values of a tensor; integers as `f32`.
    pub fn get(&self, name: &str) -> (Vec<usize>, Vec<f32>) {
        let tensors = SafeTensors::deserialize(&self.0).expect("golden.safetensors is valid");
        let tensor = tensors.tensor(name).unwrap_or_else(|_| panic!("golden tensor {name}"));
        let values = match tensor.dtype() {
            Dtype::F32 => tensor
                .data()
                .as_chunks::<4>()
                .0
                .iter()
                .map(|&b| f32::from_le_bytes(b))
                .collect(),
            Dtype::I32 => tensor
                .data()
                .as_chunks::<4>()
                .0
                .iter()
                .map(|&b| i32::from_le_bytes(b) as f32)
                .collect(),
            Dtype::U8 => tensor.data().iter().map(|&b| f32::from(b)).collect(),
            Dtype::F64 => tensor
                .data()
                .as_chunks::<8>()
                .0
                .iter()
                .map(|&b| f64::from_le_bytes(b) as f32)
                .collect(),
            other => panic!("golden tensor {name} has dtype {other}"),
        };
        (tensor.shape().to_vec(), values)
    }

    /// What stands before `suffix` in the names that begin with `prefix` and end with it.
    pub fn names(&self, prefix: &str, suffix: &str) -> Vec<String> {
        let tensors = SafeTensors::deserialize(&self.0).expect("golden.safetensors is valid");
        let names = tensors.names().into_iter().filter(|name| name.starts_with(prefix));
        names
            .filter_map(|name| name.strip_suffix(suffix).map(str::to_owned))
            .collect()
    }

    /// A tensor on the CPU.
    pub fn tensor<const D: usize>(&self, name: &str) -> Tensor<D> {
        let (shape, values) = self.get(name);
        let shape: [usize; D] = shape
            .try_into()
            .unwrap_or_else(|shape| panic!("golden {name} has shape {shape:?}"));
        Tensor::from_data(TensorData::new(values, shape), &Device::flex())
    }

    /// Fails if `found` is more than `tolerance` away from the golden tensor anywhere.
    pub fn agree<const D: usize>(&self, name: &str, found: Tensor<D>, tolerance: f32) {
        let (shape, expected) = self.get(name);
        assert_eq!(found.dims().as_slice(), shape, "shape of {name}");
        let found = found.into_data().try_into_vec::<f32>().expect("f32");
        let worst = found
            .iter()
            .zip(&expected)
            .map(|(f, e)| (f - e).abs())
            .fold(0.0, f32::max);
        assert!(worst <= tolerance, "{name} is off by {worst}, {tolerance} allowed");
        assert!(found.iter().all(|value| value.is_finite()), "{name} is not finite");
    }
}

/// The ten crops, normalised, `[10, 3, 224, 224]`.
pub fn crops() -> Tensor<4> {
    let u8s = Golden::open("tiny").tensor::<4>("crops_u8").permute([0, 3, 1, 2]);
    let channel = |values: [f32; 3]| Tensor::<1>::from_floats(values, &u8s.device()).reshape([1, 3, 1, 1]);
    (u8s.clone() / 255.0 - channel(Normalization::CLIP.mean)) / channel(Normalization::CLIP.std)
}

/// Token ids of each prompt set, each prompt from its start to its end token.
pub fn prompts(golden: &Golden) -> Vec<Vec<Vec<u32>>> {
    let (shape, ids) = golden.get("text.token_ids");
    let end = |row: &[f32]| {
        let top = row.iter().copied().fold(0.0, f32::max);
        row.iter().position(|&id| id == top).expect("a row is not empty")
    };
    ids.chunks(shape[1] * shape[2])
        .map(|set| {
            set.chunks(shape[2])
                .map(|row| row[..=end(row)].iter().map(|&id| id as u32).collect())
                .collect()
        })
        .collect()
}

/// The weights of a golden model in plain safetensors: those in the repository, or what the converter makes of the `.pth`.
fn weights(name: &str) -> Vec<u8> {
    let stored = folder(name).join("model.safetensors");
    if stored.exists() {
        return std::fs::read(stored).expect("the weights are in the repository");
    }
    // Each test process converts for itself, so that none reads what another is writing.
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("golden-{name}-{}", std::process::id()));
    static CONVERTED: Mutex<()> = Mutex::new(());
    let _one_at_a_time = CONVERTED.lock().expect("no test panics here");
    let mut source = open(&folder(name).join(format!("gamma_{name}.pth"))).expect("a checkpoint");
    let options = Options {
        target: Target::F32,
        shard_bytes: None,
        scenes: Scenes::None,
        text: true,
        force: true,
        device: gamma_wasm::ops::DeviceChoice::Cpu,
        extends: None,
        metadata: BTreeMap::new(),
    };
    convert(source.as_mut(), &out, &options, &mut |_| {}).expect("a conversion");
    let bytes = std::fs::read(out.join("model.safetensors")).expect("what was written");
    std::fs::remove_dir_all(out).expect("a folder");
    bytes
}

/// Reads a golden model through the streaming assembly, in pieces of `piece` bytes.
pub fn checkpoint(name: &str, piece: usize) -> Checkpoint {
    checkpoint_on(name, piece, Device::flex())
}

/// The same on a device.
pub fn checkpoint_on(name: &str, piece: usize, device: Device) -> Checkpoint {
    let mut assembly = Assembly::new(device);
    for piece in weights(name).chunks(piece) {
        assembly.push(piece).expect("valid weights");
    }
    assembly.finish().expect("complete weights")
}
