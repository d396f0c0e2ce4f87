//! Where weights come from: any checkpoint, as named tensors that are read one at a time.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use rawzip::FileReader;

use super::pth::Pth;
use crate::weights::{Contents, Header, Index, QuantizedLayout, TensorInfo, element, scale_name};
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
    let mut start = Vec::new();
    let mut first = (&mut file).take(9);
    first.read_to_end(&mut start).map_err(|error| io(path, error))?;
    file.rewind().map_err(|error| io(path, error))?;
    match start.as_slice() {
        // The length of a safetensors header may read as the beginning of a pickle does; its ninth byte is a brace.
        [_, _, _, _, _, _, _, _, b'{'] => Ok(Box::new(Safetensors::open(&[path.to_owned()])?)),
        [b'P', b'K', ..] | [0x80, 2..=5, ..] => {
            let length = file.metadata().map_err(|error| io(path, error))?.len();
            Ok(Box::new(Pth::open(
                &path.to_string_lossy(),
                FileReader::from(file),
                length,
            )?))
        }
        _ => Ok(Box::new(Safetensors::open(&[path.to_owned()])?)),
    }
}

/// The files of a folder, as its index names them; without an index, its `model.safetensors`.
fn shards(folder: &Path) -> Result<Vec<PathBuf>> {
    let index = folder.join(INDEX);
    match std::fs::read(&index) {
        Ok(bytes) => Ok((Index::parse(&bytes)?.files.iter())
            .map(|file| folder.join(&file.name))
            .collect()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(vec![folder.join("model.safetensors")]),
        Err(error) => Err(io(&index, error)),
    }
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
            ErrorKind::NotFound if of_several => Error::ShardMissing(format!("`{}` is missing", path.display())),
            _ => io(path, error),
        })?;
        let length = file.metadata().map_err(|error| io(path, error))?.len();
        let header = Header::read(&mut file, Some(length), &path.to_string_lossy())?;
        header.check_length(length)?;
        // A checkpoint that says nothing of itself may hold more than a model does; ours may not.
        let quantized = match header.metadata.contains_key("format_version") {
            true => Contents::read(&header)?.metadata.quantization.tensors,
            false => BTreeMap::new(),
        };
        let scales: Vec<String> = quantized.keys().map(|name| scale_name(name)).collect();
        let mut places = HashMap::new();
        for info in header.tensors {
            let at = header.data_start + info.offset;
            let dtype = info.dtype.to_string();
            let shape = match quantized.get(&info.name) {
                None => info.shape.clone(),
                Some(layout) => layout.shape.to_vec(),
            };
            let tensor = SourceTensor {
                name: info.name.clone(),
                shape,
                dtype,
            };
            if places.insert(info.name.clone(), (info, at)).is_some()
                || self.shards.iter().any(|shard| shard.places.contains_key(&tensor.name))
            {
                return Err(Error::WeightsIndex(format!("tensor `{}` is in two files", tensor.name)));
            }
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
        shard
            .ok_or_else(|| Error::TensorMissing(name.to_owned()))?
            .weights(name)
    }
}

impl Shard {
    /// The numbers of a tensor, whatever they are stored as.
    fn weights(&mut self, name: &str) -> Result<Vec<f32>> {
        let Some(layout) = self.quantized.get(name).cloned() else {
            let (info, bytes) = self.bytes(name)?;
            return element::widen(&info, &bytes);
        };
        let (_, codes) = self.bytes(name)?;
        let (info, scales) = self.bytes(&scale_name(name))?;
        let scales = element::widen(&info, &scales)?;
        let mut weights = layout.dequantize(&layout.unpack(&codes), &scales);
        // A base is no difference itself.
        if let Some(base) = &layout.base {
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

pub(super) fn io(path: &Path, source: std::io::Error) -> Error {
    Error::Io {
        path: path.to_string_lossy().into_owned(),
        source,
    }
}
