//! What few callers need, in a module of its own: photos of the rarer formats to pixels, and prompts to token ids.

use wasm_bindgen::prelude::*;

use super::{error::Failure, object, photo::Photo};
use crate::prompt::{self, Scene};

/// Decodes an image file.
#[wasm_bindgen]
pub fn decode(bytes: &[u8], arguments: JsValue) -> Result<Photo, Failure> {
    Photo::decode(bytes, arguments)
}

/// CLIP's tokenizer.
#[wasm_bindgen]
pub struct Tokenizer(prompt::Tokenizer);

#[wasm_bindgen]
impl Tokenizer {
    /// A tokenizer with the merges of `clip_merges.txt`.
    #[wasm_bindgen(constructor)]
    pub fn new(merges: &str) -> Result<Tokenizer, Failure> {
        Ok(Self(prompt::Tokenizer::from_merges(merges)?))
    }

    /// The token ids of the five prompts of a scene.
    pub fn prompts(&self, id: String, template: String) -> Result<JsValue, Failure> {
        object(&Scene::new(id, template)?.token_ids(&self.0)?)
    }
}
