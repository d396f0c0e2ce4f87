//! Sets that are worth something only whole.
//!
//! Brackets and focus stacks are told by what the camera wrote, panoramas by how far neighbours are apart in the
//! model's own features. In doubt photos are no set: they are then compared like all others.

use super::{Group, Kind, Shot, THRESHOLD};

/// Seconds between two photos of a set that the camera takes by itself.
const QUICK: f64 = 3.0;
/// Seconds between two photos of a panorama, between which the camera is turned.
const TURN: f64 = 10.0;
/// The least number of photos of a bracket, and of a panorama.
const FEW: usize = 3;
/// The least number of photos of a focus stack: two distances are two tries.
const STACK: usize = 4;
/// How alike the parts of neighbours are in which a panorama's overlap.
const OVERLAP: f32 = 0.5;
/// The turn between two photos of a panorama, as a share of the side of the square that is compared.
const LEAST_TURN: f32 = 0.25;
/// The overlap of neighbours, as a share of that side.
const LEAST_OVERLAP: f32 = 0.25;
/// Two exposures are different from this on, in stops.
const STOP: f32 = 0.25;

/// The sets among photos in the order in which they were taken.
pub(super) fn whole_sets(shots: &[Shot]) -> Vec<Group> {
    let mut groups = Vec::new();
    let mut from = 0;
    while from < shots.len() {
        let rest = &shots[from..];
        let lengths = [
            (Kind::Bracket, bracket(rest)),
            (Kind::FocusStack, focus_stack(rest)),
            (Kind::Panorama, panorama(rest)),
        ];
        let longest = lengths.into_iter().max_by_key(|&(_, length)| length);
        match longest.filter(|&(_, length)| length > 0) {
            Some((kind, length)) => {
                groups.push(Group {
                    kind,
                    shots: (from..from + length).collect(),
                });
                from += length;
            }
            None => from += 1,
        }
    }
    groups
}

/// Whether one was taken at most `seconds` after the other.
fn within(a: &Shot, b: &Shot, seconds: f64) -> bool {
    matches!((a.capture.time, b.capture.time), (Some(a), Some(b)) if b - a <= seconds)
}

/// How many of the first photos are a bracket; 0 if none. Each has an exposure of its own: the next one of an exposure
/// that was there begins another set.
fn bracket(shots: &[Shot]) -> usize {
    let exposure = |shot: &Shot| match shot.capture.bracketed {
        true => shot.capture.exposure.or(shot.capture.exposure_bias),
        false => shot.capture.exposure_bias,
    };
    let mut seen: Vec<f32> = Vec::new();
    for (at, shot) in shots.iter().enumerate() {
        let Some(value) = exposure(shot) else { break };
        let follows = at == 0
            || (within(&shots[at - 1], shot, QUICK) && shots[at - 1].capture.bracketed == shot.capture.bracketed);
        // Light changes some of the features too.
        let same_scene = shot.likeness.alike(&shots[0].likeness) >= THRESHOLD / 2.0;
        if !follows || !same_scene || seen.iter().any(|other| (other - value).abs() < STOP) {
            break;
        }
        seen.push(value);
    }
    if seen.len() >= FEW { seen.len() } else { 0 }
}

/// How many of the first photos are a focus stack: focused ever nearer, or ever farther.
fn focus_stack(shots: &[Shot]) -> usize {
    let distances: Vec<f32> = shots.iter().map_while(|shot| shot.capture.focus_distance).collect();
    let further = |at: usize| distances[at].total_cmp(&distances[at - 1]);
    let mut length = distances.len().min(1);
    while length < distances.len() {
        let [before, shot] = [&shots[length - 1], &shots[length]];
        let goes_on = further(length).is_ne() && (length < 2 || further(length) == further(length - 1));
        if !goes_on || !within(before, shot, QUICK) || shot.likeness.alike(&before.likeness) < THRESHOLD {
            break;
        }
        length += 1;
    }
    if length >= STACK { length } else { 0 }
}

/// How many of the first photos are a panorama: each turned from the one before, all in one direction.
fn panorama(shots: &[Shot]) -> usize {
    let mut length = 1;
    let mut direction = None;
    while length < shots.len() {
        let [before, shot] = [&shots[length - 1], &shots[length]];
        let next = within(before, shot, TURN).then(|| turned(before, shot)).flatten();
        match (next, direction) {
            (Some(next), Some(first)) if next == first => {}
            (Some(next), None) => direction = Some(next),
            _ => break,
        }
        length += 1;
    }
    if length >= FEW { length } else { 0 }
}

/// Where the camera was turned between two photos: right or left, down or up.
fn turned(a: &Shot, b: &Shot) -> Option<(isize, isize)> {
    let side = a.likeness.side();
    let least = (side as f32 * LEAST_TURN).ceil() as isize;
    let most = side as isize - (side as f32 * LEAST_OVERLAP).ceil() as isize;
    let mut best = (THRESHOLD.max(a.likeness.alike(&b.likeness)), None);
    // Along one axis; on the other the hand may be off by a cell.
    for along in -most..=most {
        for off in -1..=1 {
            for shift in [(along, off), (off, along)] {
                let alike = a.likeness.alike_shifted(&b.likeness, shift);
                if alike > best.0 {
                    best = (alike, Some((along, shift)));
                }
            }
        }
    }
    let (alike, Some((along, shift))) = best else {
        return None;
    };
    let direction = if shift.0 == along {
        (along.signum(), 0)
    } else {
        (0, along.signum())
    };
    (alike >= OVERLAP && along.abs() >= least).then_some(direction)
}

#[cfg(test)]
mod tests {
    use super::super::likeness::window;
    use super::super::{Capture, Group, Kind, Shot, group};

    fn shots(captures: impl IntoIterator<Item = Capture>) -> Vec<Shot> {
        let numbered = captures.into_iter().enumerate();
        let timed = numbered.map(|(at, capture)| Shot {
            capture: Capture {
                time: Some(at as f64),
                ..capture
            },
            likeness: window(0, 0, 7),
        });
        timed.collect()
    }

    fn biases(values: &[f32]) -> Vec<Shot> {
        shots(values.iter().map(|&bias| Capture {
            exposure_bias: Some(bias),
            ..Capture::default()
        }))
    }

    fn kinds(groups: &[Group]) -> Vec<(Kind, usize)> {
        groups.iter().map(|group| (group.kind, group.shots.len())).collect()
    }

    #[test]
    fn brackets_are_told_by_their_exposures() {
        let two = biases(&[0.0, -2.0, 2.0, 0.0, -2.0, 2.0]);
        assert_eq!(kinds(&group(&two)), [(Kind::Bracket, 3), (Kind::Bracket, 3)]);
        // A burst, and one with a single correction.
        assert_eq!(kinds(&group(&biases(&[0.0; 5]))), [(Kind::Alike, 5)]);
        assert_eq!(kinds(&group(&biases(&[0.0, 0.0, -1.0, -1.0]))), [(Kind::Alike, 4)]);
        // By hand: the camera says that it brackets, and the exposures differ.
        let by_hand = shots([10.0, 8.0, 12.0].map(|exposure| Capture {
            bracketed: true,
            exposure: Some(exposure),
            exposure_bias: Some(0.0),
            ..Capture::default()
        }));
        assert_eq!(kinds(&group(&by_hand)), [(Kind::Bracket, 3)]);
        // Minutes apart.
        let mut slow = biases(&[0.0, -2.0, 2.0]);
        slow[2].capture.time = Some(50.0);
        assert_eq!(kinds(&group(&slow)), [(Kind::Alike, 3)]);
    }

    #[test]
    fn focus_stacks_go_one_way() {
        let at = |distances: &[f32]| {
            shots(distances.iter().map(|&distance| Capture {
                focus_distance: Some(distance),
                ..Capture::default()
            }))
        };
        assert_eq!(kinds(&group(&at(&[0.3, 0.32, 0.35, 0.4]))), [(Kind::FocusStack, 4)]);
        assert_eq!(kinds(&group(&at(&[0.4, 0.35, 0.32, 0.3]))), [(Kind::FocusStack, 4)]);
        assert_eq!(kinds(&group(&at(&[0.3, 0.32, 0.31, 0.33, 0.3]))), [(Kind::Alike, 5)]);
        assert_eq!(kinds(&group(&at(&[0.3; 6]))), [(Kind::Alike, 6)]);
    }

    #[test]
    fn panoramas_go_one_way_and_overlap() {
        let turned = |places: &[usize]| {
            let mut shots = shots(places.iter().map(|_| Capture::default()));
            for (shot, &place) in shots.iter_mut().zip(places) {
                shot.likeness = window(place, 0, 7);
            }
            shots
        };
        assert_eq!(kinds(&group(&turned(&[0, 3, 6, 9]))), [(Kind::Panorama, 4)]);
        assert_eq!(kinds(&group(&turned(&[9, 6, 3]))), [(Kind::Panorama, 3)]);
        // There and back, and without an overlap.
        assert!(
            group(&turned(&[3, 6, 3, 6]))
                .iter()
                .all(|group| group.kind != Kind::Panorama)
        );
        assert!(
            group(&turned(&[0, 20, 40]))
                .iter()
                .all(|group| group.kind == Kind::Single)
        );
    }
}
