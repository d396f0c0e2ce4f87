//! The order of the blocks in a scan, and how reading goes on after damage.

use super::{
    markers::{self, END_OF_IMAGE, Frame, START_OF_IMAGE, START_OF_SCAN},
    reader::Reader,
};

/// What reads the blocks of a scan.
pub(super) trait Coder {
    /// Reads the block at column `x` and row `y` of a component, which counts among those of the scan. Whether its
    /// codes were all of the tables.
    fn block(&mut self, reader: &mut Reader<'_>, component: usize, x: usize, y: usize) -> bool;

    /// Forgets what came before: a restart marker was there.
    fn restart(&mut self);
}

/// A block of an MCU: its component, among those of the scan, and where it is.
struct Place {
    component: usize,
    across: usize,
    down: usize,
    x: usize,
    y: usize,
}

/// The MCUs of a scan.
pub(super) struct Units {
    across: usize,
    down: usize,
    blocks: Vec<Place>,
}

/// How far a scan was read.
pub(super) struct Outcome {
    /// Where the next marker is to be looked for.
    pub(super) end: usize,
    /// MCUs that were read, and all there are.
    pub(super) read: usize,
    pub(super) all: usize,
}

impl Units {
    /// Those of a scan of some components of a frame.
    pub(super) fn new(frame: &Frame, components: &[usize]) -> Self {
        let (most_across, most_down) = frame.sampling();
        let sampling = |place: usize| frame.components.get(place).map_or((1, 1), |c| (c.across, c.down));
        if let &[component] = components {
            // The blocks that the component needs, one by one.
            let (across, down) = sampling(component);
            let block = Place {
                component: 0,
                across: 1,
                down: 1,
                x: 0,
                y: 0,
            };
            return Self {
                across: (frame.width * across).div_ceil(8 * most_across),
                down: (frame.height * down).div_ceil(8 * most_down),
                blocks: vec![block],
            };
        }
        let mut blocks = Vec::new();
        for (component, &place) in components.iter().enumerate() {
            let (across, down) = sampling(place);
            for y in 0..down {
                blocks.extend((0..across).map(|x| Place {
                    component,
                    across,
                    down,
                    x,
                    y,
                }));
            }
        }
        Self {
            across: frame.width.div_ceil(8 * most_across),
            down: frame.height.div_ceil(8 * most_down),
            blocks,
        }
    }

    /// Reads a scan whose data begin at `at`, with a restart marker after every `interval` MCUs, or none if that is 0.
    ///
    /// What cannot be read is passed over up to the next restart marker, or else to the end.
    pub(super) fn read(&self, bytes: &[u8], at: usize, interval: usize, coder: &mut impl Coder) -> Outcome {
        let all = self.across * self.down;
        let mut reader = Reader::new(bytes, at);
        let (mut unit, mut read, mut restart, mut expected) = (0, 0, if interval == 0 { all } else { interval }, 0);
        while unit < all {
            if unit == restart {
                let Some((at, lost)) = next_restart(bytes, reader.at(), expected) else {
                    break;
                };
                reader = Reader::new(bytes, at);
                coder.restart();
                expected = (expected + 1 + lost) % 8;
                unit += lost * interval;
                restart = unit + interval;
            }
            let (mut x, mut y) = (unit % self.across, unit / self.across);
            let end = restart.min(all);
            while unit < end {
                let mut valid = true;
                for block in &self.blocks {
                    let (x, y) = (x * block.across + block.x, y * block.down + block.y);
                    valid &= coder.block(&mut reader, block.component, x, y);
                }
                if reader.overrun() || !valid && interval > 0 {
                    break;
                }
                read += usize::from(valid);
                unit += 1;
                x += 1;
                if x == self.across {
                    (x, y) = (0, y + 1);
                }
            }
            unit = unit.max(end);
        }
        Outcome {
            end: reader.at(),
            read,
            all,
        }
    }
}

/// Behind the next restart marker, and how many intervals are missing before it, as libjpeg takes it. None where the
/// scan ends.
fn next_restart(bytes: &[u8], mut at: usize, expected: usize) -> Option<(usize, usize)> {
    loop {
        let (marker, behind) = markers::next(bytes, at)?;
        if markers::is_restart(marker) {
            match (usize::from(marker & 7) + 8 - expected) % 8 {
                lost @ 1..=2 => return Some((behind, lost)),
                // One that came before.
                6..=7 => {}
                _ => return Some((behind, 0)),
            }
        } else if ends_scan(bytes, marker, behind) {
            return None;
        }
        at = behind;
    }
}

/// Whether a marker is the end of a scan and not damage in its data.
fn ends_scan(bytes: &[u8], marker: u8, behind: usize) -> bool {
    match marker {
        START_OF_IMAGE => bytes.get(behind) == Some(&0xFF),
        END_OF_IMAGE => true,
        START_OF_SCAN => markers::segment(bytes, behind).is_some_and(|(segment, _)| {
            let components = segment.first().map_or(0, |&count| usize::from(count));
            matches!(components, 1..=4) && segment.len() == 4 + 2 * components
        }),
        _ => false,
    }
}
