//! Where weights come from: any checkpoint, as named tensors that are read one at a time.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use rawzip::FileReader;

use super::pth::Pth;
use crate::weights::{Header, Quantization, QuantizedLayout, TensorInfo, element, header::LENGTH_BYTES, scale_name};
use crate::{Error, Result};

/// The name of the index of a folder of shards.
pub const INDEX: &str = "model.safetensors.index.json";

/// A tensor of a source.
#[derive(Debug, Clone)]
pub struct SourceTensor {
    /// Its name in the checkpoint.
    pub name: String,
    /// Dimensions, outermost first; those of the weights, however they are stored.
    pub shape: Vec<usize>,
    /// Element type as safetensors spells it.
    pub dtype: String,
}

/// A checkpoint of any kind. Reading a tensor takes memory for that tensor alone.
pub trait Source {
    /// Its tensors.
    fn tensors(&self) -> &[SourceTensor];
    /// What it says about itself.
    fn metadata(&self) -> &BTreeMap<String, String>;
    /// What lies in it beside its tensors and is not read, by name.
    fn dropped(&self) -> &[String];
    /// The numbers of a tensor, row-major; quantised ones as the numbers that they stand for.
    ///
    /// # Errors
    /// [`Error::TensorMissing`], [`Error::TensorDtype`], [`Error::TensorValue`], or what is wrong with the file.
    fn read(&mut self, name: &str) -> Result<Vec<f32>>;
}

/// Opens a `.pth`, a safetensors file, or a folder of shards with an index.
///
/// # Errors
/// If it cannot be read or is none of them.
pub fn open(path: &Path) -> Result<Box<dyn Source>> {
    if path.is_dir() {
        return Ok(Box::new(Safetensors::open(&shards(path)?)?));
    }
    let mut file = File::open(path).map_err(|error| io(path, error))?;
    let mut start = [0; 2];
    let count = file.read(&mut start).map_err(|error| io(path, error))?;
    file.rewind().map_err(|error| io(path, error))?;
    match start.get(..count) {
        Some(b"PK" | b"\x80\x02") => {
            let length = file.metadata().map_err(|error| io(path, error))?.len();
            Ok(Box::new(Pth::open(&path.to_string_lossy(), FileReader::from(file), length)?))
        },
        _ => Ok(Box::new(Safetensors::open(&[path.to_owned()])?)),
    }
}

/// The files of a folder, in the order in which its index first names them; without an index, its `model.safetensors`.
fn shards(folder: &Path) -> Result<Vec<PathBuf>> {
    let index = folder.join(INDEX);
    let bytes = match std::fs::read(&index) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(vec![folder.join("model.safetensors")]),
        Err(error) => return Err(io(&index, error)),
    };
    #[derive(serde::Deserialize)]
    struct Index {
        weight_map: BTreeMap<String, String>,
    }
    let parsed: Index = serde_json::from_slice(&bytes).map_err(|error| Error::WeightsIndex(error.to_string()))?;
    let mut names: Vec<String> = parsed.weight_map.into_values().collect();
    names.sort_unstable();
    names.dedup();
    if let Some(name) = names.iter().find(|name| name.is_empty() || name.contains(['/', '\\'])) {
        return Err(Error::WeightsIndex(format!("it names `{name}`, which is no file of its folder")));
    }
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}

/// One file of weights that is open.
struct Shard {
    path: PathBuf,
    file: File,
    /// Each tensor and where its bytes begin.
    places: HashMap<String, (TensorInfo, u64)>,
    quantized: BTreeMap<String, QuantizedLayout>,
}

/// Safetensors files, plain or as `gamma convert` writes them.
pub struct Safetensors {
    shards: Vec<Shard>,
    tensors: Vec<SourceTensor>,
    metadata: BTreeMap<String, String>,
}

impl Safetensors {
    /// Opens the files of a model.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::ShardMissing`], or what is wrong with a header.
    pub fn open(paths: &[PathBuf]) -> Result<Self> {
        let mut source = Self {
            shards: Vec::new(),
            tensors: Vec::new(),
            metadata: BTreeMap::new(),
        };
        for path in paths {
            source.add(path, paths.len() > 1)?;
        }
        Ok(source)
    }

    fn add(&mut self, path: &Path, of_several: bool) -> Result<()> {
        let mut file = File::open(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound if of_several => Error::ShardMissing(format!("`{}` is missing", path.display())),
            _ => io(path, error),
        })?;
        let (header, start) = read_header(path, &mut file)?;
        let quantized = match header.metadata.get("quantization") {
            None => BTreeMap::new(),
            Some(json) => {
                let parsed: Quantization = serde_json::from_str(json)
                    .map_err(|error| Error::WeightsMetadata(format!("`quantization`: {error}")))?;
                parsed.tensors
            }
        };
        let scales: Vec<String> = quantized.keys().map(|name| scale_name(name)).collect();
        let mut places = HashMap::new();
        let mut at = start;
        for info in header.tensors {
            let dtype = info.dtype.to_string();
            let shape = match quantized.get(&info.name) {
                None => info.shape.clone(),
                Some(layout) => {
                    layout.check(&info.name)?;
                    layout.shape.to_vec()
                }
            };
            let tensor = SourceTensor {
                name: info.name.clone(),
                shape,
                dtype,
            };
            let length = info.bytes as u64;
            if places.insert(info.name.clone(), (info, at)).is_some()
                || self.shards.iter().any(|shard| shard.places.contains_key(&tensor.name))
            {
                return Err(Error::WeightsIndex(format!("tensor `{}` is in two files", tensor.name)));
            }
            at += length;
            if !scales.contains(&tensor.name) {
                self.tensors.push(tensor);
            }
        }
        for (key, value) in header.metadata {
            self.metadata.entry(key).or_insert(value);
        }
        self.shards.push(Shard {
            path: path.to_owned(),
            file,
            places,
            quantized,
        });
        Ok(())
    }
}

impl Source for Safetensors {
    fn tensors(&self) -> &[SourceTensor] {
        &self.tensors
    }

    fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    fn dropped(&self) -> &[String] {
        &[]
    }

    fn read(&mut self, name: &str) -> Result<Vec<f32>> {
        let shard = self.shards.iter_mut().find(|shard| shard.places.contains_key(name));
        shard.ok_or_else(|| Error::TensorMissing(name.to_owned()))?.weights(name)
    }
}

impl Shard {
    /// The numbers of a tensor, whatever they are stored as.
    fn weights(&mut self, name: &str) -> Result<Vec<f32>> {
        let Some(layout) = self.quantized.get(name).cloned() else {
            let (info, bytes) = self.bytes(name)?;
            return element::widen(&info, &bytes);
        };
        let (info, bytes) = self.bytes(name)?;
        if info.dtype != layout.dtype() || info.shape != layout.code_shape() {
            return Err(Error::TensorShape {
                name: name.to_owned(),
                found: info.shape,
                expected: layout.code_shape().to_vec(),
            });
        }
        let scale_of = scale_name(name);
        let (scale_info, scale_bytes) = self.bytes(&scale_of)?;
        let scales = element::widen(&scale_info, &scale_bytes)?;
        if scale_info.shape != layout.scale_shape() {
            return Err(Error::TensorShape {
                name: scale_of,
                found: scale_info.shape,
                expected: layout.scale_shape().to_vec(),
            });
        }
        let mut weights = layout.dequantize(&layout.unpack(&bytes), &scales);
        if let Some(base) = &layout.base {
            // A base lies before what refers to it, so that this ends.
            let place = |name: &str| self.places.get(name).map(|(_, at)| *at);
            if place(base) >= place(name) || self.quantized.get(base).is_none_or(|base| base.shape != layout.shape) {
                return Err(Error::WeightsMetadata(format!(
                    "tensor `{name}` is the difference to `{base}`, which is no earlier tensor of its shape"
                )));
            }
            let base = self.weights(base)?;
            weights.iter_mut().zip(base).for_each(|(weight, base)| *weight += base);
        }
        Ok(weights)
    }

    fn bytes(&mut self, name: &str) -> Result<(TensorInfo, Vec<u8>)> {
        let place = self.places.get(name).cloned();
        let (info, at) = place.ok_or_else(|| Error::TensorMissing(name.to_owned()))?;
        let path = &self.path;
        self.file.seek(SeekFrom::Start(at)).map_err(|error| io(path, error))?;
        let mut bytes = Vec::new();
        let mut part = (&mut self.file).take(info.bytes as u64);
        part.read_to_end(&mut bytes).map_err(|error| io(path, error))?;
        if bytes.len() != info.bytes {
            let reason = format!("{} ends in the middle of tensor `{name}`", path.display());
            return Err(Error::WeightsTruncated(reason));
        }
        Ok((info, bytes))
    }
}

/// The header of a safetensors file, and where its data begins.
pub(super) fn read_header(path: &Path, file: &mut File) -> Result<(Header, u64)> {
    let mut start = Vec::new();
    file.by_ref()
        .take(LENGTH_BYTES as u64)
        .read_to_end(&mut start)
        .map_err(|error| io(path, error))?;
    let Some(length) = start.first_chunk() else {
        return Err(Error::WeightsTruncated(format!("{} bytes are no safetensors file", start.len())));
    };
    let length = Header::length(*length)?;
    let mut json = Vec::new();
    file.by_ref()
        .take(length as u64)
        .read_to_end(&mut json)
        .map_err(|error| io(path, error))?;
    if json.len() < length {
        return Err(Error::WeightsTruncated(format!("its header has {} of {length} bytes", json.len())));
    }
    Ok((Header::parse(&json)?, (LENGTH_BYTES + length) as u64))
}

pub(super) fn io(path: &Path, source: std::io::Error) -> Error {
    Error::Io {
        path: path.to_string_lossy().into_owned(),
        source,
    }
}
