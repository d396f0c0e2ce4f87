//! How low a score has to be before a fault is claimed, so that claims are right nearly always.

/// The part of the claims that are right for other photos: few claims that were all right do not show it yet, so the lower end of a 95%
/// interval (Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", 1927) has to reach it.
pub const PROMISED: f64 = 0.9;

/// Whether enough of the claims are right.
fn enough(claimed: usize, right: usize) -> bool {
    const Z: f64 = 1.96;
    let count = claimed.max(1) as f64;
    let share = right as f64 / count;
    let middle = share + Z * Z / (2.0 * count);
    let half = Z * (share * (1.0 - share) / count + Z * Z / (4.0 * count * count)).sqrt();
    (middle - half) / (1.0 + Z * Z / count) >= PROMISED
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
    /// As many claims as can be while it is sure that [`PROMISED`] of them are true: `photos` are evidence, low where the claim is likely, and truth.
    /// `None` where no limit allows that.
    pub fn of(mut photos: Vec<(f64, bool)>) -> Option<Self> {
        photos.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut right = 0;
        let mut found = None;
        for (place, &(limit, is)) in photos.iter().enumerate() {
            right += usize::from(is);
            let claimed = place + 1;
            // Photos of the same evidence are claimed together.
            let last = photos.get(claimed).is_none_or(|next| next.0 > limit);
            if last && enough(claimed, right) {
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

    #[test]
    fn a_few_claims_show_nothing_and_many_may_be_wrong_now_and_then() {
        assert!(!enough(0, 0) && !enough(34, 34) && enough(35, 35));
        assert!(!enough(100, 95) && enough(100, 97) && enough(1000, 930));
    }

    proptest! {
        #[test]
        fn claims_are_right_nearly_always_and_no_higher_limit_would_be(
            photos in prop::collection::vec((0_u8..60, 0_u8..100), 0..400),
        ) {
            // The lower the evidence, the likelier the fault.
            let photos: Vec<(f64, bool)> = photos
                .iter()
                .map(|&(evidence, chance)| (f64::from(evidence), u16::from(chance) + 2 * u16::from(evidence) < 105))
                .collect();
            let count = |limit: f64| {
                let claimed = photos.iter().filter(|photo| photo.0 <= limit);
                (claimed.clone().count(), claimed.filter(|photo| photo.1).count())
            };
            let enough = |(claimed, right): (usize, usize)| enough(claimed, right);
            match Claims::of(photos.clone()) {
                Some(Claims { limit, claimed, right }) => {
                    prop_assert_eq!(count(limit), (claimed, right));
                    prop_assert!(enough((claimed, right)));
                    prop_assert!(photos.iter().all(|photo| photo.0 <= limit || !enough(count(photo.0))));
                }
                None => prop_assert!(photos.iter().all(|photo| !enough(count(photo.0)))),
            }
        }
    }
}
