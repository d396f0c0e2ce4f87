//! Files of a run: the checkpoint that it goes on from, and the model that it gives.

use std::{collections::BTreeMap, fs::File, io::Write, path::Path};

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::{
    distortion::Fault,
    network::unit_rows,
    norm::Values,
    optimizer::{Adam, numbers},
    parameters::{AFFINE, Parameters},
    state::State,
};
use crate::{
    Error, Result,
    prompt::{LEVELS, Scene},
    weights::{
        TEXT_FEATURES,
        convert::{self, SourceTensor},
    },
};

/// What the metadata of a checkpoint says.
#[derive(Serialize, Deserialize)]
pub(super) struct Saved {
    /// Where the run is.
    pub state: State,
    /// The configuration that it began with, as JSON: another one would not continue the same run.
    pub config: serde_json::Value,
    /// Steps that Adam took.
    pub adam_steps: u64,
}

/// Everything that the next step depends on.
pub(super) struct Snapshot<'a> {
    pub parameters: &'a Parameters,
    pub adam: &'a Adam,
    pub average: &'a [Tensor<1>],
    pub saved: &'a Saved,
}

/// Writes the checkpoint; a kill at any moment leaves the old one or the new one.
pub(super) fn save(path: &Path, snapshot: &Snapshot<'_>) -> Result<()> {
    let mut tensors = Vec::new();
    for ((parameter, moments), average) in snapshot
        .parameters
        .list
        .iter()
        .zip(&snapshot.adam.moments)
        .zip(snapshot.average)
    {
        let mut add = |kind: &str, values: &Tensor<1>| -> Result<()> {
            let values = numbers(values.clone())?;
            tensors.push((format!("{kind}/{}", parameter.name), vec![values.len()], values));
            Ok(())
        };
        add("value", &parameter.values)?;
        // A frozen tensor is its own average and has no moments.
        if let Some([mean, square]) = moments {
            add("average", average)?;
            add("mean", mean)?;
            add("square", square)?;
        }
    }
    let saved = serde_json::to_string(snapshot.saved).map_err(|error| Error::Train(error.to_string()))?;
    write(path, tensors, BTreeMap::from([("run".into(), saved)]))
}

/// Reads a checkpoint back into `parameters`, `adam` and the average.
pub(super) fn restore(
    path: &Path,
    parameters: &mut Parameters,
    adam: &mut Adam,
    average: &mut [Tensor<1>],
    device: &Device,
) -> Result<Saved> {
    let damaged = |reason: String| Error::Train(format!("{} is no checkpoint of this run: {reason}", path.display()));
    let (mut tensors, metadata) = read(path)?;
    let saved = metadata
        .get("run")
        .ok_or_else(|| damaged("it does not say where the run is".into()))?;
    let saved: Saved = serde_json::from_str(saved).map_err(|error| damaged(error.to_string()))?;
    for ((parameter, moments), average) in parameters.list.iter_mut().zip(&mut adam.moments).zip(average) {
        let mut take = |kind: &str| -> Result<Tensor<1>> {
            let name = format!("{kind}/{}", parameter.name);
            let (_, values) = tensors
                .remove(&name)
                .ok_or_else(|| damaged(format!("`{name}` is missing")))?;
            let [length] = parameter.values.dims();
            if values.len() != length {
                return Err(damaged(format!("`{name}` has {} numbers, not {length}", values.len())));
            }
            Ok(Tensor::from_data(TensorData::new(values, [length]), device))
        };
        let values = take("value")?;
        if let Some([mean, square]) = moments {
            *average = take("average")?;
            *mean = take("mean")?;
            *square = take("square")?;
        } else {
            *average = values.clone();
        }
        parameter.values = values;
    }
    adam.steps = saved.adam_steps;
    Ok(saved)
}

/// Writes a model that `gamma score` loads: f32, the published names, level features of L2 norm 1.
pub(super) fn write_model(
    path: &Path,
    parameters: &Parameters,
    values: &[Tensor<1>],
    mut metadata: BTreeMap<&str, String>,
    scenes: &[String],
) -> Result<()> {
    let published = Scene::published().into_iter().map(|scene| (scene.id, scene.template));
    // Level features that were learned need no prompt; this is what people read.
    let faults = Fault::ALL.map(|fault| (fault.id().to_owned(), format!("photo of {{level}} {}", fault.id())));
    let templates: BTreeMap<String, String> = published.chain(faults).filter(|(id, _)| scenes.contains(id)).collect();
    let json = |value: &BTreeMap<String, String>| {
        serde_json::to_string(value).map_err(|error| Error::Train(error.to_string()))
    };
    if parameters.config.text.is_none() {
        metadata.insert("scenes", json(&templates)?);
    }
    let mut tensors = Vec::new();
    let offered = |name: &str| match name.strip_prefix(TEXT_FEATURES) {
        Some(scene) => scenes.iter().any(|offered| offered == scene),
        None => !name.starts_with(AFFINE),
    };
    for (parameter, values) in parameters.list.iter().zip(values) {
        // Scenes that helped along, and lines to the labels of datasets, are no part of the model.
        if !offered(&parameter.name) {
            continue;
        }
        let values = match (&parameter.name, parameter.shape.as_slice()) {
            // What is not trained is stored as it was.
            (name, &[rows, width])
                if parameter.is_trained() && name.starts_with(TEXT_FEATURES) && rows.is_multiple_of(LEVELS.len()) =>
            {
                unit_rows(values.clone().reshape([rows, width]), &parameters.config).reshape([rows * width])
            }
            _ => values.clone(),
        };
        tensors.push((parameter.name.clone(), parameter.shape.clone(), numbers(values)?));
    }
    let metadata = metadata.into_iter().map(|(key, value)| (key.to_owned(), value));
    write(path, tensors, metadata.collect())
}

/// All tensors of a checkpoint of any kind as f32, and its metadata. Counters and the like are left out.
pub(super) fn read(path: &Path) -> Result<(BTreeMap<String, Values>, BTreeMap<String, String>)> {
    let mut source = convert::open(path)?;
    let mut tensors = BTreeMap::new();
    for SourceTensor { name, shape, dtype } in source.tensors().to_vec() {
        if matches!(dtype.as_str(), "I64" | "I32") {
            continue;
        }
        let values = source.read(&name)?;
        tensors.insert(name, (shape, values));
    }
    Ok((tensors, source.metadata().clone()))
}

/// Writes tensors in the order given. The same tensors and metadata give the same bytes, which the safetensors crate does
/// not promise.
fn write(path: &Path, tensors: Vec<(String, Vec<usize>, Vec<f32>)>, metadata: BTreeMap<String, String>) -> Result<()> {
    let mut header = serde_json::Map::new();
    header.insert("__metadata__".into(), serde_json::json!(metadata));
    let mut end = 0;
    for (name, shape, values) in &tensors {
        let begin = end;
        end += 4 * values.len();
        let row = serde_json::json!({ "dtype": "F32", "shape": shape, "data_offsets": [begin, end] });
        header.insert(name.clone(), row);
    }
    let mut json = serde_json::Value::Object(header).to_string();
    // Tensors begin at a multiple of eight bytes.
    json.extend(std::iter::repeat_n(' ', json.len().next_multiple_of(8) - json.len()));
    let mut bytes = Vec::with_capacity(8 + json.len() + end);
    bytes.extend((json.len() as u64).to_le_bytes());
    bytes.extend(json.as_bytes());
    for (_, _, values) in &tensors {
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }
    replace(path, &bytes)
}

/// Writes a file beside its place and moves it there once it is whole.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let unfinished = path.with_extension("unfinished");
    let written = File::create(&unfinished).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written
        .and_then(|()| std::fs::rename(&unfinished, path))
        .map_err(|source| io(path, source))
}

pub(super) fn io(path: &Path, source: std::io::Error) -> Error {
    Error::Io {
        path: path.display().to_string(),
        source,
    }
}
