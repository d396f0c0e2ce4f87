//! The wasm-bindgen surface of a browser module: thin, no maths. The worker of the npm package drives it.

#[cfg(any(feature = "cpu", feature = "gpu"))]
mod device;
#[cfg(any(feature = "cpu", feature = "gpu"))]
mod engine;
mod error;
#[cfg(all(feature = "formats", feature = "prompts"))]
mod extras;
#[cfg(any(feature = "cpu", feature = "gpu"))]
mod loader;
mod memory;
mod photo;
#[cfg(feature = "threads")]
mod threads;

use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::JsValue;

use error::{Failure, failure};

/// Options from JavaScript; `undefined` stands for none.
fn options<T: DeserializeOwned + Default>(value: JsValue) -> Result<T, Failure> {
    if value.is_undefined() || value.is_null() {
        return Ok(T::default());
    }
    serde_wasm_bindgen::from_value(value).map_err(|error| failure("option", &error.to_string()))
}

/// A plain JavaScript object; missing values become `undefined`.
fn object(value: &impl Serialize) -> Result<JsValue, Failure> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible().serialize_missing_as_null(false);
    value
        .serialize(&serializer)
        .map_err(|error| failure("option", &error.to_string()))
}
