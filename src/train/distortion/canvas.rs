//! A photo as three planes of numbers, which is what filters work on.

use crate::image::Pixels;

/// Three planes `[height, width]` of 32-bit numbers; RGB in 0..=255 where nothing else is said.
pub(super) struct Canvas {
    /// Width in pixels, at least 1.
    pub(super) width: usize,
    /// Height in pixels, at least 1.
    pub(super) height: usize,
    /// Red, green and blue, or the three components of another colour space.
    pub(super) planes: [Vec<f32>; 3],
}

impl Canvas {
    /// The planes of a photo.
    pub(super) fn of(pixels: &Pixels) -> Self {
        let (rgb, _) = pixels.rgb.as_chunks::<3>();
        Self {
            width: pixels.width as usize,
            height: pixels.height as usize,
            planes: std::array::from_fn(|channel| rgb.iter().map(|pixel| f32::from(pixel[channel])).collect()),
        }
    }

    /// Every value rounded to the nearest byte; what is outside 0..=255 is cut off there, and NaN becomes 0.
    pub(super) fn into_pixels(self) -> Pixels {
        let [red, green, blue] = &self.planes;
        let byte = |value: f32| value.clamp(0.0, 255.0).round() as u8;
        let colors = red.iter().zip(green).zip(blue);
        Pixels {
            width: self.width as u32,
            height: self.height as u32,
            rgb: colors.flat_map(|((&r, &g), &b)| [byte(r), byte(g), byte(b)]).collect(),
        }
    }

    /// Every pixel replaced by what `change` makes of its three values.
    pub(super) fn map(mut self, change: impl Fn([f32; 3]) -> [f32; 3]) -> Self {
        let [a, b, c] = &mut self.planes;
        for ((a, b), c) in a.iter_mut().zip(b).zip(c) {
            [*a, *b, *c] = change([*a, *b, *c]);
        }
        self
    }

    /// Every value of every plane replaced, plane by plane and row by row.
    pub(super) fn map_values(mut self, mut change: impl FnMut(f32) -> f32) -> Self {
        for value in self.planes.iter_mut().flatten() {
            *value = change(*value);
        }
        self
    }

    /// Every plane replaced by what `change` makes of it.
    pub(super) fn map_planes(self, change: impl Fn(&[f32]) -> Vec<f32>) -> Self {
        Self {
            planes: self.planes.each_ref().map(|plane| change(plane)),
            ..self
        }
    }

    /// The luma of BT.601, `[height, width]`, of a canvas in RGB.
    pub(super) fn luma(&self) -> Vec<f32> {
        let [red, green, blue] = &self.planes;
        let colors = red.iter().zip(green).zip(blue);
        colors.map(|((r, g), b)| 0.299 * r + 0.587 * g + 0.114 * b).collect()
    }
}
