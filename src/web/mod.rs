//! The wasm-bindgen surface of a browser module: thin, no maths. The worker of the npm package drives it.

#[cfg(feature = "bench")]
mod bench;
#[cfg(feature = "gpu")]
pub(crate) mod clock;
#[cfg(any(feature = "cpu", feature = "gpu"))]
mod device;
#[cfg(any(feature = "cpu", feature = "gpu"))]
mod engine;
mod error;
#[cfg(all(feature = "formats", feature = "prompts"))]
mod extras;
#[cfg(all(feature = "formats", feature = "prompts"))]
mod grouping;
#[cfg(any(feature = "cpu", feature = "gpu"))]
mod loader;
mod memory;
#[cfg(feature = "debug")]
mod panic;
mod photo;
#[cfg(feature = "threads")]
mod threads;

use js_sys::JSON;
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::JsValue;

use error::{Failure, failure};

/// Options from JavaScript; `undefined` stands for none. As JSON, which the engine reads anyway, and browsers write faster than anybody
/// could take their objects apart from outside.
fn options<T: DeserializeOwned + Default>(value: &JsValue) -> Result<T, Failure> {
    if value.is_undefined() || value.is_null() {
        return Ok(T::default());
    }
    let text = JSON::stringify(value).map_err(|_| failure("option", "options that are no JSON"))?;
    let text = String::from(text);
    serde_json::from_str(&text).map_err(|error| failure("option", &error.to_string()))
}

/// A plain JavaScript object.
fn object(value: &impl Serialize) -> Result<JsValue, Failure> {
    let text = serde_json::to_string(value).map_err(|error| failure("option", &error.to_string()))?;
    JSON::parse(&text).map_err(|_| failure("option", "an answer is no JSON"))
}
