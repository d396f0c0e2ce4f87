//! The one error type of the crate. Each error has a stable [`code`](Error::code), names what was wrong with which
//! tensor, image, scene or option, and reaches JavaScript unchanged as `GammaError`.

use thiserror::Error;

/// What every fallible function of this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong between bytes and a score.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are in no image format that this build decodes.
    #[error("not an image this build can read: {0}")]
    ImageFormat(String),
    /// The image is of a known format, but damaged.
    #[error("the image is damaged: {0}")]
    ImageDecode(String),
    /// The image is of a known format, and a part of its pixels is not there.
    #[error("the image is damaged: {0}")]
    ImageIncomplete(String),
    /// The image exceeds [`Limits`](crate::image::Limits); nothing was decoded.
    #[error("the image is too large: {0}")]
    ImageTooLarge(String),
    /// A side is shorter than the crop, and `parity` forbids scaling up.
    #[error("the image is too small: {0}")]
    ImageTooSmall(String),
    /// The file is of another kind than weights.
    #[error("not a safetensors file: {0}")]
    WeightsFormat(String),
    /// The weights file's header breaks the safetensors format.
    #[error("the header of the weights is damaged: {reason}")]
    Header {
        /// Which rule it breaks.
        fault: HeaderFault,
        /// What was found, where.
        reason: String,
    },
    /// The weights end before their header says.
    #[error("the weights are cut off: {0}")]
    WeightsTruncated(String),
    /// Bytes follow the last tensor.
    #[error("the weights go on after their end: {0}")]
    WeightsTrailing(String),
    /// The weights are of a later version of the format.
    #[error("the weights are of format version {0}; this build reads version 1: update gamma-wasm")]
    WeightsVersion(String),
    /// What the weights say about themselves is malformed or contradicts their tensors.
    #[error("the metadata of the weights is damaged: {0}")]
    WeightsMetadata(String),
    /// A scene file does not fit the model, or there is none.
    #[error("the scene file does not fit: {0}")]
    SceneFile(String),
    /// The index of a sharded model is malformed.
    #[error("the index of the weights is damaged: {0}")]
    WeightsIndex(String),
    /// A file that the index names did not come.
    #[error("shard {0}")]
    ShardMissing(String),
    /// A shard holds other tensors than the index says.
    #[error("shard `{file}` is not the one that the index names: {reason}")]
    ShardSwapped {
        /// The shard's file name.
        file: String,
        /// The first tensor that is not where the index says.
        reason: String,
    },
    /// A tensor that the model needs is not in the file.
    #[error("tensor `{0}` is missing from the weights")]
    TensorMissing(String),
    /// The file holds a tensor that the model has no place for.
    #[error("tensor `{0}` is in the weights, but this model has no place for it")]
    TensorExtra(String),
    /// A tensor has another shape than the model needs.
    #[error("tensor `{name}` has shape {found:?}, the model needs {expected:?}")]
    TensorShape {
        /// Name in the file.
        name: String,
        /// Shape in the file.
        found: Vec<usize>,
        /// Shape that the configuration asks for.
        expected: Vec<usize>,
    },
    /// A tensor has an element type that cannot be read.
    #[error("tensor `{name}` has dtype {dtype}; F32, F16 and BF16 can be read")]
    TensorDtype {
        /// Name in the file.
        name: String,
        /// Element type as the header spells it.
        dtype: String,
    },
    /// A tensor holds a value that no model has (NaN or an infinity).
    #[error("tensor `{0}` holds values that are not finite")]
    TensorValue(String),
    /// A quantised tensor has a scale that is zero or not finite.
    #[error("tensor `{0}` holds a scale that is zero or not finite")]
    TensorScale(String),
    /// A tensor's bytes are not those that were written.
    #[error("tensor `{0}` is damaged: its SHA-256 is not the one in the file's metadata; fetch the file again")]
    TensorHash(String),
    /// A pickle asks for something that tensors do not need; nothing of it was executed.
    #[error("the checkpoint is refused: {0}")]
    PickleRefused(String),
    /// A pickle breaks its own format.
    #[error("the checkpoint's pickle is damaged: {0}")]
    PickleDamaged(String),
    /// A `.pth` file is damaged outside its pickle: its zip archive, or its storages.
    #[error("the checkpoint is damaged: {0}")]
    PthDamaged(String),
    /// The tensors describe no Gamma model.
    #[error("the weights are not a Gamma model: {0}")]
    Config(String),
    /// The scene is not one that the model offers.
    #[error("scene `{id}` is not offered by this model; it offers {}", offered.join(", "))]
    SceneUnknown {
        /// The id asked for.
        id: String,
        /// Ids that can be asked for.
        offered: Vec<String>,
    },
    /// A scene's id or template cannot be used.
    #[error("scene `{id}`: {reason}")]
    SceneInvalid {
        /// The scene's id.
        id: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The tokenizer's merges are damaged or of another vocabulary.
    #[error("tokenizer: {0}")]
    Tokenizer(String),
    /// An option is out of its range.
    #[error("option `{name}`: {reason}")]
    Option {
        /// The option's name.
        name: &'static str,
        /// The value given and the values allowed.
        reason: String,
    },
    /// The device gave no result, or a wrong one.
    #[error("device: {0}")]
    Device(String),
    /// The configuration of a training run cannot be used.
    #[error("training: {0}")]
    Train(String),
    /// A dataset is not where its configuration says, or not in the form that it says.
    #[error("dataset `{name}`: {reason}")]
    Dataset {
        /// The dataset's name in the configuration.
        name: String,
        /// What is missing or malformed, where, and what to do.
        reason: String,
    },
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// What the operating system said.
        source: std::io::Error,
    },
}

/// A rule of the safetensors format that a header breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderFault {
    /// Its length is 0 or 1.
    Empty,
    /// It claims more than the 100 MB that the format allows.
    TooLarge,
    /// It is longer than the file.
    BeyondFile,
    /// It is not UTF-8.
    Utf8,
    /// It is not JSON, not an object, or a row has another form than the format's.
    Json,
    /// It is nested deeper than a header is.
    Nesting,
    /// A name stands twice.
    Duplicate,
    /// An offset is negative, fractional or beyond 2^64.
    Offsets,
    /// Two tensors share bytes.
    Overlap,
    /// Bytes belong to no tensor.
    Hole,
    /// A tensor ends before it begins, or outside the file.
    Range,
    /// A tensor has another number of bytes than its shape and element type make.
    Size,
    /// A shape's product overflows.
    Shape,
}

impl HeaderFault {
    fn code(self) -> &'static str {
        match self {
            Self::Empty => "header-empty",
            Self::TooLarge => "header-too-large",
            Self::BeyondFile => "header-beyond-file",
            Self::Utf8 => "header-utf8",
            Self::Json => "header-json",
            Self::Nesting => "header-nesting",
            Self::Duplicate => "header-duplicate",
            Self::Offsets => "header-offsets",
            Self::Overlap => "header-overlap",
            Self::Hole => "header-hole",
            Self::Range => "header-range",
            Self::Size => "header-size",
            Self::Shape => "header-shape",
        }
    }
}

impl Error {
    /// A stable identifier for programs: kebab-case, never reworded.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ImageFormat(_) => "image-format",
            Self::ImageDecode(_) | Self::ImageIncomplete(_) => "image-decode",
            Self::ImageTooLarge(_) => "image-too-large",
            Self::ImageTooSmall(_) => "image-too-small",
            Self::WeightsFormat(_) => "weights-format",
            Self::Header { fault, .. } => fault.code(),
            Self::WeightsTruncated(_) => "weights-truncated",
            Self::WeightsTrailing(_) => "weights-trailing",
            Self::WeightsVersion(_) => "weights-version",
            Self::WeightsMetadata(_) => "weights-metadata",
            Self::SceneFile(_) => "weights-scenes",
            Self::WeightsIndex(_) => "weights-index",
            Self::ShardMissing(_) => "shard-missing",
            Self::ShardSwapped { .. } => "shard-swapped",
            Self::TensorMissing(_) => "tensor-missing",
            Self::TensorExtra(_) => "tensor-extra",
            Self::TensorShape { .. } => "tensor-shape",
            Self::TensorDtype { .. } => "tensor-dtype",
            Self::TensorValue(_) => "tensor-value",
            Self::TensorScale(_) => "tensor-scale",
            Self::TensorHash(_) => "tensor-hash",
            Self::PickleRefused(_) => "pickle-refused",
            Self::PickleDamaged(_) => "pickle-damaged",
            Self::PthDamaged(_) => "pth-damaged",
            Self::Config(_) => "config",
            Self::SceneUnknown { .. } => "scene-unknown",
            Self::SceneInvalid { .. } => "scene-invalid",
            Self::Tokenizer(_) => "tokenizer",
            Self::Option { .. } => "option",
            Self::Device(_) => "device",
            Self::Train(_) => "train",
            Self::Dataset { .. } => "dataset",
            Self::Io { .. } => "io",
        }
    }
}
