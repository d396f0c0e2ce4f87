//! Few colours: a palette of least variance, without dithering.

use super::canvas::Canvas;
use crate::image::Pixels;

/// Bits per channel of the histogram from which the palette is made.
const BITS: u32 = 5;

/// Colours that the histogram does not tell apart.
#[derive(Clone, Copy, Default)]
struct Cell {
    count: f64,
    sum: [f64; 3],
    /// Sum of the squares of all three channels.
    squares: f64,
}

impl Cell {
    fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.squares += other.squares;
        self.sum.iter_mut().zip(other.sum).for_each(|(sum, more)| *sum += more);
    }

    fn mean(&self) -> [f32; 3] {
        self.sum.map(|sum| (sum / self.count.max(1.0)) as f32)
    }

    /// Sum of the squared distances from the mean.
    fn error(&self) -> f64 {
        let explained = self.sum.iter().map(|sum| sum * sum).sum::<f64>() / self.count.max(1.0);
        (self.squares - explained).max(0.0)
    }
}

/// The photo in at most `colors` colours: of all cuts of the colour space, those that leave the least variance are made
/// one after the other (after Wu, "Efficient statistical computations for optimal color quantization", 1991), and each
/// pixel gets the nearest of the colours.
pub(super) fn few_colors(pixels: &Pixels, colors: usize) -> Canvas {
    let palette = palette(pixels, colors);
    Canvas::of(pixels).map(|wanted| nearest(&palette, wanted))
}

/// The colour of the palette nearest to `wanted`.
fn nearest(palette: &[[f32; 3]], wanted: [f32; 3]) -> [f32; 3] {
    let mut best = (f32::INFINITY, wanted);
    for color in palette {
        let [r, g, b] = [color[0] - wanted[0], color[1] - wanted[1], color[2] - wanted[2]];
        let distance = r * r + g * g + b * b;
        if distance < best.0 {
            best = (distance, *color);
        }
    }
    best.1
}

/// At most `colors` colours that stand for those of the photo; each is a mean, rounded to whole values.
fn palette(pixels: &Pixels, colors: usize) -> Vec<[f32; 3]> {
    let mut cells = vec![Cell::default(); 1 << (3 * BITS)];
    for pixel in pixels.rgb.as_chunks::<3>().0 {
        let index = pixel
            .iter()
            .fold(0, |index, &value| index << BITS | usize::from(value >> (8 - BITS)));
        let sum = pixel.map(f64::from);
        cells[index].add(&Cell {
            count: 1.0,
            sum,
            squares: sum.iter().map(|value| value * value).sum(),
        });
    }
    cells.retain(|cell| cell.count > 0.0);
    let mut boxes = vec![(total(&cells), cells)];
    while boxes.len() < colors {
        // The box with the most variance is cut next.
        let cuts = boxes.iter().enumerate().filter(|(_, (_, cells))| cells.len() > 1);
        let Some((index, _)) = cuts.max_by(|(_, a), (_, b)| a.0.error().total_cmp(&b.0.error())) else {
            break;
        };
        let (left, right) = cut(boxes.swap_remove(index).1);
        boxes.extend([left, right].map(|cells| (total(&cells), cells)));
    }
    boxes.iter().map(|(whole, _)| whole.mean().map(f32::round)).collect()
}

fn total(cells: &[Cell]) -> Cell {
    cells.iter().fold(Cell::default(), |mut sum, cell| {
        sum.add(cell);
        sum
    })
}

/// Cuts a box of at least two cells across the axis and at the place that leave the least error.
fn cut(mut cells: Vec<Cell>) -> (Vec<Cell>, Vec<Cell>) {
    let by = |cells: &mut [Cell], axis: usize| {
        cells.sort_by(|a, b| a.mean()[axis].total_cmp(&b.mean()[axis]));
    };
    let whole = total(&cells);
    let mut best = (f64::INFINITY, 0, 1);
    for axis in 0..3 {
        by(&mut cells, axis);
        let mut left = Cell::default();
        for (index, cell) in cells.iter().enumerate().take(cells.len() - 1) {
            left.add(cell);
            let right = Cell {
                count: whole.count - left.count,
                sum: std::array::from_fn(|channel| whole.sum[channel] - left.sum[channel]),
                squares: whole.squares - left.squares,
            };
            let error = left.error() + right.error();
            if error < best.0 {
                best = (error, axis, index + 1);
            }
        }
    }
    by(&mut cells, best.1);
    let right = cells.split_off(best.2);
    (cells, right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_photo_with_few_colours_keeps_them() {
        let rgb = [[10, 20, 30], [200, 20, 30], [10, 220, 30], [10, 20, 230]].concat();
        let pixels = Pixels {
            width: 2,
            height: 2,
            rgb,
        };
        assert_eq!(few_colors(&pixels, 4).into_pixels(), pixels);
        let two = few_colors(&pixels, 2).into_pixels();
        let distinct: std::collections::BTreeSet<_> = two.rgb.as_chunks::<3>().0.iter().collect();
        assert_eq!(distinct.len(), 2);
    }
}
