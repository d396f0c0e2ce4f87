//! What a module holds.

use wasm_bindgen::prelude::*;

/// Bytes of the module's memory. It never shrinks, so this is also the most that it ever was.
#[wasm_bindgen]
pub fn memory_bytes() -> f64 {
    #[cfg(target_arch = "wasm32")]
    const PAGE: f64 = 65536.0;
    #[cfg(target_arch = "wasm32")]
    return core::arch::wasm32::memory_size::<0>() as f64 * PAGE;
    #[cfg(not(target_arch = "wasm32"))]
    0.0
}
