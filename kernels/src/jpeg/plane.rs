//! The samples of one component, at the size that is decoded.

use super::{
    JpegError,
    error::buffer,
    idct::{self, Block, Transform},
    markers::{Component, Frame},
};

/// The samples of one component.
pub(super) struct Plane {
    /// Samples of a block, across and down: 1, 2, 4 or 8.
    pub(super) block: (usize, usize),
    /// Blocks that there is room for, across and down: those of whole MCUs.
    pub(super) blocks: (usize, usize),
    /// Samples that count, across and down.
    pub(super) size: (usize, usize),
    /// How many times finer the picture's grid is, across and down, as fractions.
    pub(super) across: (usize, usize),
    pub(super) down: (usize, usize),
    pub(super) samples: Vec<u8>,
    /// What coefficients are multiplied by, in zigzag order; none before the first scan of the component.
    pub(super) factors: Option<[f32; 64]>,
    /// The last coefficient that is needed, in zigzag order.
    pub(super) needed: usize,
    transform: Transform,
}

/// Samples of a block of 8 on a grid that is 8 / `side` times coarser, of a component with `factor` of `most` samples:
/// as many as the picture gets, if that is a power of 2, so that chrominance of half the resolution need not be scaled
/// up.
fn points(side: usize, factor: usize, most: usize) -> usize {
    match side * most / factor {
        wanted @ (1 | 2 | 4 | 8) if wanted * factor == side * most => wanted,
        9.. => 8,
        _ => side,
    }
}

/// Samples of a block of a component, across and down, on a grid `reduction` times as coarse.
pub(super) fn block(component: &Component, most: (usize, usize), reduction: usize) -> (usize, usize) {
    let side = 8 / reduction;
    (
        points(side, component.across, most.0),
        points(side, component.down, most.1),
    )
}

impl Plane {
    /// Of a component of a frame that is decoded on a grid `reduction` (1, 2, 4, 8) times as coarse. Gray, until it is
    /// filled.
    pub(super) fn new(frame: &Frame, component: &Component, reduction: usize) -> Result<Self, JpegError> {
        let (most_across, most_down) = frame.sampling();
        let &Component { across, down, .. } = component;
        let side = 8 / reduction;
        let block = block(component, (most_across, most_down), reduction);
        let blocks = (
            frame.width.div_ceil(8 * most_across) * across,
            frame.height.div_ceil(8 * most_down) * down,
        );
        Ok(Self {
            block,
            blocks,
            size: (
                (frame.width * across * block.0).div_ceil(8 * most_across),
                (frame.height * down * block.1).div_ceil(8 * most_down),
            ),
            across: (side * most_across, block.0 * across),
            down: (side * most_down, block.1 * down),
            samples: buffer(blocks.0 * block.0 * blocks.1 * block.1, 128)?,
            factors: None,
            needed: idct::last_needed(block.0, block.1),
            transform: idct::transform(block.0, block.1),
        })
    }

    /// Takes its quantisation table, unless it has one.
    pub(super) fn quantise(&mut self, table: Option<&[u16; 64]>) -> Result<(), JpegError> {
        if self.factors.is_none() {
            let table = table.ok_or(JpegError::Damaged("without its quantisation tables"))?;
            self.factors = Some(idct::factors(table, self.block.0, self.block.1));
        }
        Ok(())
    }

    /// Samples of a row, with those that do not count.
    pub(super) fn stride(&self) -> usize {
        self.blocks.0 * self.block.0
    }

    /// Row `y` of the samples that count; the last one, if there are no more.
    pub(super) fn row(&self, y: usize) -> &[u8] {
        let at = y.min(self.size.1.saturating_sub(1)) * self.stride();
        self.samples.get(at..at + self.size.0).unwrap_or_default()
    }

    /// Writes the samples of the block at column `x` and row `y`, whose first coefficient has 128.5 added and whose
    /// last one that is not 0 is number `last`.
    #[inline(always)]
    pub(super) fn write(&mut self, x: usize, y: usize, block: &Block, last: usize) {
        let stride = self.stride();
        let at = y * self.block.1 * stride + x * self.block.0;
        let Some(samples) = self.samples.get_mut(at..) else {
            return;
        };
        if last > 0 {
            return (self.transform)(block, last, samples, stride);
        }
        let value = block[0] as u8;
        match self.block {
            (1, 1) => samples.iter_mut().take(1).for_each(|sample| *sample = value),
            (across, down) => {
                for row in samples.chunks_mut(stride).take(down) {
                    row.iter_mut().take(across).for_each(|sample| *sample = value);
                }
            }
        }
    }
}
