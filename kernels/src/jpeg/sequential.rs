//! Scans of whole blocks.

use super::{
    huffman::{Huffman, INVALID_ZEROS},
    idct::PLACES,
    plane::Plane,
    reader::Reader,
    scan::Coder,
};

/// A component of a scan.
pub(super) struct Part<'a> {
    pub(super) dc: &'a Huffman,
    pub(super) ac: &'a Huffman,
    /// Which of the planes.
    pub(super) plane: usize,
    pub(super) factors: [f32; 64],
    /// The last DC value.
    pub(super) value: i32,
}

/// Reads blocks, and writes their samples at once.
pub(super) struct Sequential<'a> {
    pub(super) parts: Vec<Part<'a>>,
    pub(super) planes: &'a mut [Plane],
}

impl Coder for Sequential<'_> {
    #[inline(always)]
    fn block(&mut self, reader: &mut Reader<'_>, component: usize, x: usize, y: usize) -> bool {
        let Some(part) = self.parts.get_mut(component) else {
            return false;
        };
        let Some(plane) = self.planes.get_mut(part.plane) else {
            return false;
        };
        let first = part.dc.coefficient(reader);
        let mut valid = first.zeros() < INVALID_ZEROS;
        part.value = part.value.wrapping_add(first.value());
        let mut block = [0.0; 64];
        block[0] = part.value as f32 * part.factors[0] + 128.5;
        let (mut at, mut last) = (1, 0);
        loop {
            if at > plane.needed {
                valid &= part.ac.pass(reader, at);
                break;
            }
            let coefficient = part.ac.coefficient(reader);
            at += coefficient.zeros();
            if at > 63 {
                valid &= coefficient.zeros() < INVALID_ZEROS;
                break;
            }
            block[usize::from(PLACES[at & 63] & 63)] = coefficient.value() as f32 * part.factors[at & 63];
            last = at;
            at += 1;
        }
        plane.write(x, y, &block, last);
        valid
    }

    fn restart(&mut self) {
        self.parts.iter_mut().for_each(|part| part.value = 0);
    }
}
