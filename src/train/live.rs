//! Clean photos that are distorted anew for each step: endless photos with labels, none of which is stored.

use super::distortion::{Distortion, Fault};
use crate::{
    Result,
    image::{Crop, Pixels, random::SplitMix64},
};

/// What is done to the clean photos of a dataset.
#[derive(Debug, Clone, PartialEq)]
pub struct Live {
    /// The kinds, of which each group of turns gets one.
    pub kinds: Vec<Distortion>,
    /// How often the weakest of a group is the clean photo.
    pub clean: f64,
    /// Turns of a group: strengths of one kind on one photo.
    pub group: usize,
    /// Whether crops say which fault they have.
    pub faults: bool,
    /// What becomes 0 and 1 of the labels, which are 0 to 1.
    pub range: [f32; 2],
}

/// What is known of a crop's faults.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Faults {
    /// The only one that it has, and the place of its form among [`Fault::forms`]; nothing of a clean photo.
    pub fault: Option<(Fault, Option<usize>)>,
    /// As [`Distortion::fault_quality`].
    pub quality: f32,
}

/// A crop of a clean photo, distorted.
pub(super) struct Drawn {
    /// The part of the photo that was distorted.
    pub part: Pixels,
    /// Where the crop lies in it.
    pub crop: Crop,
    /// What people would say of it.
    pub label: f32,
    /// Its faults, if they are asked for and known.
    pub faults: Option<Faults>,
}

/// Pixels around a crop that are distorted with it, for what filters see of them.
const MARGIN: u32 = 24;

impl Live {
    /// The part of a clean photo that `crop` shows, distorted.
    ///
    /// `random` says kind, seed and strengths of the group; `member` of it has the strength that is meant, from the weakest on.
    ///
    /// # Errors
    /// As [`Distortion::apply`].
    pub(super) fn draw(&self, clean: &Pixels, crop: Crop, random: &mut SplitMix64, member: usize) -> Result<Drawn> {
        let kind = self.kinds[random.up_to(self.kinds.len().saturating_sub(1) as u32) as usize];
        let seed = random.next_u64();
        let mut uniform = || (random.next_u64() >> 40) as f32 / (1 << 24) as f32;
        let is_clean = f64::from(uniform()) < self.clean;
        let strengths: Vec<f32> = (0..self.group)
            .map(|at| (at as f32 + uniform()) / self.group as f32)
            .collect();
        let strength = match member {
            0 if is_clean => 0.0,
            _ => strengths[member % self.group],
        };
        let [low, high] = self.range;
        let said = kind.label(strength, seed)?;
        let fault = kind.fault(seed).filter(|_| strength > 0.0);
        let faults = match self.faults && (strength == 0.0 || fault.is_some()) {
            true => Some(Faults {
                fault,
                quality: kind.fault_quality(strength, seed)?,
            }),
            false => None,
        };
        // A block of colour may lie anywhere in a photo: only all of it has as many as are meant.
        let (part, crop) = match kind {
            Distortion::ColorBlocks => (clean.clone(), crop),
            _ => around(clean, crop),
        };
        Ok(Drawn {
            part: kind.apply(&part, strength, seed)?,
            crop,
            label: (said - low) / (high - low),
            faults,
        })
    }
}

/// The pixels of `crop` and [`MARGIN`] around it, as far as there are some, and where the crop lies in them.
fn around(photo: &Pixels, crop: Crop) -> (Pixels, Crop) {
    let (left, top) = (crop.x.saturating_sub(MARGIN), crop.y.saturating_sub(MARGIN));
    let right = (crop.x + crop.size + MARGIN).min(photo.width);
    let bottom = (crop.y + crop.size + MARGIN).min(photo.height);
    let row = |y: u32| {
        let start = |x: u32| (y as usize * photo.width as usize + x as usize) * 3;
        &photo.rgb[start(left)..start(right)]
    };
    let part = Pixels {
        width: right - left,
        height: bottom - top,
        rgb: (top..bottom).flat_map(row).copied().collect(),
    };
    let crop = Crop {
        x: crop.x - left,
        y: crop.y - top,
        size: crop.size,
    };
    (part, crop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn photo() -> Pixels {
        Pixels {
            width: 300,
            height: 260,
            rgb: (0..300 * 260 * 3)
                .map(|at: u32| (at.wrapping_mul(2_654_435_761) >> 24) as u8)
                .collect(),
        }
    }

    #[test]
    fn a_group_is_one_kind_at_rising_strengths_of_one_place() {
        let crop = Crop {
            x: 60,
            y: 10,
            size: 224,
        };
        for start in 0..20 {
            let live = Live {
                kinds: vec![Distortion::WhiteNoise, Distortion::Jpeg, Distortion::ColorBlocks],
                clean: 0.5,
                group: 3,
                faults: true,
                range: [0.0, 1.0],
            };
            let drawn: Vec<Drawn> = (0..3)
                .map(|member| live.draw(&photo(), crop, &mut SplitMix64::new(start), member).unwrap())
                .collect();
            assert!(
                drawn
                    .windows(2)
                    .all(|pair| pair[0].label > pair[1].label && pair[0].crop == pair[1].crop)
            );
            for Drawn { faults, .. } in drawn {
                // Of blocks of colour nothing is known, unless there are none.
                assert!(faults.is_none_or(|Faults { fault, quality }| (quality < 1.0) == fault.is_some()));
            }
        }
    }

    #[test]
    fn the_crop_shows_the_same_pixels_in_what_is_around_it() {
        let photo = photo();
        for crop in [
            Crop { x: 0, y: 0, size: 224 },
            Crop {
                x: 76,
                y: 36,
                size: 224,
            },
            Crop { x: 40, y: 5, size: 224 },
        ] {
            let (part, inside) = around(&photo, crop);
            let pixel = |photo: &Pixels, x: u32, y: u32| photo.rgb[((y * photo.width + x) * 3) as usize];
            for (x, y) in [(0, 0), (223, 0), (100, 223)] {
                assert_eq!(
                    pixel(&photo, crop.x + x, crop.y + y),
                    pixel(&part, inside.x + x, inside.y + y)
                );
            }
        }
    }
}
