//! Which photos of a dataset show the same: those that one clean photo was distorted to.

use std::collections::BTreeMap;

use super::dataset::Sample;
use crate::image::random::SplitMix64;

/// The photos of a dataset by what they show.
pub struct Kin {
    /// For each photo: the place of its family in `families`, and of its ladders in `kinds`.
    of: Vec<(usize, usize)>,
    /// Photos that show the same.
    families: Vec<Vec<usize>>,
    /// Those of them that are distorted in the same way.
    kinds: Vec<Vec<usize>>,
    size: usize,
}

impl Kin {
    /// Of photos that are going to be drawn in groups of `size`; photos without a rung have no kin.
    pub fn new(samples: &[Sample], size: usize) -> Self {
        let mut kin = Self {
            of: Vec::new(),
            families: Vec::new(),
            kinds: Vec::new(),
            size,
        };
        if size < 2 {
            return kin;
        }
        let (mut by_photo, mut by_kind) = (BTreeMap::new(), BTreeMap::new());
        for (index, sample) in samples.iter().enumerate() {
            let (photo, kind) = match &sample.rung {
                Some(rung) => (rung.photo(), rung.kind()),
                None => (sample.name.as_str(), ""),
            };
            let place = |groups: &mut Vec<Vec<usize>>, known: Option<usize>| {
                let place = known.unwrap_or_else(|| {
                    groups.push(Vec::new());
                    groups.len() - 1
                });
                groups[place].push(index);
                place
            };
            let family = place(&mut kin.families, by_photo.get(photo).copied());
            by_photo.insert(photo, family);
            let same_kind = place(&mut kin.kinds, by_kind.get(&(photo, kind)).copied());
            by_kind.insert((photo, kind), same_kind);
            kin.of.push((family, same_kind));
        }
        kin
    }

    /// `first` and others of its family, one of the same kind and the rest of any; `first` again where the family is small.
    pub fn group(&self, first: usize, random: &mut SplitMix64) -> Vec<usize> {
        let mut group = vec![first];
        let Some(&(family, kind)) = self.of.get(first) else {
            return group;
        };
        let (family, kind) = (&self.families[family], &self.kinds[kind]);
        let mut draw = |from: &[usize], group: &[usize]| {
            let left: Vec<usize> = from.iter().copied().filter(|photo| !group.contains(photo)).collect();
            let last = left.len().checked_sub(1)?;
            left.get(random.up_to(last as u32) as usize).copied()
        };
        group.extend(draw(kind, &group));
        while group.len() < self.size {
            group.push(draw(family, &group).unwrap_or(first));
        }
        group
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::{metrics::ladder::Rung, train::dataset::Source};

    fn sample(photo: &str, kind: &str, strength: f64) -> Sample {
        Sample {
            source: Source::File(PathBuf::new()),
            name: format!("{photo}-{kind}-{strength}"),
            label: 0.5,
            rung: Some(Rung {
                ladder: [photo.into(), kind.into(), strength.to_string()],
                strength,
            }),
            domain: None,
        }
    }

    #[test]
    fn a_group_shows_one_photo_and_two_of_it_one_kind() {
        let mut samples = Vec::new();
        for photo in ["a", "b", "c"] {
            for kind in ["blur", "noise", "jpeg"] {
                samples.extend([0.2, 0.6, 1.0].map(|strength| sample(photo, kind, strength)));
            }
        }
        let kin = Kin::new(&samples, 4);
        let mut random = SplitMix64::new(1);
        for first in 0..samples.len() {
            let group = kin.group(first, &mut random);
            let of = |at: usize| samples[group[at]].rung.as_ref().expect("a rung");
            assert_eq!((group[0], group.len()), (first, 4));
            assert!((1..4).all(|at| of(at).photo() == of(0).photo()));
            assert_eq!(of(1).kind(), of(0).kind());
            let mut seen = group.clone();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), 4, "nothing twice: {group:?}");
        }
    }

    #[test]
    fn small_families_fill_their_groups() {
        let samples = [
            sample("a", "blur", 0.2),
            sample("a", "noise", 0.2),
            sample("b", "blur", 0.2),
        ];
        let kin = Kin::new(&samples, 3);
        let mut random = SplitMix64::new(1);
        assert_eq!(kin.group(2, &mut random), [2, 2, 2]);
        assert_eq!(kin.group(0, &mut random), [0, 1, 0]);
        assert_eq!(Kin::new(&samples, 1).group(2, &mut random), [2]);
    }
}
