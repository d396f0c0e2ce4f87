//! Which parts of a photo are scored.

use serde::{Deserialize, Serialize};

use super::random::SplitMix64;
use crate::error::{Error, Result};

/// Side of the square that the model sees, in pixels.
pub const CROP: u32 = 224;

/// Most crops that one photo can be asked to give.
pub const MAX_CROPS: u32 = 100;

/// How crops are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CropPolicy {
    /// Uniformly at random, as in the published test; seeded.
    #[default]
    Random,
    /// The centre and the four corners.
    Five,
    /// The centre alone.
    Center,
    /// Spread evenly over the photo.
    Grid,
}

impl CropPolicy {
    /// Every policy, the default first.
    pub const ALL: [Self; 4] = [Self::Random, Self::Five, Self::Center, Self::Grid];

    /// The name that [`FromStr`](std::str::FromStr) takes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Five => "five",
            Self::Center => "center",
            Self::Grid => "grid",
        }
    }
}

impl std::str::FromStr for CropPolicy {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|policy| policy.as_str() == name)
            .ok_or_else(|| Error::Option {
                name: "policy",
                reason: format!("`{name}` is none of {}", Self::ALL.map(Self::as_str).join(", ")),
            })
    }
}

impl std::fmt::Display for CropPolicy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What [`plan`] is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CropOptions {
    /// How crops are chosen.
    pub policy: CropPolicy,
    /// How many, `1..=`[`MAX_CROPS`]; 10 by default, as in the published test. Used by `random` and `grid`.
    pub crops: u32,
    /// Start of the random numbers; 0 by default. Used by `random`.
    pub seed: u64,
}

impl Default for CropOptions {
    fn default() -> Self {
        Self {
            policy: CropPolicy::Random,
            crops: 10,
            seed: 0,
        }
    }
}

/// Some of [`CropOptions`]: what is not said is somebody else's choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "as in CropOptions")]
pub struct CropChoice {
    pub policy: Option<CropPolicy>,
    pub crops: Option<u32>,
    pub seed: Option<u64>,
}

impl CropChoice {
    /// This choice, and `other` where it says nothing.
    pub fn or(self, other: Self) -> Self {
        Self {
            policy: self.policy.or(other.policy),
            crops: self.crops.or(other.crops),
            seed: self.seed.or(other.seed),
        }
    }

    /// All options, those of [`CropOptions::default`] where it says nothing.
    pub fn options(self) -> CropOptions {
        let CropOptions { policy, crops, seed } = CropOptions::default();
        CropOptions {
            policy: self.policy.unwrap_or(policy),
            crops: self.crops.unwrap_or(crops),
            seed: self.seed.unwrap_or(seed),
        }
    }
}

impl From<CropOptions> for CropChoice {
    fn from(CropOptions { policy, crops, seed }: CropOptions) -> Self {
        Self {
            policy: Some(policy),
            crops: Some(crops),
            seed: Some(seed),
        }
    }
}

/// A square part of a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Crop {
    /// Left edge in pixels.
    pub x: u32,
    /// Top edge in pixels.
    pub y: u32,
    /// Side in pixels.
    pub size: u32,
}

/// [`plan_of`] the usual side, [`CROP`].
///
/// # Errors
/// As [`plan_of`].
pub fn plan(width: u32, height: u32, options: &CropOptions) -> Result<Vec<Crop>> {
    plan_of(CROP, width, height, options)
}

/// The crops of a photo of `width` x `height`, each of side `size` and inside the photo.
///
/// The same size and options give the same crops on every platform. `random` draws the top edge, then the left edge,
/// of one crop after the other, so that asking for more crops extends the list. `five` gives the centre, then the
/// corners top left, top right, bottom left, bottom right. `grid` goes row by row and gives at most `crops` crops.
///
/// # Errors
/// [`Error::Option`] if `crops` is 0 or above [`MAX_CROPS`]; [`Error::ImageTooSmall`] if a side is shorter than `size`.
pub fn plan_of(size: u32, width: u32, height: u32, options: &CropOptions) -> Result<Vec<Crop>> {
    if options.crops == 0 || options.crops > MAX_CROPS {
        return Err(Error::Option {
            name: "crops",
            reason: format!("{} is not in 1..={MAX_CROPS}", options.crops),
        });
    }
    let (Some(right), Some(bottom)) = (width.checked_sub(size), height.checked_sub(size)) else {
        return Err(Error::ImageTooSmall(format!(
            "{width}x{height} pixels; a crop needs {size} both ways"
        )));
    };
    let at = |x, y| Crop { x, y, size };
    let center = at(right / 2, bottom / 2);
    Ok(match options.policy {
        CropPolicy::Center => vec![center],
        CropPolicy::Five => vec![center, at(0, 0), at(right, 0), at(0, bottom), at(right, bottom)],
        CropPolicy::Random => {
            let mut random = SplitMix64::new(options.seed);
            (0..options.crops)
                .map(|_| {
                    let y = random.up_to(bottom);
                    at(random.up_to(right), y)
                })
                .collect()
        }
        CropPolicy::Grid => {
            let (columns, rows) = grid(size, width, height, options.crops);
            (0..rows)
                .flat_map(|row| (0..columns).map(move |column| (column, row)))
                .map(|(column, row)| at(spread(column, columns, right), spread(row, rows, bottom)))
                .collect()
        }
    })
}

/// Columns and rows, at most `crops` cells, whose longest side is the shortest possible; then the other side. So the
/// cells come out as small and as square as the photo lets them.
fn grid(size: u32, width: u32, height: u32, crops: u32) -> (u32, u32) {
    // A side of exactly `size` has one place for a crop, so a second column or row would repeat the first.
    let most = |side: u32| crops.min(side - size + 1);
    let mut best = (1, 1);
    let mut best_cell = (f64::INFINITY, f64::INFINITY);
    for rows in 1..=most(height) {
        for columns in 1..=most(width).min(crops / rows) {
            let (w, h) = (
                f64::from(width) / f64::from(columns),
                f64::from(height) / f64::from(rows),
            );
            let cell = (w.max(h), w.min(h));
            if cell < best_cell {
                (best, best_cell) = ((columns, rows), cell);
            }
        }
    }
    best
}

/// Place `index` of `count` on `0..=last`: from edge to edge, or the middle for one alone.
fn spread(index: u32, count: u32, last: u32) -> u32 {
    match count.checked_sub(1) {
        None | Some(0) => last / 2,
        Some(steps) => {
            let (index, steps, last) = (u64::from(index), u64::from(steps), u64::from(last));
            ((2 * index * last + steps) / (2 * steps)) as u32
        }
    }
}
