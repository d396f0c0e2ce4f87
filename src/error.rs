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
    /// The image is of a known format, but damaged or cut off.
    #[error("the image is damaged: {0}")]
    ImageDecode(String),
    /// The image exceeds [`Limits`](crate::image::Limits); nothing was decoded.
    #[error("the image is too large: {0}")]
    ImageTooLarge(String),
    /// A side is shorter than the crop, and `parity` forbids scaling up.
    #[error("the image is too small: {0}")]
    ImageTooSmall(String),
    /// The weights file's header breaks the safetensors format.
    #[error("not a safetensors file: {0}")]
    WeightsHeader(String),
    /// The weights end before their header says.
    #[error("the weights are cut off: {0}")]
    WeightsTruncated(String),
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
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// What the operating system said.
        source: std::io::Error,
    },
}

impl Error {
    /// A stable identifier for programs: kebab-case, never reworded.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ImageFormat(_) => "image-format",
            Self::ImageDecode(_) => "image-decode",
            Self::ImageTooLarge(_) => "image-too-large",
            Self::ImageTooSmall(_) => "image-too-small",
            Self::WeightsHeader(_) => "weights-header",
            Self::WeightsTruncated(_) => "weights-truncated",
            Self::TensorMissing(_) => "tensor-missing",
            Self::TensorExtra(_) => "tensor-extra",
            Self::TensorShape { .. } => "tensor-shape",
            Self::TensorDtype { .. } => "tensor-dtype",
            Self::TensorValue(_) => "tensor-value",
            Self::Config(_) => "config",
            Self::SceneUnknown { .. } => "scene-unknown",
            Self::SceneInvalid { .. } => "scene-invalid",
            Self::Tokenizer(_) => "tokenizer",
            Self::Option { .. } => "option",
            Self::Device(_) => "device",
            Self::Io { .. } => "io",
        }
    }
}
