//! Ladders: one photo, made worse step by step. A model climbs a ladder if it gives each step a lower score than the one
//! before; unlike a correlation over photos, that asks nothing about which of two photos is nicer.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::rank::spearman;

/// Columns of a label file that tell ladders apart, and how far up each photo stands.
pub mod columns {
    /// What was done to the photo.
    pub const KIND: &str = "kind";
    /// How much of it: 0 for the clean photo.
    pub const STRENGTH: &str = "strength";
    /// The random numbers' start.
    pub const SEED: &str = "seed";
    /// The clean photo.
    pub const PHOTO: &str = "photo";
    /// Those that a ladder's photos have in common.
    pub const LADDER: [&str; 3] = [PHOTO, KIND, SEED];
}

/// Where a photo stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Rung {
    /// What its ladder's photos have in common.
    pub ladder: [String; 3],
    /// How far up; finite.
    pub strength: f64,
}

/// How many neighbours of the same ladder are in the right order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Ladders with two photos or more.
    pub ladders: usize,
    /// Pairs of photos of one ladder with no strength between theirs.
    pub pairs: usize,
    /// Those of which the stronger one has the lower score; equal scores are not in order.
    pub right: usize,
}

/// What is said of one kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Kind {
    /// Its name.
    pub kind: String,
    /// Its photos.
    pub photos: usize,
    /// Spearman's correlation between scores and labels; `None` where it is not defined.
    pub srcc: Option<f64>,
    /// Its ladders.
    #[serde(flatten)]
    pub order: Order,
}

/// All that ladders tell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ladders {
    /// Over all kinds.
    #[serde(flatten)]
    pub order: Order,
    /// Each kind, by name.
    pub kinds: Vec<Kind>,
}

impl Rung {
    /// The clean photo that its ladder is of.
    pub fn photo(&self) -> &str {
        &self.ladder[0]
    }

    /// The kind that its ladder is of.
    pub fn kind(&self) -> &str {
        &self.ladder[1]
    }
}

impl Order {
    /// The part of the pairs that is in order; `None` of none.
    pub fn share(&self) -> Option<f64> {
        (self.pairs > 0).then(|| self.right as f64 / self.pairs as f64)
    }

    /// Counts the pairs of photos with these places and scores, in one order.
    ///
    /// Photos of one ladder and strength are compared with every neighbour, not with each other.
    pub fn of(rungs: &[&Rung], scores: &[f64]) -> Self {
        let mut ladders: BTreeMap<&[String; 3], Vec<(f64, f64)>> = BTreeMap::new();
        for (rung, &score) in rungs.iter().zip(scores) {
            ladders.entry(&rung.ladder).or_default().push((rung.strength, score));
        }
        let mut order = Self::default();
        for mut ladder in ladders.into_values() {
            ladder.sort_by(|a, b| a.0.total_cmp(&b.0));
            let steps: Vec<&[(f64, f64)]> = ladder.chunk_by(|a, b| a.0 == b.0).collect();
            order.ladders += usize::from(steps.len() > 1);
            for pair in steps.windows(2) {
                for (_, weaker) in pair[0] {
                    for (_, stronger) in pair[1] {
                        order.pairs += 1;
                        order.right += usize::from(stronger < weaker);
                    }
                }
            }
        }
        order
    }
}

impl Ladders {
    /// Judges scores by labels, higher better, of photos with these places. All lists are of one length and one order.
    pub fn of(rungs: &[&Rung], scores: &[f64], labels: &[f64]) -> Self {
        let kinds: BTreeSet<&str> = rungs.iter().map(|rung| rung.kind()).collect();
        let of_kind = |kind: &str| {
            let places: Vec<usize> = (0..rungs.len()).filter(|&at| rungs[at].kind() == kind).collect();
            let pick = |values: &[f64]| -> Vec<f64> { places.iter().map(|&at| values[at]).collect() };
            let rungs: Vec<&Rung> = places.iter().map(|&at| rungs[at]).collect();
            Kind {
                kind: kind.to_owned(),
                photos: places.len(),
                srcc: spearman(&pick(scores), &pick(labels)),
                order: Order::of(&rungs, &pick(scores)),
            }
        };
        Self {
            order: Order::of(rungs, scores),
            kinds: kinds.into_iter().map(of_kind).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rung(photo: &str, kind: &str, strength: f64) -> Rung {
        Rung {
            ladder: [photo.into(), kind.into(), "0".into()],
            strength,
        }
    }

    /// Two ladders of blur with one of four pairs wrong, one of noise with a tie, in no order; a clean photo.
    fn made_up() -> Vec<(Rung, f64, f64)> {
        vec![
            (rung("a", "blur", 0.5), 0.6, 0.5),
            (rung("b", "noise", 0.9), 0.3, 0.1),
            (rung("a", "blur", 0.1), 0.9, 0.9),
            (rung("b", "blur", 0.9), 0.1, 0.2),
            (rung("b", "blur", 0.1), 0.7, 0.8),
            (rung("a", "blur", 0.9), 0.65, 0.3),
            (rung("b", "blur", 0.5), 0.2, 0.4),
            (rung("b", "noise", 0.1), 0.3, 0.7),
            (rung("b", "clean", 0.0), 0.2, 1.0),
        ]
    }

    fn judge(rows: &[(Rung, f64, f64)]) -> Ladders {
        let rungs: Vec<&Rung> = rows.iter().map(|(rung, ..)| rung).collect();
        let of = |value: fn(&(Rung, f64, f64)) -> f64| rows.iter().map(value).collect::<Vec<_>>();
        Ladders::of(&rungs, &of(|row| row.1), &of(|row| row.2))
    }

    #[test]
    fn neighbours_are_counted_within_each_ladder() {
        let ladders = judge(&made_up());
        let order = |ladders, pairs, right| Order { ladders, pairs, right };
        assert_eq!(ladders.order, order(3, 5, 3));
        assert_eq!(ladders.order.share(), Some(0.6));
        let kinds: Vec<(&str, usize, Order)> = ladders
            .kinds
            .iter()
            .map(|kind| (kind.kind.as_str(), kind.photos, kind.order))
            .collect();
        assert_eq!(
            kinds,
            [
                ("blur", 6, order(2, 4, 3)),
                ("clean", 1, order(0, 0, 0)),
                ("noise", 2, order(1, 1, 0))
            ]
        );
        // Ranks 3 6 1 5 4 2 beside 4 6 1 5 2 3: 1 - 6 * (1 + 4 + 1) / (6 * 35).
        assert!(
            ladders.kinds[0]
                .srcc
                .is_some_and(|srcc| (srcc - (1.0 - 36.0 / 210.0)).abs() < 1e-12)
        );
        assert_eq!((ladders.kinds[1].srcc, ladders.kinds[1].order.share()), (None, None));
    }

    #[test]
    fn the_order_of_rows_changes_nothing() {
        let mut rows = made_up();
        let expected = judge(&rows);
        rows.reverse();
        assert_eq!(judge(&rows).order, expected.order);
    }

    #[test]
    fn photos_of_one_strength_are_not_compared_with_each_other() {
        let rungs = [rung("a", "blur", 0.2), rung("a", "blur", 0.2), rung("a", "blur", 0.4)];
        let order = Order::of(&rungs.iter().collect::<Vec<_>>(), &[0.9, 0.3, 0.5]);
        assert_eq!(
            order,
            Order {
                ladders: 1,
                pairs: 2,
                right: 1
            }
        );
    }
}
