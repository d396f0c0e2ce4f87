//! RAF: a header that says where the preview is, a complete JPEG file with EXIF data of its own.

use super::super::container::boxes::be;
use super::super::container::{Parts, Stop, or_nothing};
use super::Candidate;

/// Where the header names the place of the preview, after 16 bytes of magic, 4 of version, 8 and 32 of the camera's
/// name, and 24 more.
const PLACE: u64 = 84;

pub(super) fn candidates(parts: &Parts<'_>) -> Result<Vec<Candidate>, Stop> {
    let place = or_nothing(parts.get(PLACE, 8))?;
    Ok(place
        .map(|place| (be(place.get(..4)), be(place.get(4..8))))
        .into_iter()
        .collect())
}
