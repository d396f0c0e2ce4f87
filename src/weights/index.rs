//! `model.safetensors.index.json`: which file holds which tensor of a model in several files.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::json::{Table, Whole, depth};
use super::order::sorted;
use crate::{
    Error, Result,
    model::{Config, Part},
};

/// Far above any index, far below what hurts.
const MAX_BYTES: usize = 16 << 20;
/// The object, `metadata`, `file_bytes`.
const DEPTH: usize = 3;
/// The most files of a model.
const MAX_FILES: usize = 1000;
/// The longest name of a file.
const MAX_NAME: usize = 200;

/// A file of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IndexFile {
    /// Its name beside the index, without a folder.
    pub name: String,
    /// Its length, if the index says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Whether all of it belongs to the text tower, which only prompts of one's own need.
    pub text: bool,
    /// Names of its tensors.
    #[serde(skip)]
    pub tensors: BTreeSet<String>,
}

/// A checked index.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Index {
    /// Files in the order in which the forward pass needs them; those of the text tower last.
    pub files: Vec<IndexFile>,
}

#[derive(Deserialize)]
struct Json {
    #[serde(default)]
    metadata: Metadata,
    weight_map: Table<String>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    format_version: Option<String>,
    total_size: Option<Whole>,
    #[serde(default)]
    file_bytes: Table<Whole>,
}

impl Index {
    /// Reads an index.
    ///
    /// # Errors
    /// [`Error::WeightsIndex`] if it is no index, or names files outside of its folder; [`Error::WeightsVersion`].
    pub fn parse(json: &[u8]) -> Result<Self> {
        if json.len() > MAX_BYTES {
            return refuse(format!("it has {} bytes; {MAX_BYTES} are the most", json.len()));
        }
        let text = std::str::from_utf8(json).map_err(|error| damaged(format!("it is not UTF-8: {error}")))?;
        let deep = depth(text);
        if deep > DEPTH {
            return refuse(format!("it is nested {deep} deep; an index is {DEPTH}"));
        }
        let Json { metadata, weight_map } =
            serde_json::from_str(text).map_err(|error| damaged(format!("it is no index: {error}")))?;
        super::metadata::check_version(metadata.format_version.as_deref())?;
        let weight_map = weight_map
            .unique()
            .map_err(|tensor| damaged(format!("tensor `{tensor}` stands twice in `weight_map`")))?;
        if weight_map.is_empty() {
            return refuse("its `weight_map` is empty".into());
        }
        let mut tensors: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (tensor, file) in weight_map {
            check_name(&file)?;
            tensors.entry(file).or_default().insert(tensor);
        }
        if tensors.len() > MAX_FILES {
            return refuse(format!("it names {} files; {MAX_FILES} are the most", tensors.len()));
        }
        let bytes = metadata
            .file_bytes
            .unique()
            .map_err(|file| damaged(format!("`{file}` stands twice in `file_bytes`")))?;
        if let Some(file) = bytes.keys().find(|file| !tensors.contains_key(*file)) {
            return refuse(format!("`file_bytes` names `{file}`, which holds no tensor"));
        }
        let mut files = Vec::with_capacity(tensors.len());
        for (name, tensors) in tensors {
            let bytes = match bytes.get(&name) {
                None => None,
                Some(Whole(Ok(bytes))) => Some(*bytes),
                Some(Whole(Err(found))) => return refuse(format!("`{name}` is said to have {found} bytes")),
            };
            files.push(IndexFile {
                text: tensors.iter().all(|tensor| is_text(tensor)),
                name,
                bytes,
                tensors,
            });
        }
        check_total(metadata.total_size, &files)?;
        let stages: Vec<_> = files
            .iter()
            .map(|file| file.tensors.iter().map(|tensor| stage(tensor)).min())
            .collect();
        let files = files.into_iter().zip(stages).collect();
        let files = sorted(files, |(a, from), (b, to)| (a.text, from).cmp(&(b.text, to)));
        let files = files.into_iter().map(|(file, _)| file).collect();
        Ok(Self { files })
    }

    /// The file of that name.
    pub fn file(&self, name: &str) -> Option<&IndexFile> {
        self.files.iter().find(|file| file.name == name)
    }

    /// Whether some files hold nothing but the text tower.
    pub fn has_text_files(&self) -> bool {
        self.files.iter().any(|file| file.text)
    }

    /// Refuses an index that does not name every tensor of the model: all of the vision tower and head, all or none of
    /// the text tower.
    ///
    /// # Errors
    /// [`Error::TensorMissing`].
    pub fn check_complete(&self, config: &Config) -> Result<()> {
        let names = |tensor: &str| self.files.iter().any(|file| file.tensors.contains(tensor));
        let text = self
            .files
            .iter()
            .flat_map(|file| &file.tensors)
            .any(|tensor| is_text(tensor));
        let needed = |part| part == Part::Vision || text;
        match config
            .inventory()
            .into_iter()
            .find(|entry| needed(entry.part) && !names(&entry.name))
        {
            Some(missing) => Err(Error::TensorMissing(missing.name)),
            None => Ok(()),
        }
    }
}

fn damaged(reason: String) -> Error {
    Error::WeightsIndex(reason)
}

fn refuse<T>(reason: String) -> Result<T> {
    Err(damaged(reason))
}

/// Refuses names that lead out of the index's folder, or that mean something else in a URL.
fn check_name(name: &str) -> Result<()> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if name.len() <= MAX_NAME && !name.starts_with('.') && name.ends_with(".safetensors") && name.bytes().all(plain) {
        return Ok(());
    }
    let shown: String = name.chars().take(60).collect();
    refuse(format!(
        "`{}` is no name of a shard: letters, digits, `.`, `_` and `-`, with .safetensors at its end",
        shown.escape_debug()
    ))
}

fn check_total(total: Option<Whole>, files: &[IndexFile]) -> Result<()> {
    let total = match total {
        None => return Ok(()),
        Some(Whole(Ok(total))) => total,
        Some(Whole(Err(found))) => return refuse(format!("`total_size` is {found}")),
    };
    let sum = files
        .iter()
        .try_fold(0u64, |sum, file| file.bytes.map(|bytes| sum.saturating_add(bytes)));
    match sum {
        Some(sum) if total > sum => refuse(format!(
            "`total_size` is {total}, more than the {sum} bytes of its files"
        )),
        _ => Ok(()),
    }
}

/// Whether a tensor belongs to the text tower, its scales included.
pub(super) fn is_text(tensor: &str) -> bool {
    tensor.starts_with("clip_model.")
        && !tensor.starts_with("clip_model.visual.")
        && !tensor.starts_with("clip_model.logit_scale")
}

/// When the forward pass needs a tensor, roughly: tower, and block in it. An index is a table, whose order means nothing.
fn stage(tensor: &str) -> (u8, usize) {
    let tower = match tensor {
        _ if tensor.starts_with("clip_model.visual.") => 0,
        _ if is_text(tensor) => 2,
        _ => 1,
    };
    let block = match tensor.split_once(".resblocks.") {
        Some((_, rest)) => {
            let digits = rest.split('.').next().unwrap_or_default();
            1 + digits.parse::<usize>().map_or(0, |block| block.min(1 << 20))
        }
        None if ["ln_post", "ln_final", "proj", "text_projection"]
            .iter()
            .any(|name| tensor.contains(name)) =>
        {
            usize::MAX
        }
        None => 0,
    };
    (tower, block)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(json: &str) -> &'static str {
        Index::parse(json.as_bytes()).err().map_or("read", |error| error.code())
    }

    #[test]
    fn files_come_in_the_order_of_their_need() {
        let json = r#"{"metadata": {"total_size": 5, "format_version": "1", "file_bytes": {"b.safetensors": 7}}, "weight_map": {
            "clip_model.ln_final.weight": "0.safetensors", "clip_model.token_embedding.weight_scale": "0.safetensors",
            "clip_model.visual.transformer.resblocks.10.ln_1.weight": "a.safetensors", "score_level": "a.safetensors",
            "clip_model.visual.transformer.resblocks.9.ln_1.weight": "b.safetensors"}}"#;
        let files = Index::parse(json.as_bytes()).expect("an index").files;
        let found: Vec<_> = files
            .iter()
            .map(|file| (file.name.as_str(), file.bytes, file.text))
            .collect();
        assert_eq!(
            found,
            [
                ("b.safetensors", Some(7), false),
                ("a.safetensors", None, false),
                ("0.safetensors", None, true)
            ]
        );
    }

    #[test]
    fn an_index_of_another_form_is_refused() {
        for json in [
            "",
            "[]",
            "{}",
            r#"{"weight_map": {}}"#,
            r#"{"weight_map": {"a": 1}}"#,
            r#"{"weight_map": {"a": "x.safetensors", "a": "y.safetensors"}}"#,
            r#"{"weight_map": {"a": {"b": {"c": {}}}}}"#,
            r#"{"weight_map": {"a": "x.safetensors"}, "metadata": {"total_size": -1}}"#,
            r#"{"weight_map": {"a": "x.safetensors"}, "metadata": {"file_bytes": {"x.safetensors": 0.5}}}"#,
            r#"{"weight_map": {"a": "x.safetensors"}, "metadata": {"file_bytes": {"y.safetensors": 1}}}"#,
            r#"{"weight_map": {"a": "x.safetensors"}, "metadata": {"total_size": 2, "file_bytes": {"x.safetensors": 1}}}"#,
        ] {
            assert_eq!(code(json), "weights-index", "{json}");
        }
        assert_eq!(
            Index::parse(b"\xff").err().map(|error| error.code()),
            Some("weights-index")
        );
        let newer = r#"{"weight_map": {"a": "x.safetensors"}, "metadata": {"format_version": "2"}}"#;
        assert_eq!(code(newer), "weights-version");
    }

    #[test]
    fn a_file_outside_of_the_folder_is_refused() {
        for name in [
            "",
            "../x.safetensors",
            "..",
            "a/x.safetensors",
            "a\\\\x.safetensors",
            "/x.safetensors",
            "C:x.safetensors",
            "x.safetensors?y",
            "x%2f.safetensors",
            ".safetensors",
            "x.html",
            "x\\u0000.safetensors",
        ] {
            assert_eq!(
                code(&format!(r#"{{"weight_map": {{"a": "{name}"}}}}"#)),
                "weights-index",
                "{name}"
            );
        }
    }
}
