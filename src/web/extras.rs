//! What few callers need, in a module of its own: photos of the rarer formats to pixels, and prompts to token ids.

use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::{error::Failure, object, photo::Photo};
use crate::Error;
use crate::image::{
    self,
    raw::{Next, Preview, Search},
};
use crate::prompt::{self, Scene};

/// Decodes an image file.
#[wasm_bindgen]
pub fn decode(bytes: &[u8], arguments: JsValue) -> Result<Photo, Failure> {
    Photo::decode(bytes, None, arguments)
}

/// What a file of any format declares about its origin: `{ source, evidence: [{ kind, value }], c2pa, verified }`.
#[wasm_bindgen]
pub fn provenance(bytes: &[u8]) -> Result<JsValue, Failure> {
    object(&image::provenance(bytes))
}

/// Looks for the preview of a RAW file of which only parts are read.
#[wasm_bindgen]
pub struct RawSearch(Search);

#[derive(Serialize)]
#[serde(rename_all = "kebab-case", tag = "next")]
enum Step {
    Read { offset: u64, length: u64 },
    Preview { offset: u64, length: u64 },
    Other,
}

#[wasm_bindgen]
impl RawSearch {
    /// A search in a file of `size` bytes.
    #[wasm_bindgen(constructor)]
    pub fn new(size: f64) -> RawSearch {
        Self(Search::new(size as u64))
    }

    /// What is needed next: `{ next: 'read' | 'preview', offset, length }`, or `{ next: 'other' }` for a file that is
    /// no RAW file.
    pub fn step(&self) -> Result<JsValue, Failure> {
        object(&match self.0.next()? {
            Next::Read { offset, length } => Step::Read { offset, length },
            Next::Preview(Preview { offset, length, .. }) => Step::Preview { offset, length },
            Next::Other => Step::Other,
        })
    }

    /// Takes bytes of the file.
    pub fn add(&mut self, offset: f64, bytes: Vec<u8>) {
        self.0.add(offset as u64, bytes);
    }

    /// Decodes the preview, given its bytes.
    pub fn decode(&self, bytes: &[u8], arguments: JsValue) -> Result<Photo, Failure> {
        match self.0.next()? {
            Next::Preview(preview) => Photo::decode_preview(bytes, &preview, arguments),
            _ => Err(Error::ImageDecode("no preview was found".into()).into()),
        }
    }
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
