//! What an assembly says on the way, and what it has made in the end.

use std::{collections::BTreeMap, sync::Arc};

use super::{Index, Tensors};
use crate::{image::Preparation, model::Config, prompt::Scene};

/// How much of a file has arrived.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Progress {
    /// Tensors in their place.
    pub tensors: usize,
    /// Tensors of the file; 0 until the header is complete.
    pub tensors_total: usize,
    /// Bytes taken in.
    pub bytes: u64,
    /// Bytes of the file; 0 until the header is complete.
    pub bytes_total: u64,
}

/// The files of a text tower that has not been loaded.
#[derive(Debug, Clone)]
pub struct TextFiles {
    pub(super) index: Arc<Index>,
    pub(super) config: Config,
}

/// Everything that the files of a model say: what model it is, its tensors, its metadata.
pub struct Checkpoint {
    /// Dimensions.
    pub config: Config,
    /// The `__metadata__` of the first file.
    pub metadata: BTreeMap<String, String>,
    /// The `__metadata__` of the scene file that came before the model, if one did.
    pub scene_file: Option<BTreeMap<String, String>>,
    /// The scenes that the first file names, and those of the scene file.
    pub scenes: Vec<Scene>,
    /// How the first file says that photos are brought to the model.
    pub photo: Preparation,
    /// Numbers of the model's tensors, those of [`text_files`](Self::text_files) included.
    pub parameters: u64,
    /// The tensors, on their device.
    pub tensors: Tensors,
    /// Where the text tower is, if it has files of its own that were not loaded.
    pub text_files: Option<TextFiles>,
}
