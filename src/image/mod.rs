//! From the bytes of a photo to the crops that the model sees.
//!
//! [`decode()`] (or [`from_rgba`], where a browser has decoded already) gives 8-bit RGB [`Pixels`]; a [`Preparation`] scales
//! them to the size at which the model looks at photos and says which crops to score; [`input()`] turns one crop into the
//! network's input. How each kind of file becomes RGB is laid down in `docs/images.md`.

#[cfg(feature = "formats")]
mod capture;
#[cfg(feature = "formats")]
mod container;
mod crops;
mod decode;
#[cfg(feature = "formats")]
mod formats;
mod header;
mod input;
mod jpeg;
mod limits;
mod normalize;
#[cfg(feature = "formats")]
mod packed_capture;
mod preparation;
mod provenance;
pub(crate) mod random;
#[cfg(feature = "formats")]
pub mod raw;
mod scale;
#[cfg(feature = "formats")]
mod tiff;

#[cfg(feature = "formats")]
pub use capture::{CAPTURE_BYTES, Capture};
pub use crops::{CROP, Crop, CropChoice, CropOptions, CropPolicy, MAX_CROPS, plan, plan_of};
pub use decode::{DecodeOptions, Decoded, Origin, Source, decode, from_rgba};
pub use header::{may_be_raw, needs_formats};
pub use input::input;
pub use jpeg::MOST_DAMAGED;
pub use limits::Limits;
pub use normalize::{Normalization, normalize};
pub use preparation::{MAX_SHORT_SIDE, Preparation};
pub use provenance::{C2pa, Evidence, Provenance, SourceType, may_declare};
#[cfg(feature = "formats")]
pub use provenance::{is_read as is_provenance_read, provenance};
pub use scale::{enlarge, scale};

/// A decoded photo: 8-bit RGB, taken as sRGB.
#[derive(Clone, PartialEq, Eq)]
pub struct Pixels {
    /// Width in pixels, at least 1.
    pub width: u32,
    /// Height in pixels, at least 1.
    pub height: u32,
    /// `[height, width, 3]`, row-major.
    pub rgb: Vec<u8>,
}

impl std::fmt::Debug for Pixels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pixels({}x{})", self.width, self.height)
    }
}
