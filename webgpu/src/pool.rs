//! Memory that launches wrote and nobody needs any more, for other launches.

use std::collections::HashMap;

use crate::{buffer::USAGES, device::gpu};

/// As much is kept, in bytes.
const MOST: u64 = 64 << 20;

/// Buffers by their size.
#[derive(Default)]
pub(crate) struct Pool {
    free: HashMap<u64, Vec<wgpu::Buffer>>,
    held: u64,
}

impl Pool {
    /// A buffer of at least `length` bytes.
    pub fn take(&mut self, length: u64) -> wgpu::Buffer {
        let size = rounded(length);
        if let Some(buffer) = self.free.get_mut(&size).and_then(Vec::pop) {
            self.held -= size;
            return buffer;
        }
        gpu().device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size,
            usage: USAGES,
            mapped_at_creation: false,
        })
    }

    /// Keeps `buffer`, unless too much is kept.
    pub fn put(&mut self, buffer: wgpu::Buffer) {
        let size = buffer.size();
        if self.held + size > MOST {
            return gpu().launches().retire(buffer);
        }
        self.held += size;
        self.free.entry(size).or_default().push(buffer);
    }
}

/// A few sizes, so that buffers fit again: at most an eighth more than asked for.
fn rounded(length: u64) -> u64 {
    let step = (length.next_power_of_two() / 8).max(256);
    length.max(1).next_multiple_of(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_few_and_hardly_larger_than_asked_for() {
        for length in [0, 1, 4, 255, 256, 257, 1000, 4096, 605_184, 605_185, 2_420_736] {
            let size = rounded(length);
            assert!(size >= length && size.is_multiple_of(256));
            assert!(size <= (length + length / 4).max(256) + 256, "{length} became {size}");
            assert_eq!(rounded(size), size);
        }
        let sizes: std::collections::HashSet<u64> = (1..1 << 16).map(rounded).collect();
        assert!(sizes.len() < 64, "{} sizes", sizes.len());
    }
}
