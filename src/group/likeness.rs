//! How alike two photos are, by the model's own features.

/// Photos of the same are at least so much [`alike`](Likeness::alike), on average over a group. Measured with the
/// default model on a made set of bursts among look-alikes (`npm run test:cull`; figures in `docs/command.md`).
pub const THRESHOLD: f32 = 0.33;

/// What a photo shows and where: the tokens of the stem's middle level for the square in the middle of the photo, on
/// a grid, less their mean, of length 1.
///
/// The model's last features tell how good a photo is, and are nearly the same for all good photos; those of the stem
/// tell what is where. Without their mean they depend little on light and blur.
#[derive(Clone, Debug, PartialEq)]
pub struct Likeness {
    /// `[side, side, width]`.
    cells: Vec<f32>,
    side: usize,
}

impl Likeness {
    /// Of tokens `[side * side, width]`, row by row.
    pub fn new(tokens: &[f32], side: usize) -> Self {
        let width = (tokens.len() / (side * side).max(1)).max(1);
        let mut mean = vec![0.0; width];
        for token in tokens.chunks_exact(width) {
            mean.iter_mut().zip(token).for_each(|(mean, value)| *mean += value);
        }
        let count = (side * side).max(1) as f32;
        mean.iter_mut().for_each(|mean| *mean /= count);
        let mut cells: Vec<f32> = tokens
            .chunks_exact(width)
            .flat_map(|token| token.iter().zip(&mean).map(|(value, mean)| value - mean))
            .collect();
        let length = dot(&cells, &cells).sqrt().max(f32::MIN_POSITIVE);
        cells.iter_mut().for_each(|value| *value /= length);
        Self { cells, side }
    }

    /// How alike they are, -1 to 1: the cosine between them, at rest or with one moved by a cell, as a hand moves.
    /// Photos of two models are not alike.
    pub fn alike(&self, other: &Self) -> f32 {
        let shifts = [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)];
        let alike = shifts.map(|shift| self.alike_shifted(other, shift));
        alike.into_iter().fold(f32::NEG_INFINITY, f32::max)
    }

    /// Cells along a side.
    pub fn side(&self) -> usize {
        self.side
    }

    /// How alike they are where they overlap if `other` shows what is `(x, y)` cells further right and down: the
    /// cosine over the cells that both have; 0 if there are none.
    pub fn alike_shifted(&self, other: &Self, (x, y): (isize, isize)) -> f32 {
        if self.cells.len() != other.cells.len() || self.side == 0 {
            return 0.0;
        }
        let width = self.cells.len() / (self.side * self.side);
        let (mut both, mut own, mut others) = (0.0, 0.0, 0.0);
        let range = |shift: isize| shift.max(0) as usize..(self.side as isize + shift.min(0)).max(0) as usize;
        for row in range(y) {
            let columns = range(x);
            if columns.is_empty() {
                return 0.0;
            }
            let cells = |row: usize, from: usize| {
                (row * self.side + from) * width..(row * self.side + from + columns.len()) * width
            };
            let a = &self.cells[cells(row, columns.start)];
            let b = &other.cells[cells((row as isize - y) as usize, (columns.start as isize - x) as usize)];
            both += dot(a, b);
            own += dot(a, a);
            others += dot(b, b);
        }
        let length = (own * others).sqrt();
        if length > 0.0 { both / length } else { 0.0 }
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    // Eight sums, which are added at the end: the compiler makes vectors of them.
    let mut sums = [0.0_f32; 8];
    let (a_blocks, b_blocks) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a_blocks
        .remainder()
        .iter()
        .zip(b_blocks.remainder())
        .map(|(a, b)| a * b)
        .sum();
    for (a, b) in a_blocks.zip(b_blocks) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + rest
}

/// For tests: a picture of random cells, `side` of them along a side of a larger one, from `(x, y)`.
#[cfg(test)]
pub(super) fn window(x: usize, y: usize, side: usize) -> Likeness {
    let cell = |x: usize, y: usize, at: usize| {
        let mut state = (x * 7919 + y * 104_729 + at * 1_299_709 + 1) as u32;
        for _ in 0..3 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state ^= state >> 15;
        }
        state as f32 / u32::MAX as f32 - 0.5
    };
    let tokens: Vec<f32> = (0..side * side * 16)
        .map(|at| cell(x + at / 16 % side, y + at / 16 / side, at % 16))
        .collect();
    Likeness::new(&tokens, side)
}

#[cfg(test)]
mod tests {
    use super::{Likeness, window};

    #[test]
    fn a_photo_is_like_itself_and_unlike_another() {
        let (a, b) = (window(0, 0, 7), window(40, 9, 7));
        assert!((a.alike(&a) - 1.0).abs() < 1e-5);
        assert!(a.alike(&b).abs() < 0.2);
        assert_eq!(a.alike(&window(0, 0, 5)), 0.0);
    }

    #[test]
    fn light_that_changes_everywhere_changes_nothing() {
        let tokens: Vec<f32> = (0..49 * 16).map(|at| (at * at % 97) as f32).collect();
        let lighter: Vec<f32> = tokens.iter().map(|value| 3.0 * value + 5.0).collect();
        assert!((Likeness::new(&tokens, 7).alike(&Likeness::new(&lighter, 7)) - 1.0).abs() < 1e-5);
    }

    #[test]
    fn an_overlap_is_found_where_it_is() {
        let (a, b) = (window(0, 0, 7), window(3, 1, 7));
        assert!(a.alike_shifted(&b, (3, 1)) > 0.9);
        assert!(b.alike_shifted(&a, (-3, -1)) > 0.9);
        assert!(a.alike_shifted(&b, (-3, 1)) < 0.4);
        assert_eq!(a.alike_shifted(&b, (7, 0)), 0.0);
        assert_eq!(a.alike_shifted(&b, (0, -9)), 0.0);
    }
}
