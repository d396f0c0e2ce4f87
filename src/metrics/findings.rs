//! How low a score has to be before a fault is claimed, so that claims are right nearly always.

/// The part of the claims that are right for other photos. Few claims that were all right do not show it yet, nor do many of few photos, so the
/// lower ends of two 95% intervals have to reach it: of claims, and of photos.
pub const PROMISED: f64 = 0.9;

/// How many deviations an interval reaches.
const Z: f64 = 1.96;

/// Claims of one photo in several forms.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct OfPhoto {
    claimed: usize,
    right: usize,
}

/// Whether enough of the claims are right.
fn enough(photos: &[OfPhoto]) -> bool {
    let sum = |of: fn(&OfPhoto) -> usize| photos.iter().map(of).sum::<usize>() as f64;
    let (claimed, right) = (sum(|photo| photo.claimed), sum(|photo| photo.right));
    if claimed == 0.0 {
        return false;
    }
    let share = right / claimed;
    of_claims(share, claimed).min(share - Z * deviation(photos, share, claimed)) >= PROMISED
}

/// The lower end where claims are independent (Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", 1927).
fn of_claims(share: f64, claimed: f64) -> f64 {
    let middle = share + Z * Z / (2.0 * claimed);
    let half = Z * (share * (1.0 - share) / claimed + Z * Z / (4.0 * claimed * claimed)).sqrt();
    (middle - half) / (1.0 + Z * Z / claimed)
}

/// The deviation of a share where those of a photo are right or wrong together: that of a ratio of sums over photos (Cochran, "Sampling Techniques",
/// 1977, section 6.3).
fn deviation(photos: &[OfPhoto], share: f64, claimed: f64) -> f64 {
    let count = photos.iter().filter(|photo| photo.claimed > 0).count() as f64;
    let squares = |photo: &OfPhoto| (photo.right as f64 - share * photo.claimed as f64).powi(2);
    let sum: f64 = photos.iter().map(squares).sum();
    (sum * count / (count - 1.0).max(1.0)).sqrt() / claimed
}

/// What speaks for a claim.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// Low where the claim is likely.
    pub value: f64,
    /// Whether it is true.
    pub is: bool,
    /// Which photo it is of, distorted in whatever way.
    pub photo: usize,
}

/// Something that is claimed of photos whose evidence is low enough.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Claims {
    /// The highest evidence that a claim is made by.
    pub limit: f64,
    /// Photos that it was claimed of.
    pub claimed: usize,
    /// Those of which it was true.
    pub right: usize,
}

impl Claims {
    /// As many claims as can be while it is sure that [`PROMISED`] of them are true. `None` where no limit allows that.
    pub fn of(mut evidence: Vec<Evidence>) -> Option<Self> {
        evidence.sort_by(|a, b| a.value.total_cmp(&b.value));
        let photos = evidence.iter().map(|of| of.photo + 1).max().unwrap_or_default();
        let mut photos = vec![OfPhoto::default(); photos];
        let mut right = 0;
        let mut found = None;
        for (
            place,
            &Evidence {
                value: limit,
                is,
                photo,
            },
        ) in evidence.iter().enumerate()
        {
            photos[photo].claimed += 1;
            photos[photo].right += usize::from(is);
            right += usize::from(is);
            let claimed = place + 1;
            // What has the same evidence is claimed together.
            let last = evidence.get(claimed).is_none_or(|next| next.value > limit);
            if last && enough(&photos) {
                found = Some(Self { limit, claimed, right });
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Whether so many claims are enough, each of a photo of its own.
    fn alone(claimed: usize, right: usize) -> bool {
        let photo = |at| OfPhoto {
            claimed: 1,
            right: usize::from(at < right),
        };
        enough(&(0..claimed).map(photo).collect::<Vec<_>>())
    }

    #[test]
    fn a_few_claims_show_nothing_and_many_may_be_wrong_now_and_then() {
        assert!(!alone(0, 0) && !alone(34, 34) && alone(35, 35));
        assert!(!alone(100, 95) && alone(100, 97) && alone(1000, 930));
    }

    #[test]
    fn wrong_claims_of_one_photo_show_that_other_photos_may_be_so() {
        let spread = [OfPhoto { claimed: 20, right: 19 }; 20];
        let mut gathered = [OfPhoto { claimed: 20, right: 20 }; 20];
        gathered[0].right = 0;
        assert!(enough(&spread) && !enough(&gathered));
    }

    proptest! {
        #[test]
        fn claims_are_right_nearly_always_and_no_higher_limit_would_be(
            photos in prop::collection::vec((0_u8..60, 0_u8..100, 0_usize..20), 0..400),
        ) {
            // The lower the evidence, the likelier the fault.
            let evidence: Vec<Evidence> = photos
                .iter()
                .map(|&(evidence, chance, photo)| Evidence {
                    value: f64::from(evidence),
                    is: u16::from(chance) + 2 * u16::from(evidence) < 105,
                    photo,
                })
                .collect();
            let count = |limit: f64| {
                let mut photos = vec![OfPhoto::default(); 20];
                for of in evidence.iter().filter(|of| of.value <= limit) {
                    photos[of.photo].claimed += 1;
                    photos[of.photo].right += usize::from(of.is);
                }
                photos
            };
            match Claims::of(evidence.clone()) {
                Some(Claims { limit, claimed, right }) => {
                    let photos = count(limit);
                    prop_assert_eq!(photos.iter().map(|photo| photo.claimed).sum::<usize>(), claimed);
                    prop_assert_eq!(photos.iter().map(|photo| photo.right).sum::<usize>(), right);
                    prop_assert!(enough(&photos));
                    prop_assert!(evidence.iter().all(|of| of.value <= limit || !enough(&count(of.value))));
                }
                None => prop_assert!(evidence.iter().all(|of| !enough(&count(of.value)))),
            }
        }
    }
}
