//! What a file itself declares about its origin: C2PA manifests, IPTC's digital source type in XMP, and the texts that
//! image generators write.
//!
//! Declarations are read where they belong, never searched for among the bytes, and nothing is verified: whoever writes
//! a file can declare anything, and whoever copies it can drop the declaration. So absence means nothing. The rules are
//! laid down in `docs/provenance.md`.

mod parts;
#[cfg(feature = "formats")]
mod reading;
mod screen;

#[cfg(feature = "formats")]
pub(super) use parts::segments;
use serde::Serialize;

#[cfg(feature = "formats")]
pub use reading::{is_read, provenance};
pub use screen::may_declare;

/// Where a photo comes from, by its own declarations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceType {
    /// Made by a generative model.
    Ai,
    /// A photo or drawing with generated parts.
    Composite,
    /// Captured by a camera.
    Capture,
    /// Nothing is declared, or nothing of these.
    #[default]
    Unknown,
}

/// Whether there is a C2PA manifest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum C2pa {
    /// There is one.
    Present,
    /// There is none.
    #[default]
    Absent,
}

/// One declaration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// `c2pa-claim-generator`, `c2pa-digital-source-type`, `xmp-digital-source-type`, `png-text`, `exif`, or `remote`: the
    /// address of a C2PA manifest that the file does not have itself.
    pub kind: &'static str,
    /// What is declared, cut where it is long; of a text its key, a colon and its beginning.
    pub value: String,
}

/// What a file declares about its origin. Nothing of it is verified.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// What the declarations say together: `ai` or `composite` if any says so, `capture` only where none says
    /// otherwise.
    pub source: SourceType,
    /// The declarations, in the order in which the file has them; at most 32.
    pub evidence: Vec<Evidence>,
    /// Whether there is a C2PA manifest, be it valid or not.
    pub c2pa: C2pa,
    /// Always false: signatures are not checked.
    pub verified: bool,
}

/// The two bytes at `at`, most significant first.
fn be16(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?)))
}

/// The four bytes at `at`, most significant first.
fn be32(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?)).ok()
}
