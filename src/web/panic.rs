//! In a debug build a panic is told to the console: otherwise all that JavaScript sees of one is `RuntimeError: unreachable`.

use wasm_bindgen::prelude::*;

/// Runs when the module is instantiated.
#[wasm_bindgen(start)]
fn start() {
    std::panic::set_hook(Box::new(|panic| web_sys::console::error_1(&panic.to_string().into())));
}
