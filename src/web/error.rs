//! Errors on their way to JavaScript: an `Error` with a string `code`.

use js_sys::{Error as JsError, Reflect};
use wasm_bindgen::JsValue;

use crate::Error;

/// What a failed call throws.
pub struct Failure(JsError);

/// An error with a code of its own.
pub(super) fn failure(code: &str, message: &str) -> Failure {
    let error = JsError::new(message);
    // Setting a property of a fresh object cannot fail.
    let _ = Reflect::set(&error, &"code".into(), &code.into());
    Failure(error)
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        failure(error.code(), &error.to_string())
    }
}

impl From<Failure> for JsValue {
    fn from(Failure(error): Failure) -> Self {
        error.into()
    }
}
