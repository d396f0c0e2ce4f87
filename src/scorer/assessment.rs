//! What Gamma thinks of a photo.

use serde::Serialize;

use crate::image::{CropPolicy, Provenance};

/// How likely each of the five levels is; the sum is 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the levels' names say it")]
pub struct Levels {
    pub bad: f32,
    pub poor: f32,
    pub fair: f32,
    pub good: f32,
    pub perfect: f32,
}

impl Levels {
    /// Each level with its name, from bad to perfect.
    pub fn named(&self) -> [(&'static str, f32); 5] {
        let Self {
            bad,
            poor,
            fair,
            good,
            perfect,
        } = *self;
        [
            ("bad", bad),
            ("poor", poor),
            ("fair", fair),
            ("good", good),
            ("perfect", perfect),
        ]
    }
}

/// A crop and its own score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CropScore {
    /// Left edge in pixels of the photo as it was scaled.
    pub x: u32,
    /// Top edge.
    pub y: u32,
    /// Side.
    pub size: u32,
    /// As [`Assessment::score`].
    pub score: f32,
    /// As [`Assessment::percent`].
    pub percent: f32,
}

/// What Gamma thinks of a photo.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Assessment {
    /// The model's own score, about 0.2 (bad) to 1.0 (perfect): the mean over the planned crops, or, while some of them
    /// are not scored, what the others foretell of it by how much they overlap.
    pub score: f32,
    /// The score between the worth of the lowest and the highest level, 0 to 100.
    pub percent: f32,
    /// Mean probability of each level, as [`score`](Self::score).
    pub levels: Levels,
    /// Standard deviation of the scores in [`crops`](Self::crops).
    pub spread: f32,
    /// The score of all planned crops lies within this of `score`, in about 95 of 100 photos; 0 if all of them were
    /// scored.
    pub uncertainty: f32,
    /// Where what people say of the photo lies, for nine photos in ten that the model has not learned from: in the score, and how far the scores of
    /// such photos were off, as [`Reliability`](crate::weights::Reliability) says. `None` if the model does not state it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<ScoreInterval>,
    /// The faults that explain a score below 50 percent, the worst first, as far as the model can tell them reliably
    /// ([`FaultClaim`](crate::weights::FaultClaim)); `None` if it tells none under this scene.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings: Option<Vec<Finding>>,
    /// Each crop that was scored with its score, in the order of the plan.
    pub crops: Vec<CropScore>,
    /// Id of the scene asked for.
    pub scene: String,
    /// Width of the photo that the crops refer to, in pixels: upright, and scaled by [`scale`](Self::scale).
    pub width: u32,
    /// Height of the same.
    pub height: u32,
    /// How many of these pixels a pixel of the photo was scaled to, along a side: below 1 if it was scaled down, 1 if
    /// not at all.
    pub scale: f32,
    /// Whether the photo was scaled up: it has fewer pixels than the model looks at.
    pub enlarged: bool,
    /// How the crops were chosen.
    pub policy: CropPolicy,
    /// The seed of `policy` random.
    pub seed: u64,
    /// What of its file the photo is: `file`, or `raw-preview` for the preview of a camera's RAW file.
    pub source: &'static str,
    /// Size of the preview, upright, in pixels of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview: Option<Size>,
    /// The share of the photo that was damaged and could not be decoded, 0 to
    /// [`MOST_DAMAGED`](crate::image::MOST_DAMAGED). It is gray, and the score says less.
    #[serde(skip_serializing_if = "is_whole")]
    pub damaged: f32,
    /// What the file declares about its origin, which has no part in the score. A job sees pixels alone and leaves it `unknown`; who has
    /// the file's bytes puts [`provenance`](crate::image::provenance()) here, and beside what is serialized.
    #[serde(skip)]
    pub provenance: Provenance,
}

/// A fault that a photo has.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The id of the fault's scene, such as `sharpness`.
    pub fault: String,
    /// Which form of it, such as `motion`, where that can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// How good the photo is as to this fault, given that it has it, on the scale of [`Assessment::score`]; the fault's scene, asked alone, says
    /// something else: whether the photo has it, too.
    pub score: f32,
    /// As [`Assessment::percent`].
    pub percent: f32,
    /// The level that is nearest to the score.
    pub level: &'static str,
    /// Where it is: places in [`Assessment::crops`] of the crops that have it, the worst first.
    pub crops: Vec<usize>,
}

/// The lower and the upper end of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ScoreInterval {
    /// As [`Assessment::score`].
    pub score: [f32; 2],
    /// As [`Assessment::percent`].
    pub percent: [f32; 2],
}

/// Of photos that are not damaged nothing is said about it.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_whole(damaged: &f32) -> bool {
    *damaged == 0.0
}

/// Width and height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "they are what they are called")]
pub struct Size {
    pub width: u32,
    pub height: u32,
}
