//! Which photos a model does not see while it learns: folds that take turns, a random fifth, or none. All of it follows from the groups' names and the
//! seed, so that photos that belong together, in whatever file, lie on one side.

use serde::{Deserialize, Serialize};

use crate::{Error, Result, image::random::SplitMix64};

/// The part of the photos that random splits hold out, as papers have it.
pub const HELD_OUT: f64 = 0.2;

/// How photos are held out, over several runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// Cross-validation: so many parts, each held out once.
    Folds(usize),
    /// So many random parts of a fifth, drawn independently of each other.
    Splits(usize),
    /// One run that holds nothing out: the last one, of a recipe that the others have chosen.
    All,
}

/// One of the runs of a protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// How photos are held out.
    pub protocol: Protocol,
    /// Which run, from 1 on.
    pub run: usize,
    /// Start of the random numbers. All that a run learns from has to be split by the same: what comes before it, and its teachers, too.
    pub seed: u64,
}

impl Protocol {
    /// Its runs, of which `seed` says what each holds out.
    ///
    /// # Errors
    /// [`Error::Option`] for fewer than two folds or no split.
    pub fn runs(self, seed: u64) -> Result<Vec<Split>> {
        let refuse = |name, reason: &str| {
            Err(Error::Option {
                name,
                reason: reason.into(),
            })
        };
        let count = match self {
            Self::Folds(count) if count < 2 => return refuse("folds", "cross-validation needs two"),
            Self::Splits(0) => return refuse("splits", "0 of them hold nothing out"),
            Self::Folds(count) | Self::Splits(count) => count,
            Self::All => 1,
        };
        let split = |run| Split {
            protocol: self,
            run,
            seed,
        };
        Ok((1..=count).map(split).collect())
    }
}

impl Split {
    /// Of the run that holds nothing out.
    pub const NONE: Self = Self {
        protocol: Protocol::All,
        run: 1,
        seed: 0,
    };

    /// Whether the photos of `group`, a name, are held out.
    pub fn holds_out(&self, group: &str) -> bool {
        let seed = self.seed;
        match self.protocol {
            Protocol::Folds(count) => (place(group, seed, 0) * count as f64) as usize + 1 == self.run,
            Protocol::Splits(_) => place(group, seed, self.run as u64) < HELD_OUT,
            Protocol::All => false,
        }
    }
}

impl std::fmt::Display for Split {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.protocol {
            Protocol::Folds(count) => write!(f, "fold-{}-of-{count}", self.run),
            Protocol::Splits(count) => write!(f, "split-{}-of-{count}", self.run),
            Protocol::All => write!(f, "all"),
        }
    }
}

/// Where a figure lies over several runs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// Its median; of an even number of runs the mean of the middle two.
    pub median: f64,
    /// Its smallest value.
    pub low: f64,
    /// Its largest value.
    pub high: f64,
}

impl Spread {
    /// Of the values of all runs; `None` without any, or where one is not defined: the others alone would flatter.
    pub fn of(values: impl IntoIterator<Item = Option<f64>>) -> Option<Self> {
        let mut values = values.into_iter().collect::<Option<Vec<f64>>>()?;
        values.sort_unstable_by(f64::total_cmp);
        let middle = values.len() / 2;
        let upper = *values.get(middle)?;
        Some(Self {
            median: if values.len() % 2 == 0 {
                (values[middle - 1] + upper) / 2.0
            } else {
                upper
            },
            low: *values.first()?,
            high: *values.last()?,
        })
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.4} [{:.4}, {:.4}]", self.median, self.low, self.high)
    }
}

/// Evenly in `0.0..1.0`.
fn place(group: &str, seed: u64, draw: u64) -> f64 {
    let mut random = SplitMix64::new(SplitMix64::new(seed).next_u64() ^ draw);
    let mut mixed = random.next_u64();
    for byte in group.bytes() {
        mixed = SplitMix64::new(mixed ^ u64::from(byte)).next_u64();
    }
    (mixed >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups() -> Vec<String> {
        (0..2000).map(|at| format!("photo-{at}.jpg")).collect()
    }

    #[test]
    fn every_group_is_in_one_fold_and_folds_are_of_like_size() {
        let runs = Protocol::Folds(5).runs(3).unwrap();
        let mut sizes = [0; 5];
        for group in groups() {
            let held: Vec<usize> = (0..5).filter(|&at| runs[at].holds_out(&group)).collect();
            assert_eq!(held.len(), 1, "{group}");
            sizes[held[0]] += 1;
        }
        // Four standard deviations.
        assert!(sizes.iter().all(|size| (328..472).contains(size)), "{sizes:?}");
    }

    #[test]
    fn splits_hold_out_a_fifth_each_independently_and_the_seed_counts() {
        let held = |run: usize, seed: u64| -> Vec<bool> {
            let runs = Protocol::Splits(3).runs(seed).unwrap();
            groups().iter().map(|group| runs[run].holds_out(group)).collect()
        };
        let count = |held: &[bool]| held.iter().filter(|held| **held).count();
        for run in 0..3 {
            assert!((328..472).contains(&count(&held(run, 0))));
        }
        let both = |a: &[bool], b: &[bool]| a.iter().zip(b).filter(|(a, b)| **a && **b).count();
        assert!((40..120).contains(&both(&held(0, 0), &held(1, 0))));
        assert!((40..120).contains(&both(&held(0, 0), &held(0, 1))));
        assert_eq!(held(2, 7), held(2, 7));
    }

    #[test]
    fn a_spread_is_median_least_and_most_of_all_runs() {
        let of = |values: &[f64]| Spread::of(values.iter().copied().map(Some)).unwrap();
        assert_eq!(of(&[0.5, 0.1, 0.4]).to_string(), "0.4000 [0.1000, 0.5000]");
        assert_eq!(of(&[0.5, 0.1, 0.4, 0.6]).median, 0.45);
        assert_eq!(Spread::of([Some(0.5), None]), None);
        assert_eq!(Spread::of([]), None);
    }

    #[test]
    fn too_few_runs_are_refused() {
        assert!(Protocol::Folds(1).runs(0).is_err() && Protocol::Splits(0).runs(0).is_err());
        assert_eq!(Protocol::Folds(2).runs(0).unwrap()[1].to_string(), "fold-2-of-2");
    }
}
