//! What a file of weights says about itself in `__metadata__`, compared with the tensors that it has: version,
//! dimensions, quantisation, hashes.

use std::collections::BTreeMap;

use serde::{Deserialize, de::DeserializeOwned};

use super::{
    Header, Quantization, QuantizedLayout, findings,
    json::{Table, Whole},
    reliability,
};
use crate::{
    Error, Result,
    image::Preparation,
    model::Config,
    prompt::{LEVELS, Scene},
};

/// The version of the format that this build writes and reads.
pub const FORMAT_VERSION: &str = "1";

/// The typed metadata of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// The version of the format; `None` for a checkpoint in the published layout, which says nothing of itself.
    pub version: Option<u32>,
    /// Dimensions of the whole model: as the metadata say, or, without a version, read off the shapes.
    pub config: Config,
    /// The scenes that the file names, the published ones if it names none.
    pub scenes: Vec<Scene>,
    /// How photos are brought to the model.
    pub photo: Preparation,
    /// How the quantised tensors of this file lie in it.
    pub quantization: Quantization,
    /// SHA-256 of the data of each of [`Header::tensors`], in their order; empty without a version.
    pub hashes: Vec<[u8; 32]>,
    /// Of a scene file: the [`network_hash`](super::network_hash) of the model whose scenes it adds to.
    pub extends: Option<[u8; 32]>,
}

impl Metadata {
    /// Reads the metadata of a file.
    ///
    /// # Errors
    /// [`Error::WeightsVersion`] for a later version, [`Error::WeightsMetadata`] for what is malformed or contradicts the
    /// header, [`Error::SceneInvalid`] for a scene that cannot be; without a version, [`Error::TensorMissing`] or
    /// [`Error::Config`] if the shapes describe no model.
    pub fn read(header: &Header) -> Result<Self> {
        let value = |key: &str| header.metadata.get(key).map(String::as_str);
        let version = value("format_version");
        check_version(version)?;
        let scenes = scenes(value("scenes"))?;
        let photo = photo(value("photo"))?;
        reliability(value("reliability"))?;
        findings(value("findings"))?;
        if version.is_none() {
            return Ok(Self {
                version: None,
                config: Config::from_header(header)?,
                scenes,
                photo,
                quantization: Quantization::default(),
                hashes: Vec::new(),
                extends: None,
            });
        }
        let config: Config = match value("config") {
            Some(json) => read("config", json)?,
            None => return refuse("there is no `config`"),
        };
        config.check()?;
        if let Some(levels) = value("levels")
            .map(|json| read::<Vec<String>>("levels", json))
            .transpose()?
            && levels != LEVELS
        {
            return refuse(format!("`levels` are {levels:?}; this build knows {LEVELS:?}"));
        }
        let quantization = match value("quantization") {
            Some(json) => quantization(json)?,
            None => Quantization::default(),
        };
        let extends = value("extends").map(|digits| match bytes(digits) {
            Some(hash) => Ok(hash),
            None => refuse("`extends` is not 64 hex digits"),
        });
        Ok(Self {
            version: Some(1),
            config,
            scenes,
            photo,
            quantization,
            hashes: hashes(header, value("sha256"))?,
            extends: extends.transpose()?,
        })
    }
}

/// Refuses versions other than [`FORMAT_VERSION`]; no version is the published layout.
pub(super) fn check_version(version: Option<&str>) -> Result<()> {
    let Some(version) = version.filter(|&version| version != FORMAT_VERSION) else {
        return Ok(());
    };
    match version.parse::<u64>() {
        Ok(number) if number > 1 => Err(Error::WeightsVersion(number.to_string())),
        _ => refuse(format!("`format_version` is {version:?}; 1 is the first")),
    }
}

fn refuse<T>(reason: impl Into<String>) -> Result<T> {
    Err(Error::WeightsMetadata(reason.into()))
}

fn read<T: DeserializeOwned>(key: &str, json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|error| Error::WeightsMetadata(format!("`{key}`: {error}")))
}

fn unique<T>(key: &str, table: Table<T>) -> Result<BTreeMap<String, T>> {
    let twice = |name| Error::WeightsMetadata(format!("`{key}` names `{name}` twice"));
    table.unique().map_err(twice)
}

/// The scenes that the metadata name as `{"id": "template"}`, else the published ones.
fn scenes(json: Option<&str>) -> Result<Vec<Scene>> {
    let Some(json) = json else {
        return Ok(Scene::published());
    };
    let templates = unique("scenes", read::<Table<String>>("scenes", json)?)?;
    templates
        .into_iter()
        .map(|(id, template)| Scene::new(id, template))
        .collect()
}

/// What the metadata state about photos.
///
/// # Errors
/// [`Error::WeightsMetadata`].
pub(crate) fn photo(json: Option<&str>) -> Result<Preparation> {
    let Some(json) = json else {
        return Ok(Preparation::default());
    };
    let wrong = |reason: String| Error::WeightsMetadata(format!("`photo`: {reason}"));
    // serde takes an array for a struct, too.
    if !json.trim_start().starts_with('{') {
        return Err(wrong("it is no object".into()));
    }
    let photo: Preparation = read("photo", json)?;
    photo.check().map_err(wrong)?;
    Ok(photo)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuantizationJson {
    scheme: String,
    tensors: Table<LayoutJson>,
}

/// A layout of which each number is exact, so that 2^32 + 8 bits are not 8 bits where a `usize` has 32.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LayoutJson {
    bits: Whole,
    group: Whole,
    shape: [Whole; 2],
    base: Option<String>,
}

fn quantization(json: &str) -> Result<Quantization> {
    let QuantizationJson { scheme, tensors } = read("quantization", json)?;
    let mut layouts = BTreeMap::new();
    for (name, layout) in unique("quantization", tensors)? {
        let number = |Whole(number): Whole| {
            let number = number.ok().and_then(|number| u32::try_from(number).ok());
            number
                .ok_or_else(|| Error::WeightsMetadata(format!("quantised tensor `{name}` has a number that cannot be")))
        };
        let [outputs, inputs] = layout.shape;
        let layout = QuantizedLayout {
            bits: number(layout.bits)?,
            group: number(layout.group)? as usize,
            shape: [number(outputs)? as usize, number(inputs)? as usize],
            base: layout.base,
        };
        layout.check(&name)?;
        layouts.insert(name, layout);
    }
    Ok(Quantization {
        scheme,
        tensors: layouts,
    })
}

/// The hash of each tensor of the header, in their order.
fn hashes(header: &Header, json: Option<&str>) -> Result<Vec<[u8; 32]>> {
    let Some(json) = json else {
        return refuse("there is no `sha256`");
    };
    let table = unique("sha256", read::<Table<String>>("sha256", json)?)?;
    if let Some(name) = table.keys().find(|name| header.position(name).is_none()) {
        return refuse(format!("`sha256` names `{name}`, which the file does not hold"));
    }
    let hash = |name: &str| match table.get(name) {
        None => refuse(format!("`sha256` does not name `{name}`")),
        Some(digits) => {
            bytes(digits).map_or_else(|| refuse(format!("the SHA-256 of `{name}` is not 64 hex digits")), Ok)
        }
    };
    header.tensors.iter().map(|tensor| hash(&tensor.name)).collect()
}

/// 64 hexadecimal digits of 32 bytes.
pub(crate) fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The 32 bytes of 64 hexadecimal digits.
fn bytes(digits: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if pairs.len() != bytes.len() || !rest.is_empty() {
        return None;
    }
    let digit = |digit: u8| char::from(digit).to_digit(16).map(|digit| digit as u8);
    for (byte, &[high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(high)? << 4 | digit(low)?;
    }
    Some(bytes)
}
