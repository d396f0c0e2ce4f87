//! What the helpers of a module with threads run.

use wasm_bindgen::prelude::wasm_bindgen;

/// Helps the worker whose memory this instance shares. Never returns.
#[wasm_bindgen]
pub fn serve() {
    gamma_threads::serve()
}

/// How many threads take part in the work just now, for tests.
#[wasm_bindgen]
pub fn meet() -> usize {
    gamma_threads::meet()
}
