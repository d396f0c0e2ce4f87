//! Errors on their way to JavaScript: an `Error` with a string `code`, and `incomplete` for a photo that is cut off.

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
        let Failure(thrown) = failure(error.code(), &error.to_string());
        // A browser would fill what is missing, and the score would be that of the filling.
        if matches!(error, Error::ImageIncomplete(_)) {
            let _ = Reflect::set(&thrown, &"incomplete".into(), &true.into());
        }
        Failure(thrown)
    }
}

impl From<Failure> for JsValue {
    fn from(Failure(error): Failure) -> Self {
        error.into()
    }
}
