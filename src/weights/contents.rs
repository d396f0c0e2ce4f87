//! The tensors of a file as the model sees them: a float tensor is one row of the header, a quantised one is its scales and
//! its codes. Everything that a header can tell is found out here, before any data arrives.

use safetensors::Dtype;

use super::{Header, Metadata, QuantizedLayout, TensorInfo, index::is_text, order::sorted, scale_name};
use crate::{
    Error, Result,
    model::{Config, LevelFeatures, Part, may_be_quantized},
    prompt::Scene,
};

/// How a tensor of the model lies in a file. Numbers are places in [`Header::tensors`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storage {
    /// Numbers of a float type.
    Float {
        /// The tensor.
        tensor: usize,
    },
    /// Codes and their scales.
    Quantized {
        /// How.
        layout: QuantizedLayout,
        /// The scales, directly before the codes.
        scales: usize,
        /// The codes.
        codes: usize,
    },
}

/// A tensor of the model that a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelTensor {
    /// Its name in the published checkpoint.
    pub name: String,
    /// Its dimensions, outermost first; empty for a scalar.
    pub shape: Vec<usize>,
    /// Where it lies.
    pub storage: Storage,
}

/// What a file holds: its metadata and its tensors, each checked against the other and against the model's dimensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// What the file says about itself.
    pub metadata: Metadata,
    /// The model's tensors in the order of their data.
    pub tensors: Vec<ModelTensor>,
}

impl Contents {
    /// Reads what a header tells.
    ///
    /// # Errors
    /// As [`Metadata::read`]; [`Error::TensorExtra`] for a tensor without a place in the model, [`Error::TensorShape`],
    /// [`Error::TensorDtype`], and [`Error::TensorMissing`] for half of a quantised tensor.
    pub fn read(header: &Header) -> Result<Self> {
        let metadata = Metadata::read(header)?;
        let layouts = &metadata.quantization.tensors;
        for (name, layout) in layouts {
            check_quantized(header, name, layout)?;
            if let Some(base) = &layout.base {
                check_base(header, name, layout, base, layouts.get(base))?;
            }
        }
        let is_scale = |name: &str| {
            name.strip_suffix("_scale")
                .is_some_and(|name| layouts.contains_key(name))
        };
        let mut tensors = Vec::with_capacity(header.tensors.len() - layouts.len().min(header.tensors.len()));
        for (index, info) in header.tensors.iter().enumerate() {
            if is_scale(&info.name) {
                continue;
            }
            let (shape, storage) = match layouts.get(&info.name) {
                None if !is_float(info.dtype) => return Err(wrong_dtype(info)),
                None => (info.shape.clone(), Storage::Float { tensor: index }),
                Some(layout) => {
                    let (layout, scales) = (layout.clone(), index.saturating_sub(1));
                    let codes = index;
                    (layout.shape.to_vec(), Storage::Quantized { layout, scales, codes })
                }
            };
            tensors.push(ModelTensor {
                name: info.name.clone(),
                shape,
                storage,
            });
        }
        let contents = Self { metadata, tensors };
        contents.check_shapes()?;
        Ok(contents)
    }

    /// Refuses a file that is neither a whole model, with all of the vision tower and head and all or none of the text tower, nor a scene
    /// file, with level features alone.
    ///
    /// # Errors
    /// [`Error::TensorMissing`], [`Error::TensorExtra`] of a scene file, or [`Error::Config`] if no scene can be asked about.
    pub fn check_complete(&self) -> Result<()> {
        let names = self.names();
        if self.metadata.extends.is_some() {
            let features: Vec<String> = self
                .metadata
                .scenes
                .iter()
                .map(|scene| text_features_name(&scene.id))
                .collect();
            let extra = names.iter().find(|&&name| features.iter().all(|known| known != name));
            return match (extra, features.iter().find(|name| !names.contains(&name.as_str()))) {
                (Some(&extra), _) => Err(Error::TensorExtra(extra.to_owned())),
                (None, Some(missing)) => Err(Error::TensorMissing(missing.clone())),
                (None, None) => Ok(()),
            };
        }
        let needed = |part| part == Part::Vision || self.has_text_tower();
        let inventory = self.config().inventory().into_iter();
        if let Some(missing) = inventory
            .filter(|entry| needed(entry.part))
            .find(|entry| names.binary_search(&entry.name.as_str()).is_err())
        {
            return Err(Error::TensorMissing(missing.name));
        }
        if self.offered_scenes().is_empty() {
            return Err(Error::Config(
                "it has neither a text tower nor the text features of a scene".into(),
            ));
        }
        Ok(())
    }

    /// Dimensions of the model.
    pub fn config(&self) -> &Config {
        &self.metadata.config
    }

    /// Whether the file holds something of the text tower.
    pub fn has_text_tower(&self) -> bool {
        self.tensors.iter().any(|tensor| is_text(&tensor.name))
    }

    /// The scenes that the model of this file can be asked about: those with text features in the file, or all that it
    /// names if it has a text tower.
    pub fn offered_scenes(&self) -> Vec<Scene> {
        let (names, text_tower) = (self.names(), self.has_text_tower());
        let features = |scene: &Scene| names.binary_search(&text_features_name(&scene.id).as_str()).is_ok();
        let scenes = self.metadata.scenes.iter();
        scenes.filter(|scene| text_tower || features(scene)).cloned().collect()
    }

    /// Numbers of the model's tensors, however they are stored.
    pub fn parameters(&self) -> u64 {
        let numbers = |tensor: &ModelTensor| tensor.shape.iter().map(|&side| side as u64).product::<u64>();
        self.tensors.iter().map(numbers).sum()
    }

    /// The names of the tensors, in order.
    fn names(&self) -> Vec<&str> {
        sorted(
            self.tensors.iter().map(|tensor| tensor.name.as_str()).collect(),
            Ord::cmp,
        )
    }

    /// Compares each tensor with the one that a model of these dimensions has.
    fn check_shapes(&self) -> Result<()> {
        let config = self.config();
        let inventory = config.inventory().into_iter();
        // The shape of a scene's features follows from that of its tensor.
        let features = self.metadata.scenes.iter().map(|scene| text_features_name(&scene.id));
        let mut expected = std::collections::BTreeMap::<String, Option<Vec<usize>>>::new();
        expected.extend(
            inventory
                .map(|entry| (entry.name, Some(entry.shape)))
                .chain(features.map(|name| (name, None))),
        );
        for ModelTensor { name, shape, storage } in &self.tensors {
            let of_scene = LevelFeatures::shape(shape, config);
            let expected = match expected.get(name) {
                Some(Some(expected)) => expected.as_slice(),
                Some(None) => &of_scene,
                None => return Err(Error::TensorExtra(name.clone())),
            };
            // A scalar may be a tensor of one element.
            let scalar = expected.is_empty() && shape.as_slice() == [1] || shape.is_empty() && expected == [1];
            if shape.as_slice() != expected && !scalar {
                return Err(Error::TensorShape {
                    name: name.clone(),
                    found: shape.clone(),
                    expected: expected.to_vec(),
                });
            }
            if matches!(storage, Storage::Quantized { .. }) && !may_be_quantized(name, shape) {
                return Err(Error::WeightsMetadata(format!(
                    "tensor `{name}` is quantised; only linear layers of the blocks and of the stem and the token embedding can be"
                )));
            }
        }
        Ok(())
    }
}

/// What the names of text features begin with.
pub const TEXT_FEATURES: &str = "text_features.";

/// The name of the text features of the scene `id`.
pub(crate) fn text_features_name(id: &str) -> String {
    format!("{TEXT_FEATURES}{id}")
}

fn is_float(dtype: Dtype) -> bool {
    matches!(dtype, Dtype::F32 | Dtype::F16 | Dtype::BF16)
}

fn wrong_dtype(info: &TensorInfo) -> Error {
    Error::TensorDtype {
        name: info.name.clone(),
        dtype: info.dtype.to_string(),
    }
}

fn check_quantized(header: &Header, name: &str, layout: &QuantizedLayout) -> Result<()> {
    let scale = scale_name(name);
    let find = |name: &str| {
        let place = header
            .position(name)
            .ok_or_else(|| Error::TensorMissing(name.to_owned()))?;
        let info = header
            .tensors
            .get(place)
            .ok_or_else(|| Error::TensorMissing(name.to_owned()))?;
        Ok::<_, Error>((place, info))
    };
    let ((codes_at, codes), (scales_at, scales)) = (find(name)?, find(&scale)?);
    if codes.dtype != layout.dtype() {
        return Err(wrong_dtype(codes));
    }
    if !matches!(scales.dtype, Dtype::F32 | Dtype::F16) {
        return Err(wrong_dtype(scales));
    }
    for (info, expected) in [(codes, layout.code_shape()), (scales, layout.scale_shape())] {
        if info.shape != expected {
            return Err(Error::TensorShape {
                name: info.name.clone(),
                found: info.shape.clone(),
                expected: expected.to_vec(),
            });
        }
    }
    if scales_at + 1 != codes_at {
        return Err(Error::WeightsMetadata(format!(
            "the scales of tensor `{name}` do not lie directly before it"
        )));
    }
    Ok(())
}

/// A base is quantised, whole (no difference itself), of the same shape, and comes before.
fn check_base(
    header: &Header,
    name: &str,
    layout: &QuantizedLayout,
    base: &str,
    base_layout: Option<&QuantizedLayout>,
) -> Result<()> {
    let refuse = |reason: &str| {
        let reason = format!("tensor `{name}` is a difference from `{base}`, {reason}");
        Err(Error::WeightsMetadata(reason))
    };
    match base_layout {
        None => refuse("which is no quantised tensor of the same file"),
        Some(base) if base.base.is_some() => refuse("which is a difference itself"),
        Some(base) if base.shape != layout.shape => refuse("which has another shape"),
        Some(_) if header.position(base) >= header.position(name) => refuse("which comes after it"),
        Some(_) => Ok(()),
    }
}
