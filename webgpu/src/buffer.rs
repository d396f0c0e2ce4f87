//! Numbers on the device.

use std::sync::Arc;

use wgpu::BufferUsages;

use crate::device::gpu;

/// What a buffer is used for: shaders read and write it, the host writes and reads it.
pub(crate) const USAGES: BufferUsages = BufferUsages::STORAGE
    .union(BufferUsages::COPY_SRC)
    .union(BufferUsages::COPY_DST);

/// Bytes on the device, shared by clones. What is dropped last gives the memory back.
#[derive(Clone, Debug)]
pub struct Buffer(Arc<Memory>);

#[derive(Debug)]
struct Memory {
    raw: wgpu::Buffer,
    /// How many of its bytes are meant.
    length: u64,
    /// Whether it serves other launches afterwards.
    pooled: bool,
}

impl Buffer {
    /// Memory for `length` bytes, which hold anything until launches have written all of them.
    pub fn new(length: usize) -> Self {
        let length = length as u64;
        let raw = gpu().pool().take(length);
        Self(Arc::new(Memory {
            raw,
            length,
            pooled: true,
        }))
    }

    pub(crate) fn raw(&self) -> &wgpu::Buffer {
        &self.0.raw
    }

    pub(crate) fn length(&self) -> u64 {
        self.0.length
    }

    /// Whether no clone shares it.
    pub fn is_unique(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        let raw = self.raw.clone();
        match self.pooled {
            true => gpu().pool().put(raw),
            false => gpu().launches().retire(raw),
        }
    }
}

/// Copies bytes to the device.
pub fn upload(bytes: &[u8]) -> Buffer {
    let gpu = gpu();
    let (words, rest) = bytes.as_chunks::<4>();
    let raw = gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: bytes.len().next_multiple_of(4).max(4) as u64,
        usage: USAGES,
        mapped_at_creation: false,
    });
    // A new buffer, which no recorded command reads: it does not matter that this overtakes them.
    gpu.queue.write_buffer(&raw, 0, words.as_flattened());
    if !rest.is_empty() {
        let mut last = [0; 4];
        last[..rest.len()].copy_from_slice(rest);
        gpu.queue.write_buffer(&raw, words.len() as u64 * 4, &last);
    }
    Buffer(Arc::new(Memory {
        raw,
        length: bytes.len() as u64,
        pooled: false,
    }))
}
