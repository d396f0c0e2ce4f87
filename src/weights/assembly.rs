//! A checkpoint put together from pieces of any size, as they arrive, in one file or in several. At no time is more of it
//! held in host memory than a header, one tensor, and what stays there for good: weights that are left in codes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use burn::tensor::Device;
use sha2::{Digest, Sha256};

use super::{
    Checkpoint, Contents, Index, Progress, QuantizedLayout, Storage, Tensors, TextFiles, element,
    incoming::{Event, Incoming},
    scene_file::SceneFile,
};
use crate::{
    Error, Result,
    image::Preparation,
    model::{Config, Part, TOKEN_EMBEDDING},
    ops::{self, Precision, QuantizedMatrix, Scales},
    prompt::Scene,
};

/// What the names of the vision tower's tensors begin with.
const VISION: &str = "clip_model.visual.";

/// What the first header said.
struct Model {
    config: Config,
    metadata: BTreeMap<String, String>,
    scenes: Vec<Scene>,
    photo: Preparation,
}

/// What a tensor of the current file is.
enum Role {
    Float,
    Scales,
    Codes(QuantizedLayout),
}

/// Takes the files of a model in pieces of any size.
pub struct Assembly {
    index: Option<Arc<Index>>,
    /// Whether only the text tower is wanted.
    text_only: bool,
    keep_quantized: bool,
    precision: Precision,
    failed: bool,
    model: Option<Model>,
    /// The file that came before its model.
    scene_file: Option<SceneFile>,
    /// The file that is being received, and its name.
    file: Option<(String, Incoming)>,
    /// Names of the files that were begun.
    begun: BTreeSet<String>,
    /// For each tensor of the current file.
    roles: Vec<Role>,
    hashes: Vec<[u8; 32]>,
    /// The scales of the tensor that comes next.
    scales: Option<Scales>,
    /// Matrices to which later tensors of the file are differences, and how many those are.
    bases: BTreeMap<String, (usize, Option<QuantizedMatrix>)>,
    parameters: u64,
    tensors: Tensors,
}

impl Assembly {
    /// An assembly that puts tensors on `device`. Quantised weights stay in codes where that is best on this build
    /// ([`ops::KEEPS_QUANTIZED`]).
    pub fn new(device: Device) -> Self {
        Self {
            index: None,
            text_only: false,
            keep_quantized: ops::KEEPS_QUANTIZED,
            precision: Precision::default(),
            failed: false,
            model: None,
            scene_file: None,
            file: None,
            begun: BTreeSet::new(),
            roles: Vec::new(),
            hashes: Vec::new(),
            scales: None,
            bases: BTreeMap::new(),
            parameters: 0,
            tensors: Tensors::new(device),
        }
    }

    /// An assembly of a text tower alone, whose model has been loaded.
    pub fn of_text(device: Device, files: &TextFiles) -> Self {
        Self {
            index: Some(Arc::clone(&files.index)),
            text_only: true,
            model: Some(Model {
                config: files.config.clone(),
                metadata: BTreeMap::new(),
                scenes: Vec::new(),
                photo: Preparation::default(),
            }),
            ..Self::new(device)
        }
    }

    /// Leaves quantised weights in codes, or widens them, whatever is best on this build.
    pub fn keep_quantized(mut self, keep: bool) -> Self {
        self.keep_quantized = keep;
        self
    }

    /// How products with the vision part's weights are computed where they stay in codes; the text tower's are exact, since every
    /// score depends on the few prompts.
    pub fn precision(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self
    }

    /// Takes the JSON of `model.safetensors.index.json`, before any file.
    ///
    /// # Errors
    /// As [`Index::parse`]; [`Error::Option`] if a file was begun already.
    pub fn set_index(&mut self, json: &[u8]) -> Result<&Index> {
        if !self.begun.is_empty() || self.text_only {
            return Err(misused("index", "it comes before the first file"));
        }
        Ok(self.index.insert(Arc::new(Index::parse(json)?)))
    }

    /// Begins a file; the one before has to be complete. `length`: its bytes, if they are known.
    ///
    /// # Errors
    /// [`Error::WeightsTruncated`] if the file before is not complete, [`Error::ShardSwapped`] if the index names no such
    /// file or another length, [`Error::Option`] if it was begun before or is a second one without an index.
    pub fn begin(&mut self, name: &str, length: Option<u64>) -> Result<()> {
        self.check_usable()?;
        if let Some((_, file)) = &self.file {
            file.check_complete()?;
        }
        let mut length = length;
        if let Some(index) = &self.index {
            let swapped = |reason: String| {
                let file = name.to_owned();
                Err(Error::ShardSwapped { file, reason })
            };
            let Some(file) = index.file(name).filter(|file| file.text || !self.text_only) else {
                return swapped("it names no such file".into());
            };
            match (length, file.bytes) {
                (Some(found), Some(said)) if found != said => {
                    return swapped(format!("it has {found} bytes, the index says {said}"));
                }
                _ => length = length.or(file.bytes),
            }
        } else if self.needs_model() {
            // The model may have the same name as the scene file, or like that have none.
            self.begun.clear();
        } else if !self.begun.is_empty() {
            return Err(misused("file", "a model of several files needs its index"));
        }
        if !self.begun.insert(name.to_owned()) {
            return Err(misused("file", "it was begun before"));
        }
        self.bases = BTreeMap::new();
        self.scales = None;
        self.file = Some((name.to_owned(), Incoming::new(length)));
        Ok(())
    }

    /// Whether what came is a scene file, whose model is to come next.
    pub fn needs_model(&self) -> bool {
        self.scene_file.is_some() && self.model.is_none()
    }

    /// Takes the next bytes of the file that was begun; the only file of a model need not be.
    ///
    /// # Errors
    /// As soon as the bytes can be no file of a Gamma model. The assembly is useless then.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Progress> {
        self.check_usable()?;
        let result = self.receive(bytes);
        if result.is_err() {
            // What has been taken in is of no use to anybody.
            *self = Self {
                failed: true,
                ..Self::new(self.tensors.device().clone())
            };
        }
        result
    }

    /// The checkpoint, once every byte is there.
    ///
    /// # Errors
    /// [`Error::WeightsTruncated`] if bytes are missing, [`Error::ShardMissing`] if a whole file is.
    pub fn finish(self) -> Result<Checkpoint> {
        self.check_usable()?;
        match &self.file {
            Some((_, file)) => file.check_complete()?,
            None if self.index.is_none() => Incoming::new(None).check_complete()?,
            None => {}
        }
        if self.needs_model() {
            let reason = "it holds scenes alone, and the model that it extends did not come";
            return Err(Error::SceneFile(reason.into()));
        }
        let mut text_files = None;
        let Some(Model {
            config,
            metadata,
            mut scenes,
            photo,
        }) = self.model
        else {
            return Err(self.index.as_deref().map_or_else(
                || Error::WeightsTruncated("no file came".into()),
                |index| missing(index.files.first().map_or("", |file| &file.name)),
            ));
        };
        let scene_file = self.scene_file.map(|scene_file| scene_file.extend(&mut scenes));
        let mut parameters = self.parameters;
        if let Some(index) = self.index {
            let text_begun = index
                .files
                .iter()
                .any(|file| file.text && self.begun.contains(&file.name));
            let wanted = |text: bool| {
                if text {
                    self.text_only || text_begun
                } else {
                    !self.text_only
                }
            };
            let mut files = index.files.iter().filter(|file| wanted(file.text));
            if let Some(file) = files.find(|file| !self.begun.contains(&file.name)) {
                return Err(missing(&file.name));
            }
            if index.has_text_files() && !text_begun {
                let text = config.inventory().into_iter().filter(|entry| entry.part == Part::Text);
                parameters += text
                    .map(|entry| entry.shape.iter().map(|&side| side as u64).product::<u64>())
                    .sum::<u64>();
                text_files = Some(TextFiles {
                    index,
                    config: config.clone(),
                });
            }
        }
        Ok(Checkpoint {
            config,
            metadata,
            scene_file,
            scenes,
            photo,
            parameters,
            tensors: self.tensors,
            text_files,
        })
    }

    fn check_usable(&self) -> Result<()> {
        match self.failed {
            true => Err(Error::WeightsFormat("an earlier part of it was refused".into())),
            false => Ok(()),
        }
    }

    fn receive(&mut self, mut bytes: &[u8]) -> Result<Progress> {
        if self.file.is_none() {
            let only = match self.index.as_deref().map(|index| index.files.as_slice()) {
                None => "model.safetensors".to_owned(),
                Some([file]) => file.name.clone(),
                Some(_) => return Err(misused("file", "begin the file that the bytes belong to")),
            };
            self.begin(&only, None)?;
        }
        // Taken out, so that what arrives can be put in its place meanwhile.
        let Some((name, mut file)) = self.file.take() else {
            return Err(misused("file", "begin the file that the bytes belong to"));
        };
        while let Some(event) = file.step(&mut bytes)? {
            match event {
                Event::Header => self.open(&name, &file)?,
                Event::Tensor { index, data } => self.place(&file, index, data)?,
            }
        }
        let progress = file.progress;
        self.file = Some((name, file));
        Ok(progress)
    }

    /// Checks everything that a header tells, before any data is waited for.
    fn open(&mut self, name: &str, file: &Incoming) -> Result<()> {
        let header = &file.header;
        if let Some(listed) = self.index.as_deref().and_then(|index| index.file(name)) {
            let (mut found, listed) = (BTreeSet::new(), &listed.tensors);
            found.extend(header.tensors.iter().map(|tensor| tensor.name.clone()));
            if let Some(tensor) = found.symmetric_difference(listed).next() {
                let reason = match listed.contains(tensor) {
                    true => format!("tensor `{tensor}` is not in it"),
                    false => format!("tensor `{tensor}` is in it"),
                };
                return Err(Error::ShardSwapped {
                    file: name.to_owned(),
                    reason,
                });
            }
        }
        let contents = Contents::read(header)?;
        let config = contents.config();
        match (&self.model, &self.index) {
            (Some(model), _) if model.config != *config => {
                return Err(Error::ShardSwapped {
                    file: name.to_owned(),
                    reason: "it is of a model of other dimensions".into(),
                });
            }
            (Some(_), _) => {}
            (None, None) => contents.check_complete()?,
            (None, Some(_)) if contents.metadata.extends.is_some() => {
                return Err(Error::SceneFile("it is no part of a model of several files".into()));
            }
            (None, Some(index)) => index.check_complete(config)?,
        }
        if let Some(scene_file) = &self.scene_file {
            scene_file.check(header, &contents.metadata)?;
        }
        self.parameters += contents.parameters();
        self.roles = header.tensors.iter().map(|_| Role::Scales).collect();
        for tensor in contents.tensors {
            let (place, role) = match tensor.storage {
                Storage::Float { tensor } => (tensor, Role::Float),
                Storage::Quantized { layout, codes, .. } => {
                    if let Some(base) = &layout.base {
                        self.bases.entry(base.clone()).or_insert((0, None)).0 += 1;
                    }
                    (codes, Role::Codes(layout))
                }
            };
            if let Some(slot) = self.roles.get_mut(place) {
                *slot = role;
            }
        }
        let metadata = contents.metadata;
        let is_first = self.scene_file.is_none() && self.model.is_none();
        let scene_file = is_first.then(|| SceneFile::of(header, &metadata)).flatten();
        self.hashes = metadata.hashes;
        if scene_file.is_some() {
            self.scene_file = scene_file;
            return Ok(());
        }
        self.model.get_or_insert_with(|| Model {
            config: metadata.config,
            metadata: header.metadata.clone(),
            scenes: metadata.scenes,
            photo: metadata.photo,
        });
        Ok(())
    }

    /// Checks a tensor and puts it where it belongs.
    fn place(&mut self, file: &Incoming, index: usize, data: Vec<u8>) -> Result<()> {
        let (Some(info), Some(role)) = (file.header.tensors.get(index), self.roles.get(index)) else {
            return Ok(());
        };
        if let Some(hash) = self.hashes.get(index)
            && Sha256::digest(&data).as_slice() != hash
        {
            return Err(Error::TensorHash(info.name.clone()));
        }
        match role {
            Role::Float => {
                let values = element::widen(info, &data)?;
                self.tensors.insert(info.name.clone(), info.shape.clone(), values);
            }
            Role::Scales => self.scales = Some(element::scales(info, &data)?),
            Role::Codes(layout) => {
                let base = layout.base.as_ref().and_then(|base| {
                    let (uses, matrix) = self.bases.get_mut(base)?;
                    *uses -= 1;
                    // The last one that needs it takes it away.
                    if *uses == 0 { matrix.take() } else { matrix.clone() }
                });
                let broken =
                    || Error::WeightsMetadata(format!("quantised tensor `{}` does not fit its scales", info.name));
                let scales = self.scales.take().ok_or_else(broken)?;
                if layout.base.is_some() != base.is_some() {
                    return Err(broken());
                }
                let matrix = QuantizedMatrix::new(layout.shape, layout.bits, layout.group, data, scales, base);
                let precision = match info.name.starts_with(VISION) {
                    true => self.precision,
                    false => Precision::Exact,
                };
                let matrix = matrix.ok_or_else(broken)?.with_precision(precision);
                if let Some((uses, slot)) = self.bases.get_mut(&info.name)
                    && *uses > 0
                {
                    *slot = Some(matrix.clone());
                }
                // The token embedding is a table of which prompts need a few rows: it stays in codes everywhere.
                if info.name == TOKEN_EMBEDDING {
                    self.tensors.insert_quantized(info.name.clone(), matrix);
                } else if self.keep_quantized {
                    self.tensors.insert_factor(info.name.clone(), matrix);
                } else {
                    let shape = layout.shape.to_vec();
                    self.tensors.insert(info.name.clone(), shape, matrix.dequantize());
                }
            }
        }
        Ok(())
    }
}

fn missing(name: &str) -> Error {
    Error::ShardMissing(format!("`{name}` was not loaded"))
}

fn misused(name: &'static str, reason: &str) -> Error {
    Error::Option {
        name,
        reason: reason.to_owned(),
    }
}
