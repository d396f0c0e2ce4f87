//! `gamma inspect`: what a file of weights says about itself (of a photo: `declared`). Only its header is read, so that
//! it takes no time whatever the file's size; the values are checked when the model is loaded.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};
use std::fs::File;
use std::io;
use std::path::Path;

use gamma_wasm::Result;
use gamma_wasm::image::{CropOptions, CropPolicy, Preparation};
use gamma_wasm::model::TowerConfig;
use gamma_wasm::prompt::{LEVELS, Scene};
use gamma_wasm::scorer::ModelInfo;
use gamma_wasm::weights::convert::INDEX;
use gamma_wasm::weights::{self, Header, Index, Quantization, TensorInfo, scale_name};
use serde::Serialize;

use crate::args::Inspect;
use crate::declared;
use crate::default_model::{DEFAULT_MODEL, Weights};
use crate::exit::Status;
use crate::names::{name, printable};
use crate::output::{json_line, print};
use crate::report::{Failure, about, complain, refused, size, thousands};

/// What can be said about a file. What cannot be found out is left out, and `error` says why.
#[derive(Serialize)]
struct Report {
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    model: Option<ModelInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scenes: Option<Vec<Scene>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Format>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    contents: Option<Contents>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
}

/// What a file of version 1 says beside its model.
#[derive(Serialize)]
struct Format {
    version: u32,
    /// Whether each tensor has its SHA-256.
    hashes: bool,
    /// Whether it is a scene file: scenes alone, for the default model.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    scenes_alone: bool,
    /// Scenes whose text features are stored.
    stored_scenes: Vec<String>,
    /// Domains of those that have several.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    domains: BTreeMap<String, usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quantization: Option<Quantized>,
}

/// How the matrices of a file are quantised.
#[derive(Serialize)]
struct Quantized {
    scheme: String,
    matrices: usize,
    /// Matrices of each number of bits.
    bits: BTreeMap<u32, usize>,
    /// Matrices stored as the difference to another.
    differences: usize,
    /// Bits of a weight on average, scales included.
    bits_per_weight: f64,
}

impl Format {
    fn new(header: &Header, contents: &weights::Contents) -> Option<Self> {
        let metadata = &contents.metadata;
        let features = |tensor: &TensorInfo| {
            let scene = tensor.name.strip_prefix(weights::TEXT_FEATURES)?.to_owned();
            Some((scene, tensor.shape.first()? / LEVELS.len()))
        };
        let stored: Vec<(String, usize)> = header.tensors.iter().filter_map(features).collect();
        Some(Self {
            version: metadata.version?,
            hashes: !metadata.hashes.is_empty(),
            scenes_alone: metadata.extends.is_some(),
            stored_scenes: stored.iter().map(|(scene, _)| scene.clone()).collect(),
            domains: stored.into_iter().filter(|&(_, domains)| domains > 1).collect(),
            quantization: Quantized::new(header, &metadata.quantization),
        })
    }

    fn describe(&self, text: &mut String) {
        let hashes = if self.hashes {
            "SHA-256 of every tensor"
        } else {
            "no hashes"
        };
        let alone = if self.scenes_alone {
            ", a scene file: its scenes alone, for the default model"
        } else {
            ""
        };
        row(
            text,
            "format",
            format_args!("version {}, {hashes}{alone}", self.version),
        );
        row(
            text,
            "text features",
            match self.stored_scenes.as_slice() {
                [] => "none stored".into(),
                scenes => {
                    let shown = scenes.iter().map(|scene| match self.domains.get(scene) {
                        Some(domains) => format!("{scene} of {domains} domains"),
                        None => scene.clone(),
                    });
                    printable(&shown.collect::<Vec<_>>().join(", ")).into_owned()
                }
            },
        );
        let Some(quantized) = &self.quantization else { return };
        let bits = quantized
            .bits
            .iter()
            .map(|(bits, count)| format!("{count} of {bits} bits"));
        row(
            text,
            "quantisation",
            format_args!(
                "{}: {} matrices, {:.2} bits a weight with scales; {}; {} are differences to their shared expert",
                printable(&quantized.scheme),
                quantized.matrices,
                quantized.bits_per_weight,
                bits.collect::<Vec<_>>().join(", "),
                quantized.differences
            ),
        );
    }
}

impl Quantized {
    fn new(header: &Header, quantization: &Quantization) -> Option<Self> {
        let layouts = &quantization.tensors;
        let bytes = |name: &str| header.tensor(name).map_or(0, |tensor| tensor.bytes);
        let stored: usize = layouts.keys().map(|name| bytes(name) + bytes(&scale_name(name))).sum();
        let weights: usize = layouts.values().map(|layout| layout.shape[0] * layout.shape[1]).sum();
        let mut bits = BTreeMap::new();
        for layout in layouts.values() {
            *bits.entry(layout.bits).or_default() += 1;
        }
        (!layouts.is_empty()).then(|| Self {
            scheme: quantization.scheme.clone(),
            matrices: layouts.len(),
            bits,
            differences: layouts.values().filter(|layout| layout.base.is_some()).count(),
            bits_per_weight: 8.0 * stored as f64 / weights.max(1) as f64,
        })
    }
}

/// What the header lists, be it of a Gamma model or not.
#[derive(Serialize)]
struct Contents {
    tensors: usize,
    elements: u64,
    dtypes: BTreeMap<String, Share>,
    metadata: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tensor_list: Option<Vec<Row>>,
}

/// What the tensors of one element type make up.
#[derive(Default, Serialize)]
struct Share {
    tensors: usize,
    elements: u64,
    bytes: u64,
}

#[derive(Serialize)]
struct Row {
    name: String,
    dtype: String,
    shape: Vec<usize>,
    bytes: usize,
}

/// Runs the command: one report for each file of a folder.
pub fn run(arguments: &Inspect) -> Status {
    let Weights::Path(path) = &arguments.file else {
        return one(arguments, &arguments.file, true);
    };
    let index = path.join(INDEX);
    if !index.is_file() {
        let file = if path.is_dir() {
            path.join("model.safetensors")
        } else {
            path.clone()
        };
        if declared::is_photo(&file) {
            return declared::run(&file, arguments.json);
        }
        return one(arguments, &Weights::Path(file), true);
    }
    let bytes = std::fs::read(&index).map_err(|error| refused(&index, error));
    match bytes.and_then(|bytes| Index::parse(&bytes)) {
        Err(error) => {
            complain(&about(&index, &error));
            Status::NoModel
        }
        Ok(Index { files }) => {
            // A part of a model need not be one itself.
            let whole = files.iter().filter(|file| !file.text).count() == 1;
            let status = |file: &weights::IndexFile| {
                let path = Weights::Path(path.join(&file.name));
                one(arguments, &path, whole && !file.text)
            };
            files
                .iter()
                .map(status)
                .max_by_key(|status| *status as u8)
                .unwrap_or(Status::Done)
        }
    }
}

/// Reports on a file, which may have to be a `whole` model.
fn one(arguments: &Inspect, weights: &Weights, whole: bool) -> Status {
    let path = weights.name();
    let mut report = Report {
        file: path.to_string_lossy().into_owned(),
        bytes: None,
        model: None,
        scenes: None,
        format: None,
        contents: None,
        error: None,
    };
    let result = report.fill(weights, arguments.tensors, whole);
    report.error = result.as_ref().err().map(Failure::from);
    let written = if arguments.json {
        report.json()
    } else {
        report.text(path)
    };
    if let Err(error) = &result {
        complain(&about(path, error));
    }
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain(&format!("standard output: {error}"));
            Status::Incomplete
        }
        _ if result.is_err() => Status::NoModel,
        _ => Status::Done,
    }
}

impl Report {
    /// Finds out as much as it can, and stops at the first thing that keeps the file from being a model.
    fn fill(&mut self, weights: &Weights, list: bool, whole: bool) -> Result<()> {
        let header = match weights {
            Weights::Default => {
                self.bytes = Some(DEFAULT_MODEL.len() as u64);
                Header::read(DEFAULT_MODEL, self.bytes, &self.file)?
            }
            Weights::Path(path) => {
                let file = File::open(path).map_err(|error| refused(path, error))?;
                let metadata = file.metadata().map_err(|error| refused(path, error))?;
                self.bytes = metadata.is_file().then_some(metadata.len());
                Header::read(io::BufReader::new(file), self.bytes, &self.file)?
            }
        };
        self.contents = Some(Contents::new(&header, list));
        let contents = weights::Contents::read(&header)?;
        let model = ModelInfo::of_file(&header, &contents);
        let mut scenes = contents.offered_scenes();
        scenes.retain(|scene| model.offers(&scene.id));
        self.scenes = Some(scenes);
        self.model = Some(model);
        self.format = Format::new(&header, &contents);
        if whole {
            contents.check_complete()?;
        }
        // As long as it is no pipe, its length tells whether a download was cut off.
        self.bytes.map_or(Ok(()), |bytes| header.check_length(bytes))
    }

    fn json(&self) -> io::Result<()> {
        let mut line = Vec::new();
        json_line(&mut line, self)?;
        print(&line)
    }

    fn text(&self, path: &Path) -> io::Result<()> {
        let mut text = String::new();
        row(&mut text, "file", name(path));
        if let Some(bytes) = self.bytes {
            row(&mut text, "size", size(bytes));
        }
        if let Some(model) = &self.model {
            describe(&mut text, model);
        }
        if let Some(scenes) = &self.scenes {
            let ids: Vec<&str> = scenes.iter().map(|scene| scene.id.as_str()).collect();
            row(&mut text, "scenes", ids.join(", "));
        }
        if let Some(format) = &self.format {
            format.describe(&mut text);
        }
        if let Some(contents) = &self.contents {
            contents.describe(&mut text);
        }
        print(text.as_bytes())
    }
}

fn describe(text: &mut String, model: &ModelInfo) {
    let config = &model.config;
    row(text, "model", printable(&model.name));
    row(
        text,
        "trained",
        if model.trained {
            "yes"
        } else {
            "no: its scores mean nothing"
        },
    );
    row(text, "parameters", thousands(model.parameters));
    row(
        text,
        "crops",
        format_args!("{0} x {0} pixels in patches of {1} x {1}", config.image, config.patch),
    );
    row(text, "photos", photos(&model.photo));
    if let Some(stem) = &config.stem {
        let channels: Vec<String> = stem.taps().iter().map(|stage| stage.channels.to_string()).collect();
        row(
            text,
            "stem",
            format_args!(
                "EfficientNet-{:?}, tokens from levels of {} channels",
                stem.variant,
                channels.join(", ")
            ),
        );
        if stem.pooled {
            let statistics = thousands(stem.pooled_statistics() as u64);
            row(
                text,
                "class token",
                format_args!("with {statistics} means and deviations of whole stages of the stem"),
            );
        }
    }
    row(text, "vision tower", tower(&config.vision));
    match &config.text {
        Some(config) => row(
            text,
            "text tower",
            format_args!(
                "{}, vocabulary of {}",
                tower(&config.tower),
                thousands(config.vocabulary as u64)
            ),
        ),
        None => row(text, "text tower", "none; scenes of one's own cannot be added"),
    }
    row(
        text,
        "experts",
        format_args!("{} and a shared one in each mixture", config.experts),
    );
    row(
        text,
        "features",
        format_args!("width {}, adapter of width {}", config.embed_dim, config.adapter),
    );
    row(
        text,
        "licence",
        model.licence.as_deref().map_or("not stated".into(), printable),
    );
    row(
        text,
        "source",
        model.source.as_deref().map_or("not stated".into(), printable),
    );
}

/// How photos are brought to the model.
fn photos(photo: &Preparation) -> String {
    let scaling = match photo.short_side {
        Some(short_side) => format!("scaled to a short side of {short_side} pixels"),
        None => "at their own resolution".into(),
    };
    let CropOptions { policy, crops, .. } = photo.crop_choice().options();
    let sizes = match photo.sizes.as_slice() {
        [] => String::new(),
        sizes => format!(
            " of {} pixels each",
            sizes.iter().map(u32::to_string).collect::<Vec<_>>().join(" and ")
        ),
    };
    let crops = match policy {
        CropPolicy::Random => format!("{scaling}, {crops} crops at random"),
        CropPolicy::Grid => format!("{scaling}, {crops} crops on a grid"),
        CropPolicy::Five => format!("{scaling}, crops of the corners and the centre"),
        CropPolicy::Center => format!("{scaling}, a crop of the centre"),
    };
    crops + &sizes
}

fn tower(tower: &TowerConfig) -> String {
    let TowerConfig {
        width,
        layers,
        moae_from,
        context_length,
        ratio,
    } = tower;
    let experts = match layers.saturating_sub(*moae_from) {
        0 => "no experts".to_owned(),
        _ => format!("experts from block {moae_from} on"),
    };
    // CLIP's ratio goes without saying.
    let mlp = match ratio {
        4 => String::new(),
        _ => format!(" with MLPs {ratio} times as wide"),
    };
    format!(
        "width {width}, heads {}, blocks {layers}{mlp}, {experts}, tokens {context_length}",
        tower.heads()
    )
}

impl Contents {
    fn new(header: &Header, list: bool) -> Self {
        let mut dtypes: BTreeMap<String, Share> = BTreeMap::new();
        let elements = |tensor: &TensorInfo| tensor.shape.iter().product::<usize>() as u64;
        for tensor in &header.tensors {
            let share = dtypes.entry(tensor.dtype.to_string()).or_default();
            share.tensors += 1;
            share.elements += elements(tensor);
            share.bytes += tensor.bytes as u64;
        }
        let rows = |tensor: &TensorInfo| Row {
            name: tensor.name.clone(),
            dtype: tensor.dtype.to_string(),
            shape: tensor.shape.clone(),
            bytes: tensor.bytes,
        };
        Self {
            tensors: header.tensors.len(),
            elements: header.tensors.iter().map(elements).sum(),
            dtypes,
            metadata: header.metadata.clone(),
            tensor_list: list.then(|| header.tensors.iter().map(rows).collect()),
        }
    }

    fn describe(&self, text: &mut String) {
        row(
            text,
            "tensors",
            format_args!("{} with {} numbers", self.tensors, thousands(self.elements)),
        );
        for (dtype, share) in &self.dtypes {
            row(
                text,
                "",
                format_args!("{dtype}: {} tensors, {}", share.tensors, size(share.bytes)),
            );
        }
        // Said above in fewer words, or of no use to people; `--json` has them.
        let said = ["config", "levels", "quantization", "scenes", "sha256"];
        let shown = self
            .metadata
            .iter()
            .filter(|(key, value)| !(said.contains(&key.as_str()) && value.len() > 200));
        for (index, (key, value)) in shown.enumerate() {
            let label = if index == 0 { "metadata" } else { "" };
            row(text, label, format_args!("{}: {}", printable(key), printable(value)));
        }
        let Some(list) = &self.tensor_list else { return };
        let width = list
            .iter()
            .map(|tensor| tensor.name.chars().count())
            .max()
            .unwrap_or_default();
        text.push('\n');
        for Row { name, dtype, shape, .. } in list {
            let _ = writeln!(text, "{:width$}  {dtype:<4}  {shape:?}", printable(name));
        }
    }
}

/// A line of a label and what belongs to it.
pub fn row(text: &mut String, label: &str, value: impl Display) {
    let _ = writeln!(text, "{label:<14}{value}");
}
