//! How far two models are apart on the same crops: what quantised weights promise to keep small.

use serde::Serialize;

use super::rank::{kendall, spearman};

/// How far scores are apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Deviation {
    /// Largest absolute difference.
    pub largest: f64,
    /// Root of the mean squared difference.
    pub rms: f64,
    /// Place of the photo with the largest difference; the first of several.
    #[serde(skip)]
    pub photo: usize,
}

/// How far two models are apart on the photos of a dataset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Deviations {
    /// Of single crops.
    pub crops: Deviation,
    /// Of photos, whose score is the mean over their crops.
    pub photos: Deviation,
    /// Spearman's correlation of the photos' scores: whether both put them in the same order.
    pub srcc: Option<f64>,
    /// Kendall's correlation of the photos' scores.
    pub krcc: Option<f64>,
}

/// What a model says of a photo.
#[derive(Debug, Clone, Default)]
pub struct Scored {
    /// The score of the photo.
    pub photo: f64,
    /// Of each crop.
    pub crops: Vec<f64>,
    /// The faults that are claimed, and which form of each is told, if the model tells any.
    pub findings: Option<Vec<(String, Option<String>)>>,
}

impl Deviations {
    /// Of two models' scores of the same photos and crops, in the same order.
    pub fn of(model: &[Scored], against: &[Scored]) -> Self {
        let pairs = || model.iter().zip(against).enumerate();
        let photos = pairs().map(|(place, (a, b))| (place, a.photo - b.photo));
        let crops = pairs().flat_map(|(place, (a, b))| a.crops.iter().zip(&b.crops).map(move |(a, b)| (place, a - b)));
        let scores = |scored: &[Scored]| scored.iter().map(|scored| scored.photo).collect::<Vec<f64>>();
        let (a, b) = (scores(model), scores(against));
        Self {
            crops: Deviation::of(crops),
            photos: Deviation::of(photos),
            srcc: spearman(&a, &b),
            krcc: kendall(&a, &b),
        }
    }
}

impl Deviation {
    fn of(differences: impl Iterator<Item = (usize, f64)>) -> Self {
        let (mut found, mut squares, mut count) = (Self::default(), 0.0, 0.0);
        for (photo, difference) in differences {
            let difference = difference.abs();
            if difference > found.largest {
                (found.largest, found.photo) = (difference, photo);
            }
            squares += difference * difference;
            count += 1.0;
        }
        found.rms = f64::sqrt(squares / f64::max(count, 1.0));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crops_and_photos_are_told_apart() {
        let scored = |photo, crops: [f64; 2]| Scored {
            findings: None,
            photo,
            crops: crops.to_vec(),
        };
        let model = [scored(0.5, [0.25, 0.75]), scored(1.0, [1.0, 1.0])];
        let against = [scored(0.5, [0.75, 0.25]), scored(0.75, [0.75, 0.75])];
        let found = Deviations::of(&model, &against);
        assert_eq!((found.crops.largest, found.crops.photo), (0.5, 0));
        assert_eq!((found.photos.largest, found.photos.photo), (0.25, 1));
        assert_eq!(found.crops.rms, f64::sqrt((0.25 + 0.25 + 0.0625 + 0.0625) / 4.0));
        assert_eq!(found.photos.rms, f64::sqrt(0.0625 / 2.0));
        assert_eq!((found.srcc, found.krcc), (Some(1.0), Some(1.0)));
        assert_eq!(Deviations::of(&[], &[]), Deviations::default());
    }
}
