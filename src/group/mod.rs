//! Which photos belong together: bursts and near-duplicates, of which one may stand for all, and sets that are only
//! worth something whole (exposure brackets, focus stacks, panoramas).
//!
//! Photos are first ordered by camera and capture time and cut where nothing was taken for [`GAP`] seconds
//! ([`segments`]); only within such a segment are they compared ([`group`]). Whoever culls a whole card holds the
//! [`Likeness`] of one segment at a time.

mod best;
mod cluster;
mod likeness;
mod sets;

use std::cmp::Ordering;

use serde::Serialize;

use crate::image::Capture;

pub use best::{Candidate, Choice, Look, choose};
pub use likeness::{Likeness, THRESHOLD};

/// Seconds between two photos of one camera after which nothing before belongs to what follows.
pub const GAP: f64 = 60.0;
/// Photos that are compared with each other at most. A longer run is cut at its widest gap.
pub const MOST: usize = 400;

/// A photo as grouping sees it.
#[derive(Clone, Debug)]
pub struct Shot {
    /// When, by which camera and how it was taken.
    pub capture: Capture,
    /// What it shows.
    pub likeness: Likeness,
}

/// Why photos are one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A photo like no other near it.
    Single,
    /// Photos of the same: a burst, another try, an edited copy.
    Alike,
    /// One scene in several exposures.
    Bracket,
    /// One scene at several distances of focus.
    FocusStack,
    /// Neighbouring views that overlap.
    Panorama,
}

impl Kind {
    /// A stable identifier for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Alike => "alike",
            Self::Bracket => "bracket",
            Self::FocusStack => "focus-stack",
            Self::Panorama => "panorama",
        }
    }

    /// Whether the photos are worth something only together: none of them is to be left out.
    pub fn is_whole(self) -> bool {
        matches!(self, Self::Bracket | Self::FocusStack | Self::Panorama)
    }
}

/// Photos that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Why.
    pub kind: Kind,
    /// Their places in what was grouped, in the order in which they were taken.
    pub shots: Vec<usize>,
}

/// The places of photos in the order in which they were taken, cut into runs to compare: by camera, at every [`GAP`],
/// and to at most [`MOST`] photos. `photos` have a capture and a name each; names decide where times are equal, and
/// order the photos without a time, which come last.
pub fn segments<'a>(photos: &[(&'a Capture, &'a str)]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..photos.len()).collect();
    order.sort_by(|&a, &b| before(photos[a], photos[b]));
    let mut segments = Vec::new();
    let mut segment: Vec<usize> = Vec::new();
    for place in order {
        if let Some(&last) = segment.last()
            && !belongs(photos[last].0, photos[place].0)
        {
            segments.push(std::mem::take(&mut segment));
        }
        segment.push(place);
    }
    segments.push(segment);
    let short = segments.into_iter().flat_map(|segment| {
        let times: Vec<Option<f64>> = segment.iter().map(|&place| photos[place].0.time).collect();
        shortened(segment, &times)
    });
    short.filter(|segment| !segment.is_empty()).collect()
}

fn before((a, a_name): (&Capture, &str), (b, b_name): (&Capture, &str)) -> Ordering {
    let time = match (a.time, b.time) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    };
    a.camera.cmp(&b.camera).then(time).then_with(|| a_name.cmp(b_name))
}

fn belongs(a: &Capture, b: &Capture) -> bool {
    let near = match (a.time, b.time) {
        (Some(a), Some(b)) => b - a <= GAP,
        (a, b) => a.is_none() && b.is_none(),
    };
    near && a.camera == b.camera
}

/// A run in pieces of at most [`MOST`] photos, cut at the widest gaps; where there are no times, in the middle.
fn shortened(segment: Vec<usize>, times: &[Option<f64>]) -> Vec<Vec<usize>> {
    if segment.len() <= MOST {
        return vec![segment];
    }
    let gap = |at: usize| {
        times[at]
            .zip(times[at - 1])
            .map_or(0.0, |(after, before)| after - before)
    };
    // Not at the very ends, so that each cut makes progress.
    let (from, to) = (segment.len() / 4, segment.len() * 3 / 4);
    let middle = segment.len() / 2;
    let cut = (from..to).fold(middle, |best, at| if gap(at) > gap(best) { at } else { best });
    let (early, late) = segment.split_at(cut);
    let mut pieces = shortened(early.to_vec(), &times[..cut]);
    pieces.extend(shortened(late.to_vec(), &times[cut..]));
    pieces
}

/// The groups of one segment, whose photos come in the order in which they were taken. Each photo is in one group;
/// groups are in the order of their first photo.
pub fn group(shots: &[Shot]) -> Vec<Group> {
    group_at(shots, THRESHOLD)
}

/// As [`group`], with another threshold: for measuring it.
pub fn group_at(shots: &[Shot], threshold: f32) -> Vec<Group> {
    let mut groups = sets::whole_sets(shots);
    let mut taken = vec![false; shots.len()];
    groups
        .iter()
        .flat_map(|group| &group.shots)
        .for_each(|&place| taken[place] = true);
    let rest: Vec<usize> = (0..shots.len()).filter(|&place| !taken[place]).collect();
    let alike = |a: usize, b: usize| shots[rest[a]].likeness.alike(&shots[rest[b]].likeness);
    groups.extend(
        cluster::average_linkage(rest.len(), alike, threshold)
            .into_iter()
            .map(|members| Group {
                kind: if members.len() > 1 { Kind::Alike } else { Kind::Single },
                shots: members.into_iter().map(|member| rest[member]).collect(),
            }),
    );
    groups.sort_by_key(|group| group.shots.first().copied());
    groups
}

#[cfg(test)]
mod tests {
    use super::{Capture, MOST, segments};

    fn capture(camera: &str, time: Option<f64>) -> Capture {
        Capture {
            camera: Some(camera.to_owned()),
            time,
            ..Capture::default()
        }
    }

    #[test]
    fn photos_are_cut_by_camera_and_time_and_ties_are_in_the_order_of_names() {
        let captures = [
            capture("a", Some(100.0)),
            capture("b", Some(100.0)),
            capture("a", Some(40.25)),
            capture("a", Some(160.5)),
            capture("a", Some(100.0)),
            capture("a", None),
        ];
        let names = ["2", "x", "9", "0", "1", "z"];
        let photos: Vec<(&Capture, &str)> = captures.iter().zip(names).collect();
        assert_eq!(segments(&photos), vec![vec![2, 4, 0], vec![3], vec![5], vec![1]]);
        assert!(segments(&[]).is_empty());
    }

    #[test]
    fn a_long_run_is_cut_at_its_widest_gap() {
        let captures: Vec<Capture> = (0..MOST * 2)
            .map(|at| capture("a", Some(at as f64 + if at >= MOST - 30 { 7.0 } else { 0.0 })))
            .collect();
        let photos: Vec<(&Capture, &str)> = captures.iter().map(|capture| (capture, "")).collect();
        let lengths: Vec<usize> = segments(&photos).iter().map(Vec::len).collect();
        assert_eq!(lengths.iter().sum::<usize>(), MOST * 2);
        assert_eq!(lengths[0], MOST - 30);
        assert!(lengths.iter().all(|&length| length <= MOST));
    }
}
