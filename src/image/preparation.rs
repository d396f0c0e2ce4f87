//! How a model wants photos to be brought to it.

use serde::{Deserialize, Serialize};

use super::{CROP, Crop, CropChoice, CropOptions, CropPolicy, MAX_CROPS, Pixels, enlarge, plan_of, scale};
use crate::error::Result;

/// The longest short side that a model can ask for, in pixels.
pub const MAX_SHORT_SIDE: u32 = 4096;

/// The most sizes of crops that a model can ask for.
pub const MAX_SIZES: usize = 8;

/// What a model's file states about photos in its metadata `photo`, as JSON. What it does not state is as for the published
/// model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preparation {
    /// Pixels that a photo's short side is scaled to, up or down, before crops are taken, [`CROP`]`..=`[`MAX_SHORT_SIDE`].
    /// Without it, photos keep their resolution, except for those too small for a crop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short_side: Option<u32>,
    /// How crops are chosen unless the caller says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<CropPolicy>,
    /// How many crops are taken of each size unless the caller says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crops: Option<u32>,
    /// Sides of the crops in pixels of the scaled photo, [`CROP`]`..=short_side`; each crop is scaled to [`CROP`]. Crops are taken of
    /// each size, so that the model sees both detail and more of the whole. Without it, all are of side [`CROP`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sizes: Vec<u32>,
}

impl Preparation {
    /// Says which number is out of its range.
    ///
    /// # Errors
    /// The number and its range, in words.
    pub fn check(&self) -> Result<(), String> {
        let within = |name, value: Option<u32>, low, high| match value {
            Some(value) if !(low..=high).contains(&value) => {
                Err(format!("{name} is {value}; {low} to {high} is possible"))
            }
            _ => Ok(()),
        };
        within("short_side", self.short_side, CROP, MAX_SHORT_SIDE)?;
        within("crops", self.crops, 1, MAX_CROPS)?;
        if self.sizes.len() > MAX_SIZES {
            return Err(format!(
                "sizes has {} numbers; {MAX_SIZES} are possible",
                self.sizes.len()
            ));
        }
        let largest = self.short_side.unwrap_or(CROP);
        self.sizes
            .iter()
            .try_for_each(|&size| within("a size", Some(size), CROP, largest))
    }

    /// Whether it states nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The photo as the model looks at it, large enough for a crop.
    ///
    /// # Errors
    /// As [`scale()`].
    pub fn apply(&self, pixels: Pixels) -> Result<Pixels> {
        match self.short_side {
            Some(short_side) => scale(pixels, short_side),
            None => enlarge(pixels, CROP),
        }
    }

    /// The crops of a photo of `width` x `height`, as [`apply`](Self::apply) gave it: those of one size after those of another.
    ///
    /// # Errors
    /// As [`plan_of`].
    pub fn plan(&self, width: u32, height: u32, options: &CropOptions) -> Result<Vec<Crop>> {
        let mut crops = Vec::new();
        for &size in self.sizes() {
            crops.extend(plan_of(size, width, height, options)?);
        }
        Ok(crops)
    }

    /// The sides of crops, at least one.
    pub fn sizes(&self) -> &[u32] {
        match self.sizes.as_slice() {
            [] => &[CROP],
            sizes => sizes,
        }
    }

    /// What it states about crops.
    pub fn crop_choice(&self) -> CropChoice {
        CropChoice {
            policy: self.policy,
            crops: self.crops,
            seed: None,
        }
    }
}
