//! Planes of samples to one picture of RGB.

use super::{markers::Colors, plane::Plane};

/// Rows of one plane at the size of the picture.
struct Rows<'a> {
    plane: &'a Plane,
    /// A row between two rows of samples, with one more sample at each end.
    blended: Vec<u16>,
    row: Vec<u8>,
}

impl<'a> Rows<'a> {
    fn new(plane: &'a Plane, width: usize) -> Self {
        let is_whole = plane.across.0 == plane.across.1 && plane.down.0 == plane.down.1;
        Self {
            plane,
            blended: vec![0; if is_whole { 0 } else { plane.size.0 + 2 }],
            row: vec![0; if is_whole { 0 } else { width }],
        }
    }

    /// Row `y`. Where the plane has half as many samples, they are blended with their neighbours, 3 to 1, as libjpeg
    /// does; where it has another share of them, the nearest one is taken.
    fn row(&mut self, y: usize) -> &[u8] {
        let plane = self.plane;
        if self.row.is_empty() {
            return plane.row(y);
        }
        let (doubles_across, doubles_down) = (doubles(plane.across), doubles(plane.down));
        let near = plane.row(if doubles_down {
            y / 2
        } else {
            y * plane.down.1 / plane.down.0
        });
        let far = plane.row(match (doubles_down, y % 2) {
            (true, 0) => (y / 2).saturating_sub(1),
            (true, _) => y / 2 + 1,
            _ => 0,
        });
        let inner = self.blended.iter_mut().skip(1);
        if doubles_down {
            for ((blended, &near), &far) in inner.zip(near).zip(far) {
                *blended = 3 * u16::from(near) + u16::from(far);
            }
        } else {
            inner.zip(near).for_each(|(blended, &near)| *blended = u16::from(near));
        }
        let shift = if doubles_down { 2 } else { 0 };
        if doubles_across {
            if let [before, first, .., last, after] = self.blended.as_mut_slice() {
                (*before, *after) = (*first, *last);
            } else if let [before, only, after] = self.blended.as_mut_slice() {
                (*before, *after) = (*only, *only);
            }
            let (left, right) = if doubles_down { (8, 7) } else { (1, 2) };
            for (pair, window) in self.row.chunks_mut(2).zip(self.blended.windows(3)) {
                let &[before, here, after] = window else { continue };
                let values = [before + left, after + right].map(|other| ((3 * here + other) >> (shift + 2)) as u8);
                for (sample, value) in pair.iter_mut().zip(values) {
                    *sample = value;
                }
            }
        } else {
            let bias = if doubles_down { 1 + (y % 2) as u16 } else { 0 };
            for (x, sample) in self.row.iter_mut().enumerate() {
                let at = (x * plane.across.1 / plane.across.0).min(plane.size.0.saturating_sub(1)) + 1;
                *sample = self.blended.get(at).map_or(0, |&value| ((value + bias) >> shift) as u8);
            }
        }
        &self.row
    }
}

fn doubles((picture, plane): (usize, usize)) -> bool {
    picture == 2 * plane
}

/// Writes the picture, `width` pixels of 3 bytes a row.
pub(super) fn write(planes: &[Plane], colors: Colors, width: usize, rgb: &mut [u8]) {
    let mut rows: Vec<Rows<'_>> = planes.iter().map(|plane| Rows::new(plane, width)).collect();
    for (y, pixels) in rgb.chunks_exact_mut(3 * width.max(1)).enumerate() {
        let pixels = pixels.as_chunks_mut::<3>().0;
        match rows.as_mut_slice() {
            [gray] => {
                for (pixel, &value) in pixels.iter_mut().zip(gray.row(y)) {
                    *pixel = [value; 3];
                }
            }
            [a, b, c, rest @ ..] => {
                let samples = a.row(y).iter().zip(b.row(y)).zip(c.row(y));
                let pixels_and_samples = pixels.iter_mut().zip(samples);
                match colors {
                    Colors::Rgb | Colors::Cmyk => {
                        for (pixel, ((&a, &b), &c)) in pixels_and_samples {
                            *pixel = [a, b, c];
                        }
                    }
                    Colors::Ycck => {
                        for (pixel, ((&a, &b), &c)) in pixels_and_samples {
                            *pixel = to_rgb(a, b, c).map(|value| 255 - value);
                        }
                    }
                    _ => {
                        for (pixel, ((&a, &b), &c)) in pixels_and_samples {
                            *pixel = to_rgb(a, b, c);
                        }
                    }
                }
                // Inks are there inverted, as Adobe writes them.
                if let [black] = rest {
                    for (pixel, &black) in pixels.iter_mut().zip(black.row(y)) {
                        *pixel = pixel.map(|ink| ((u32::from(ink) * u32::from(black) + 127) / 255) as u8);
                    }
                }
            }
            _ => {}
        }
    }
}

/// JFIF's equations, in 16 bits behind the point.
#[inline(always)]
fn to_rgb(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    let (y, cb, cr) = (
        (i32::from(y) << 16) + (1 << 15),
        i32::from(cb) - 128,
        i32::from(cr) - 128,
    );
    [y + 91_881 * cr, y - 22_554 * cb - 46_802 * cr, y + 116_130 * cb].map(|value| (value >> 16).clamp(0, 255) as u8)
}
