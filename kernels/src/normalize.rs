//! 8-bit pixels to planes of numbers.

/// Writes the picture `size` pixels a side whose first pixel begins `rgb`, in lines of `line` bytes, as `[3, size, size]` to `planes`:
/// each byte as its channel's table says.
#[inline(never)]
pub fn normalize(rgb: &[u8], line: usize, size: usize, tables: &[[f32; 256]; 3], planes: &mut [f32]) {
    for ((channel, table), plane) in tables
        .iter()
        .enumerate()
        .zip(planes.chunks_exact_mut((size * size).max(1)))
    {
        for (values, line) in plane.chunks_exact_mut(size).zip(rgb.chunks(line)) {
            for (value, pixel) in values.iter_mut().zip(line.as_chunks::<3>().0) {
                *value = table[usize::from(pixel[channel])];
            }
        }
    }
}
