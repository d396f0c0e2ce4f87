//! What the C library does with freed memory. A crate of its own for its `unsafe`, which the command's forbids.

/// Blocks up to this many bytes come from memory that is kept, not from the system. The largest that glibc takes.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const KEPT: i32 = 32 << 20;

/// Has glibc keep the memory that is freed, up to 64 MiB at the end of each thread's heap. By its own rules it gives it back to
/// the system and gets it again many times a photo, a fifth of the time. Other C libraries are left as they are.
pub fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: two parameters of the allocator, which may be set at any time; where it refuses them, nothing changes.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, KEPT);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 2 * KEPT);
    }
}
