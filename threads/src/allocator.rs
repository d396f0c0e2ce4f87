//! The memory that all threads allocate from.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    hint,
    sync::atomic::{AtomicBool, Ordering},
};

/// The system's allocator behind a lock that is waited for by looking again: the kernels allocate a few buffers each, and no browser
/// lets its main thread sleep.
#[derive(Debug, Default)]
pub struct Allocator {
    taken: AtomicBool,
}

impl Allocator {
    /// Nobody holds it.
    pub const fn new() -> Self {
        Self {
            taken: AtomicBool::new(false),
        }
    }

    fn alone<T>(&self, work: impl FnOnce() -> T) -> T {
        while self.taken.swap(true, Ordering::Acquire) {
            hint::spin_loop();
        }
        let result = work();
        self.taken.store(false, Ordering::Release);
        result
    }
}

// SAFETY: each call is the system allocator's own, with what the caller vouches for; one thread at a time is in it.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.alone(|| unsafe { System.alloc(layout) })
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        self.alone(|| unsafe { System.dealloc(pointer, layout) });
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        self.alone(|| unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        self.alone(|| unsafe { System.realloc(pointer, layout, size) })
    }
}
