//! The conversion from end to end.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use half::f16;
use safetensors::Dtype;

use super::layout::{Item, Shard, items, last_references, shards};
use super::output::{Output, index};
use super::plan::{Plan, Scheme, plan};
use super::report::{Report, TensorReport};
use super::scenes::{Offer, Scenes, offer};
use super::select::Selection;
use super::source::Source;
use super::writer::FileWriter;
use crate::model::may_be_quantized;
use crate::ops::DeviceChoice;
use crate::prompt::LEVELS;
use crate::weights::{
    FORMAT_VERSION, Header, Metadata, Quantization, findings, hex, network_hash, photo, reliability, scale_name,
    text_features_name,
};
use crate::{Error, Result};

/// What weights are stored as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Every number as F32.
    F32,
    /// Matrices as F16, vectors as F32.
    F16,
    /// Matrices as codes.
    Quantized(Scheme),
}

impl Target {
    /// The name of the target: `f32`, `f16`, `q8` or `q4`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Quantized(scheme) => scheme.as_str(),
        }
    }
}

/// What a conversion is asked for.
#[derive(Debug, Clone)]
pub struct Options {
    /// What weights are stored as.
    pub target: Target,
    /// The most bytes of tensors of a file.
    pub shard_bytes: Option<u64>,
    /// Scenes whose text features are stored.
    pub scenes: Scenes,
    /// Whether the text tower is written.
    pub text: bool,
    /// Whether files of an earlier conversion are replaced.
    pub force: bool,
    /// Where prompts are read.
    pub device: DeviceChoice,
    /// A model, the source's own in whatever type: a scene file for it is written, with the level features of `scenes` alone.
    pub extends: Option<PathBuf>,
    /// Metadata that replaces the source's: `name`, `licence`, `source`.
    pub metadata: BTreeMap<String, String>,
}

/// How far a conversion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What is being done.
    pub stage: &'static str,
    /// Numbers gone through.
    pub done: u64,
    /// Numbers to go through, each once for measuring and once for writing.
    pub total: u64,
}

/// Converts a checkpoint into files of weights in the folder `out`, which is made if it is not there.
///
/// # Errors
/// [`Error::Io`], [`Error::Option`], what is wrong with the source, or [`Error::SceneUnknown`]. No file has its final
/// name then, unless it had it before.
pub fn convert(
    source: &mut dyn Source,
    out: &Path,
    options: &Options,
    progress: &mut dyn FnMut(Step),
) -> Result<Report> {
    let output = Output::new(out, options.force)?;
    let mut selection = Selection::new(source)?;
    let offer = offer(source, &selection, &options.scenes, options.device)?;
    if offer.stored.is_empty() && (selection.config.text.is_none() || !options.text) {
        return Err(Error::Option {
            name: "scenes",
            reason: format!(
                "without the text tower and without text features nothing can be scored{}",
                offer
                    .reason
                    .as_ref()
                    .map(|reason| format!("; {reason}"))
                    .unwrap_or_default()
            ),
        });
    }
    if !options.text {
        selection.without_text();
    }
    let extended = match &options.extends {
        None => None,
        Some(model) => {
            let hash = extended(model, &selection)?;
            selection.entries.clear();
            Some(hash)
        }
    };
    let numbers = |quantized: bool| {
        let entries = selection
            .entries
            .iter()
            .filter(|entry| !quantized || may_be_quantized(&entry.name, &entry.shape));
        entries
            .map(|entry| entry.shape.iter().product::<usize>() as u64)
            .sum::<u64>()
    };
    let scheme = match options.target {
        Target::Quantized(scheme) => Some(scheme),
        _ => None,
    };
    let mut work = Work {
        done: 0,
        total: numbers(false) + if scheme.is_some() { numbers(true) } else { 0 },
        progress,
    };
    let mut plans = match scheme {
        Some(scheme) => plan(source, &selection, scheme, |entry| work.add("measuring", &entry.shape))?,
        None => BTreeMap::new(),
    };
    let mut report = Report::new(options.target.as_str(), &selection, &offer);
    let mut metadata = metadata(source, &selection, &offer, options)?;
    if let Some(hash) = &extended {
        metadata.insert("extends".into(), hash.clone());
    }
    let wide = match options.target {
        Target::F32 => Dtype::F32,
        _ => Dtype::F16,
    };
    let mut all = items(&selection.entries, &mut plans, wide);
    let whole = offer.stored.is_empty();
    let stored = offer.stored.into_iter().map(|features| {
        // Level features of the usual width are few.
        let dtype = if features.width == selection.config.embed_dim {
            Dtype::F32
        } else {
            wide
        };
        Item::Features(features, dtype)
    });
    all.extend(stored);
    let shards = shards(all, &selection.entries, whole, options.shard_bytes);

    let mut files = Vec::new();
    let mut weight_map = BTreeMap::new();
    for shard in shards {
        for row in shard.items.iter().flat_map(Item::rows) {
            weight_map.insert(row.name, shard.name.clone());
        }
        let name = shard.name.clone();
        let (file, length) = write(
            shard,
            source,
            &selection,
            scheme,
            &metadata,
            output.folder(),
            &mut report,
            &mut work,
        )?;
        report.files.insert(name, length);
        files.push(file);
    }
    let total_size = report.tensors.iter().map(|tensor| tensor.bytes).sum();
    if extended.is_none() {
        files.push(index(output.folder(), total_size, &report.files, &weight_map)?);
    }
    output.publish(files)?;
    report.finish();
    Ok(report)
}

/// The network hash of the model that a scene file is for.
fn extended(model: &Path, selection: &Selection) -> Result<String> {
    let shown = model.to_string_lossy();
    let file = File::open(model).map_err(|source| Error::Io {
        path: shown.clone().into_owned(),
        source,
    })?;
    let header = Header::read(BufReader::new(file), None, &shown)?;
    let metadata = Metadata::read(&header)?;
    let refuse = |reason: &str| Error::Option {
        name: "extends",
        reason: format!("{shown} {reason}"),
    };
    if metadata.config != selection.config {
        return Err(refuse("is a model of other dimensions than the checkpoint"));
    }
    let hash = network_hash(&header, &metadata).filter(|_| metadata.extends.is_none());
    Ok(hex(
        &hash.ok_or_else(|| refuse("is no model that `gamma convert` wrote"))?
    ))
}

struct Work<'a> {
    done: u64,
    total: u64,
    progress: &'a mut dyn FnMut(Step),
}

impl Work<'_> {
    fn add(&mut self, stage: &'static str, shape: &[usize]) {
        self.done += shape.iter().product::<usize>() as u64;
        (self.progress)(Step {
            stage,
            done: self.done,
            total: self.total,
        });
    }
}

/// What every file says about the model.
fn metadata(
    source: &dyn Source,
    selection: &Selection,
    offer: &Offer,
    options: &Options,
) -> Result<BTreeMap<String, String>> {
    let json = |error: serde_json::Error| Error::WeightsMetadata(error.to_string());
    let scenes = Ordered(
        offer
            .scenes
            .iter()
            .map(|scene| (scene.id.as_str(), scene.template.as_str()))
            .collect(),
    );
    let mut metadata = BTreeMap::from([
        ("format_version".to_owned(), FORMAT_VERSION.to_owned()),
        (
            "producer".to_owned(),
            concat!("gamma-wasm ", env!("CARGO_PKG_VERSION")).to_owned(),
        ),
        (
            "config".to_owned(),
            serde_json::to_string(&selection.config).map_err(json)?,
        ),
        ("levels".to_owned(), serde_json::to_string(&LEVELS).map_err(json)?),
        ("scenes".to_owned(), serde_json::to_string(&scenes).map_err(json)?),
    ]);
    // What no loader would take is not written.
    photo(source.metadata().get("photo").map(String::as_str))?;
    for key in [
        "name",
        "licence",
        "source",
        "trained",
        "evaluation",
        "photo",
        "reliability",
        "findings",
    ] {
        if let Some(value) = source.metadata().get(key) {
            metadata.insert(key.to_owned(), value.clone());
        }
    }
    metadata.extend(options.metadata.clone());
    let mut measured = reliability(metadata.get("reliability").map(String::as_str))?;
    if options.extends.is_some() {
        measured.retain(|scene, _| offer.stored.iter().any(|features| features.scene.id == *scene));
        metadata.insert("reliability".into(), serde_json::to_string(&measured).map_err(json)?);
        metadata.remove("evaluation");
    }
    let mut claims = findings(metadata.get("findings").map(String::as_str))?;
    // A fault can be told by stored level features alone.
    let stored = |scene: &String| offer.stored.iter().any(|features| features.scene.id == *scene);
    claims.retain(|claim| stored(&claim.scene) && stored(&claim.fault));
    match claims.is_empty() {
        true => metadata.remove("findings"),
        false => metadata.insert("findings".into(), serde_json::to_string(&claims).map_err(json)?),
    };
    Ok(metadata)
}

/// A JSON object whose keys keep their order.
struct Ordered<'a>(Vec<(&'a str, &'a str)>);

impl serde::Serialize for Ordered<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

/// Writes one file, tensor by tensor.
#[allow(clippy::too_many_arguments, reason = "it is the one loop in which everything meets")]
fn write(
    shard: Shard,
    source: &mut dyn Source,
    selection: &Selection,
    scheme: Option<Scheme>,
    metadata: &BTreeMap<String, String>,
    folder: &Path,
    report: &mut Report,
    work: &mut Work<'_>,
) -> Result<(super::writer::Unpublished, u64)> {
    let mut metadata = metadata.clone();
    if let Some(scheme) = scheme {
        let quantized = shard.items.iter().filter_map(|item| match item {
            Item::Quantized(entry, plan) => Some((entry.name.clone(), plan.layout.clone())),
            _ => None,
        });
        let quantization = Quantization {
            scheme: scheme.as_str().to_owned(),
            tensors: quantized.collect(),
        };
        let json = serde_json::to_string(&quantization).map_err(|error| Error::WeightsMetadata(error.to_string()))?;
        metadata.insert("quantization".into(), json);
    }
    let rows = shard.items.iter().flat_map(Item::rows).collect();
    let mut file = FileWriter::create(folder.join(&shard.name), rows, metadata)?;
    let last = last_references(&shard.items);
    // Shared experts as their codes stand for them, as long as a difference to them may come.
    let mut bases: HashMap<String, (usize, Vec<f32>)> = HashMap::new();
    for (index, item) in shard.items.iter().enumerate() {
        let bytes = item.bytes();
        match item {
            Item::Float(entry, dtype) => {
                let weights = selection.read(source, &entry.name)?;
                let data = floats(&entry.name, &weights, *dtype)?;
                file.tensor(&entry.name, &data)?;
                report
                    .tensors
                    .push(TensorReport::float(entry, *dtype, &shard.name, &weights, bytes));
                work.add("writing", &entry.shape);
            }
            Item::Quantized(entry, plan) => {
                let weights = selection.read(source, &entry.name)?;
                let base = match &plan.layout.base {
                    None => None,
                    Some(base) => Some(&bases.get(base).ok_or_else(|| Error::TensorMissing(base.clone()))?.1),
                };
                let (stood_for, squared_error) = quantized(&mut file, &entry.name, plan, &weights, base)?;
                let row = TensorReport::quantized(entry, plan, &shard.name, &weights, squared_error, bytes);
                report.tensors.push(row);
                if let Some(&until) = last.get(index).filter(|&&until| until > index) {
                    bases.insert(entry.name.clone(), (until, stood_for));
                }
                work.add("writing", &entry.shape);
            }
            Item::Features(features, dtype) => {
                let data = floats("text_features", &features.values, *dtype)?;
                let name = text_features_name(&features.scene.id);
                file.tensor(&name, &data)?;
                report.tensors.push(TensorReport::features(
                    name,
                    &shard.name,
                    *dtype,
                    features.values.len() as u64,
                    bytes,
                ));
            }
        }
        bases.retain(|_, (until, _)| *until > index);
    }
    file.finish()
}

/// Writes the scales and codes of a matrix. Gives the weights that they stand for, and the squared error of these.
fn quantized(
    file: &mut FileWriter,
    name: &str,
    plan: &Plan,
    weights: &[f32],
    base: Option<&Vec<f32>>,
) -> Result<(Vec<f32>, f64)> {
    let layout = &plan.layout;
    let difference: Option<Vec<f32>> =
        base.map(|base| weights.iter().zip(base).map(|(weight, base)| weight - base).collect());
    let quantized = plan
        .coding()
        .quantize(difference.as_deref().unwrap_or(weights), layout.shape[1]);
    let dtype = if plan.half_scales { Dtype::F16 } else { Dtype::F32 };
    let scales = scale_name(name);
    file.tensor(&scales, &floats(&scales, &quantized.scales, dtype)?)?;
    file.tensor(name, &layout.pack(&quantized.codes))?;
    let mut stood_for = layout.dequantize(&quantized.codes, &quantized.scales);
    if let Some(base) = base {
        stood_for
            .iter_mut()
            .zip(base)
            .for_each(|(weight, base)| *weight += base);
    }
    let errors = weights.iter().zip(&stood_for);
    let squared_error = errors.map(|(weight, stands)| f64::from(weight - stands).powi(2)).sum();
    Ok((stood_for, squared_error))
}

/// Numbers as little-endian bytes.
fn floats(name: &str, values: &[f32], dtype: Dtype) -> Result<Vec<u8>> {
    if dtype == Dtype::F32 {
        return Ok(values.iter().flat_map(|value| value.to_le_bytes()).collect());
    }
    let mut bytes = Vec::with_capacity(2 * values.len());
    for &value in values {
        let half = f16::from_f32(value);
        if half.is_infinite() {
            return Err(Error::Option {
                name: "dtype",
                reason: format!("tensor `{name}` holds {value}, which is beyond F16; choose f32"),
            });
        }
        bytes.extend(half.to_le_bytes());
    }
    Ok(bytes)
}
