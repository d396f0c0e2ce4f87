//! Gamma-Lite, the model that comes with the command, its scene file, and how models are named on the command line.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The file of the default model, of which `weights/README.md` is the card. Without the file the command cannot be built:
/// `gamma train weights/lite.toml` and `gamma convert --dtype q8` of an earlier build make one. A constant would lie in the program
/// once for each unit of code that names it.
pub static DEFAULT_MODEL: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/weights/gamma-lite.safetensors"));

/// What stands for it. A file of this name is `./default`.
pub const DEFAULT: &str = "default";

/// What stands for the scene file of pictures made by AI. It is for non-commercial use only, so it is not in this program.
pub const AI: &str = "ai";

/// The file of that name: beside this program, or in the checkout that this program was built in.
pub fn ai_weights() -> PathBuf {
    const FILE: &str = "gamma-lite-ai.safetensors";
    let beside = std::env::current_exe()
        .ok()
        .and_then(|program| Some(program.parent()?.join(FILE)));
    let in_checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("weights").join(FILE);
    match beside {
        Some(file) if file.is_file() || !in_checkout.is_file() => file,
        _ => in_checkout,
    }
}

/// Where a model is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Weights {
    /// In this program.
    Default,
    /// In a file or a folder.
    Path(PathBuf),
}

impl From<OsString> for Weights {
    fn from(argument: OsString) -> Self {
        match argument.to_str() {
            Some(DEFAULT) => Self::Default,
            Some(AI) => Self::Path(ai_weights()),
            _ => Self::Path(argument.into()),
        }
    }
}

impl Weights {
    /// What messages call it.
    pub fn name(&self) -> &Path {
        match self {
            Self::Default => Path::new(DEFAULT),
            Self::Path(path) => path,
        }
    }
}
