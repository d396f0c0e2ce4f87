//! Which tensor goes into which file, and what each is stored as.

use std::collections::BTreeMap;

use safetensors::Dtype;

use super::plan::Plan;
use super::scenes::SceneFeatures;
use super::writer::Row;
use crate::model::{Entry, Part};
use crate::weights::{scale_name, text_features_name};

/// Something of the model that is stored as one: a tensor, or codes with their scales.
pub enum Item {
    /// A tensor of floats.
    Float(Entry, Dtype),
    /// A quantised matrix.
    Quantized(Entry, Plan),
    /// The text features of a scene.
    Features(SceneFeatures, Dtype),
}

impl Item {
    /// The tensors of the file that it becomes, in their order.
    pub fn rows(&self) -> Vec<Row> {
        match self {
            Self::Float(entry, dtype) => vec![Row {
                name: entry.name.clone(),
                dtype: *dtype,
                shape: entry.shape.clone(),
            }],
            Self::Quantized(entry, plan) => vec![
                Row {
                    name: scale_name(&entry.name),
                    dtype: if plan.half_scales { Dtype::F16 } else { Dtype::F32 },
                    shape: plan.layout.scale_shape().to_vec(),
                },
                Row {
                    name: entry.name.clone(),
                    dtype: plan.layout.dtype(),
                    shape: plan.layout.code_shape().to_vec(),
                },
            ],
            Self::Features(features, dtype) => vec![Row {
                name: text_features_name(&features.scene.id),
                dtype: *dtype,
                shape: vec![features.values.len() / features.width, features.width],
            }],
        }
    }

    /// Bytes of its tensors.
    pub fn bytes(&self) -> u64 {
        self.rows().iter().map(Row::bytes).sum()
    }

    fn name(&self) -> Option<&str> {
        match self {
            Self::Float(entry, _) | Self::Quantized(entry, _) => Some(&entry.name),
            Self::Features(..) => None,
        }
    }

    /// The matrix that it is the difference to.
    pub fn base(&self) -> Option<&str> {
        match self {
            Self::Quantized(_, plan) => plan.layout.base.as_deref(),
            _ => None,
        }
    }
}

/// A file to be written.
pub struct Shard {
    /// Its name in the folder.
    pub name: String,
    /// What it holds.
    pub items: Vec<Item>,
}

/// What floats are stored as: `wide` for matrices and whatever has more than one dimension. Vectors stay F32: they are
/// few, and the data of what follows them stays at multiples of 4 bytes.
pub fn items(entries: &[Entry], plans: &mut BTreeMap<String, Plan>, wide: Dtype) -> Vec<Item> {
    let item = |entry: &Entry| match plans.remove(&entry.name) {
        Some(plan) => Item::Quantized(entry.clone(), plan),
        None if entry.shape.len() >= 2 => Item::Float(entry.clone(), wide),
        None => Item::Float(entry.clone(), Dtype::F32),
    };
    entries.iter().map(item).collect()
}

/// Cuts a model into files of at most `limit` bytes of tensors each. The text tower gets files of its own, unless it is
/// `whole`: a model whose scenes are not stored cannot do without it, so that no file then holds nothing else.
pub fn shards(items: Vec<Item>, entries: &[Entry], whole: bool, limit: Option<u64>) -> Vec<Shard> {
    let is_text = |item: &Item| {
        let entry = item
            .name()
            .and_then(|name| entries.iter().find(|entry| entry.name == name));
        entry.is_some_and(|entry| entry.part == Part::Text)
    };
    let (text, model): (Vec<Item>, Vec<Item>) = items.into_iter().partition(is_text);
    let (mut model, mut text) = (cut(model, limit), cut(text, limit));
    if let (true, Some(last)) = (whole, model.last_mut()) {
        last.extend(text.drain(..).flatten());
    }
    let mut shards = Vec::new();
    for (stem, parts) in [("model", model), ("text", text)] {
        let count = parts.len();
        for (index, items) in parts.into_iter().enumerate() {
            let name = match count {
                1 => format!("{stem}.safetensors"),
                _ => format!("{stem}-{:05}-of-{count:05}.safetensors", index + 1),
            };
            shards.push(Shard { name, items });
        }
    }
    shards
}

fn cut(items: Vec<Item>, limit: Option<u64>) -> Vec<Vec<Item>> {
    let last = last_references(&items);
    let mut parts: Vec<Vec<Item>> = Vec::new();
    let mut part: Vec<Item> = Vec::new();
    let mut unit: Vec<Item> = Vec::new();
    let mut open_until = 0;
    let size = |items: &[Item]| items.iter().map(Item::bytes).sum::<u64>();
    for (index, (item, last)) in items.into_iter().zip(last).enumerate() {
        open_until = open_until.max(last);
        unit.push(item);
        // A difference lies in the file of what it is the difference to.
        if open_until > index {
            continue;
        }
        if limit.is_some_and(|limit| !part.is_empty() && size(&part) + size(&unit) > limit) {
            parts.push(std::mem::take(&mut part));
        }
        part.append(&mut unit);
    }
    part.append(&mut unit);
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

/// For each item the index of the last one that needs it: itself, or a difference to it.
pub fn last_references(items: &[Item]) -> Vec<usize> {
    let places: BTreeMap<&str, usize> = (items.iter().enumerate())
        .filter_map(|(index, item)| Some((item.name()?, index)))
        .collect();
    let mut last: Vec<usize> = (0..items.len()).collect();
    for (index, item) in items.iter().enumerate() {
        let base = item.base().and_then(|base| places.get(base));
        if let Some(last) = base.and_then(|&base| last.get_mut(base)) {
            *last = index;
        }
    }
    last
}
