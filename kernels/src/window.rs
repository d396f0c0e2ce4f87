//! Where a convolution with TensorFlow's `SAME` padding looks: as much padding as the output needs, the odd pixel below and
//! to the right.

/// A square kernel that moves over a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Height and width of the input in pixels.
    pub input: [usize; 2],
    /// Side of the kernel.
    pub kernel: usize,
    /// Pixels of the input from one output to the next.
    pub stride: usize,
}

impl Window {
    /// Height and width of the output.
    pub fn output(&self) -> [usize; 2] {
        self.input.map(|side| side.div_ceil(self.stride))
    }

    /// Pixels of padding before and after, down and across.
    pub fn padding(&self) -> [(usize, usize); 2] {
        self.input.map(|side| {
            let reach = (side.div_ceil(self.stride) - 1) * self.stride + self.kernel;
            let total = reach.saturating_sub(side);
            (total / 2, total - total / 2)
        })
    }

    /// For the place `at` of the output along `axis` (0 down, 1 across): the taps of the kernel that lie on the input, with the
    /// place of the input under each.
    #[inline(never)]
    pub fn taps(&self, axis: usize, at: usize) -> Vec<(usize, usize)> {
        let (before, side) = (self.padding()[axis].0, self.input[axis]);
        let start = at * self.stride;
        let taps = (0..self.kernel).filter_map(|tap| {
            let place = (start + tap).checked_sub(before)?;
            (place < side).then_some((tap, place))
        });
        taps.collect()
    }

    /// For the place `at` of the input along `axis`: the taps through which outputs saw it, with the place of each output.
    #[cfg(any(test, feature = "gradients"))]
    pub(super) fn seen_by(&self, axis: usize, at: usize) -> Vec<(usize, usize)> {
        let (before, outputs) = (self.padding()[axis].0, self.output()[axis]);
        let stride = self.stride;
        let taps = (0..self.kernel).filter_map(|tap| {
            let place = (at + before).checked_sub(tap)?;
            (place.is_multiple_of(stride) && place / stride < outputs).then_some((tap, place / stride))
        });
        taps.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_input_is_padded_below_and_right() {
        let window = Window {
            input: [4, 5],
            kernel: 3,
            stride: 2,
        };
        assert_eq!(window.output(), [2, 3]);
        assert_eq!(window.padding(), [(0, 1), (1, 1)]);
        assert_eq!(window.taps(0, 1), [(0, 2), (1, 3)]);
        assert_eq!(window.taps(1, 0), [(1, 0), (2, 1)]);
    }

    #[test]
    fn what_an_output_sees_is_seen_by_it() {
        for (side, kernel, stride) in [(7, 3, 1), (8, 5, 2), (9, 5, 2), (1, 3, 1), (2, 5, 2)] {
            let window = Window {
                input: [side; 2],
                kernel,
                stride,
            };
            let mut there: Vec<_> = (0..window.output()[0])
                .flat_map(|out| {
                    window
                        .taps(0, out)
                        .into_iter()
                        .map(move |(tap, place)| (out, tap, place))
                })
                .collect();
            let mut back: Vec<_> = (0..side)
                .flat_map(|place| {
                    window
                        .seen_by(0, place)
                        .into_iter()
                        .map(move |(tap, out)| (out, tap, place))
                })
                .collect();
            there.sort_unstable();
            back.sort_unstable();
            assert_eq!(there, back);
        }
    }
}
