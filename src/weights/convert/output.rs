//! The folder that a conversion writes: nothing in it has its final name before everything is complete.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::source::{INDEX, io};
use super::writer::Unpublished;
use crate::weights::FORMAT_VERSION;
use crate::{Error, Result};

/// The folder, and what lies in it from before.
pub struct Output {
    folder: PathBuf,
    /// Files that a conversion before this one wrote.
    earlier: Vec<String>,
}

impl Output {
    /// Makes the folder if it is not there.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Option`] if it holds files of an earlier conversion and `force` is not given.
    pub fn new(folder: &Path, force: bool) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(|error| io(folder, error))?;
        let mut earlier = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(|error| io(folder, error))? {
            let name = entry.map_err(|error| io(folder, error))?.file_name();
            earlier.extend(name.to_str().filter(|name| is_ours(name)).map(str::to_owned));
        }
        earlier.sort_unstable();
        match earlier.first() {
            Some(first) if !force => Err(Error::Option {
                name: "out",
                reason: format!(
                    "{} already holds `{first}`; choose another folder, or replace what is there with --force",
                    folder.display()
                ),
            }),
            _ => Ok(Self {
                folder: folder.to_owned(),
                earlier,
            }),
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Gives the files their names, the index last: as long as it is missing or old names are left, no index names a
    /// file that is not there.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn publish(self, files: Vec<Unpublished>) -> Result<()> {
        let remove = |name: &str| {
            let path = self.folder.join(name);
            std::fs::remove_file(&path).map_err(|error| io(&path, error))
        };
        if self.earlier.iter().any(|name| name == INDEX) {
            remove(INDEX)?;
        }
        let stale = |name: &&String| *name != INDEX && files.iter().all(|file| !file.path().ends_with(name.as_str()));
        let stale: Vec<&String> = self.earlier.iter().filter(stale).collect();
        for name in stale {
            remove(name)?;
        }
        files.into_iter().try_for_each(Unpublished::publish)
    }
}

/// Whether a file is one that a conversion writes.
fn is_ours(name: &str) -> bool {
    let number = |text: &str| text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    let shard = |stem: &str| {
        let rest = name
            .strip_prefix(stem)
            .and_then(|rest| rest.strip_suffix(".safetensors"));
        rest.is_some_and(
            |rest| match rest.strip_prefix('-').and_then(|rest| rest.split_once("-of-")) {
                Some((index, count)) => number(index) && number(count),
                None => rest.is_empty(),
            },
        )
    };
    name == INDEX || shard("model") || shard("text")
}

/// The index of a model's files.
///
/// # Errors
/// [`Error::Io`].
pub fn index(
    folder: &Path,
    total_size: u64,
    file_bytes: &BTreeMap<String, u64>,
    weight_map: &BTreeMap<String, String>,
) -> Result<Unpublished> {
    let json = serde_json::json!({
        "metadata": { "format_version": FORMAT_VERSION, "total_size": total_size, "file_bytes": file_bytes },
        "weight_map": weight_map,
    });
    let mut bytes = serde_json::to_vec_pretty(&json).map_err(|error| Error::WeightsIndex(error.to_string()))?;
    bytes.push(b'\n');
    Unpublished::write(folder.join(INDEX), &bytes)
}
