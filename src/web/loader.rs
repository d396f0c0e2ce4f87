//! Weights in pieces to an engine.

use wasm_bindgen::prelude::*;

use super::{device, engine::Engine, error::Failure, object};
use crate::{Error, ops::Precision, scorer::Scorer, weights::Assembly};

/// Takes the files of a model in pieces of any size.
#[wasm_bindgen]
pub struct Loader(pub(super) Assembly);

#[wasm_bindgen]
impl Loader {
    /// A loader onto the opened device. `precision`: `fast` or `exact`, as [`Precision`].
    #[wasm_bindgen(constructor)]
    pub fn new(precision: &str) -> Result<Loader, Failure> {
        let precision = match precision {
            "fast" => Precision::Fast,
            "exact" => Precision::Exact,
            other => return Err(wrong("precision", format!("`{other}` is neither `fast` nor `exact`")).into()),
        };
        Ok(Self(Assembly::new(device::opened()?).precision(precision)))
    }

    /// Takes `model.safetensors.index.json`, before any file; answers with `{ files: [{ name, bytes?, text }] }` in the order
    /// of their need.
    pub fn set_index(&mut self, json: &[u8]) -> Result<JsValue, Failure> {
        object(self.0.set_index(json)?)
    }

    /// Begins a file; the only one of a model need not be begun. `bytes`: its length, if it is known.
    pub fn begin(&mut self, name: &str, bytes: Option<f64>) -> Result<(), Failure> {
        let bytes = bytes.map(whole).transpose()?;
        Ok(self.0.begin(name, bytes)?)
    }

    /// Takes the next bytes; answers with the progress of the file.
    pub fn push(&mut self, chunk: &[u8]) -> Result<JsValue, Failure> {
        object(&self.0.push(chunk)?)
    }

    /// Whether what came is a scene file, whose model has to be begun next.
    pub fn needs_model(&self) -> bool {
        self.0.needs_model()
    }

    /// The model, once every byte is there.
    pub async fn finish(self) -> Result<Engine, Failure> {
        let scorer = Scorer::load(self.0.finish()?).await?;
        device::warm_up(&scorer).await?;
        Ok(Engine(scorer))
    }
}

/// A number of JavaScript as a count of bytes; above 2^53 they are no longer exact.
fn whole(number: f64) -> Result<u64, Error> {
    if number.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&number) {
        return Ok(number as u64);
    }
    Err(wrong("bytes", "no file has such a length".into()))
}

fn wrong(name: &'static str, reason: String) -> Error {
    Error::Option { name, reason }
}
