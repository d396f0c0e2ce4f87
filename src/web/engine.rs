//! Bytes to a photo, a photo to its assessments.

use std::sync::Arc;

use serde::Deserialize;
use wasm_bindgen::prelude::*;

use super::{device, error::Failure, loader::Loader, object, options};
use crate::{
    image::{self, CropChoice, CropPolicy, DecodeOptions, Pixels},
    prompt::{Scene, Tokenizer},
    scorer::{self, ScoreOptions, Scorer},
};

/// Crops in one dispatch of the GPU: enough to fill it, few enough that an abort is soon seen. The CPU takes one.
const BATCH: usize = if cfg!(feature = "gpu") { 5 } else { 1 };

/// A loaded model.
#[wasm_bindgen]
pub struct Engine(pub(super) Scorer);

#[derive(Deserialize, Default)]
#[serde(default)]
struct DecodeArguments {
    parity: bool,
    max_pixels: Option<u64>,
}

impl DecodeArguments {
    fn decode_options(self) -> DecodeOptions {
        let mut options = DecodeOptions {
            parity: self.parity,
            ..DecodeOptions::default()
        };
        if let Some(max_pixels) = self.max_pixels {
            options.limits.max_pixels = max_pixels;
        }
        options
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct JobArguments {
    policy: Option<CropPolicy>,
    crops: Option<u32>,
    seed: Option<u64>,
    parity: bool,
    tolerance: Option<f32>,
}

#[wasm_bindgen]
impl Engine {
    /// What the weights are.
    pub fn model(&self) -> Result<JsValue, Failure> {
        object(self.0.info())
    }

    /// The scenes that can be asked about: `[{ id, template }]`.
    pub fn scenes(&self) -> Result<JsValue, Failure> {
        object(&self.0.scenes().collect::<Vec<_>>())
    }

    /// `loaded`, `separate` (after [`add_text`](Self::add_text)) or `none`: whether prompts can be read.
    pub fn text_tower(&self) -> Result<JsValue, Failure> {
        object(&self.0.text_tower())
    }

    /// A loader of the text tower's own files.
    pub fn text_loader(&self) -> Result<Loader, Failure> {
        Ok(Loader(self.0.text_assembly()?))
    }

    /// Takes in the text tower, once every byte of its files is there.
    pub async fn add_text(&mut self, loader: Loader) -> Result<(), Failure> {
        self.0.add_text(loader.0.finish()?).await?;
        Ok(device::check()?)
    }

    /// The same weights, in memory once, with scenes of its own.
    pub fn share(&self) -> Engine {
        Self(self.0.share())
    }

    /// Whether [`set_merges`](Self::set_merges) has to be called before the first photo.
    pub fn needs_merges(&self) -> bool {
        self.0.needs_tokenizer()
    }

    /// Gives CLIP's merges, so that prompts can be read.
    pub async fn set_merges(&mut self, text: String) -> Result<(), Failure> {
        self.0.set_tokenizer(Arc::new(Tokenizer::from_merges(&text)?)).await?;
        Ok(device::warm_up(&self.0).await?)
    }

    /// Adds a scene of one's own.
    pub async fn add_scene(&mut self, id: String, template: String) -> Result<(), Failure> {
        self.0.add_scene(Scene::new(id, template)?).await?;
        Ok(device::check()?)
    }

    /// Decodes an image file.
    pub fn decode(&self, bytes: &[u8], arguments: JsValue) -> Result<Photo, Failure> {
        let arguments: DecodeArguments = options(arguments)?;
        Ok(Photo(image::decode(bytes, &arguments.decode_options())?.pixels))
    }

    /// Takes pixels that the browser decoded: RGBA, not premultiplied.
    pub fn pixels(&self, width: u32, height: u32, rgba: &[u8], arguments: JsValue) -> Result<Photo, Failure> {
        let arguments: DecodeArguments = options(arguments)?;
        Ok(Photo(image::from_rgba(
            width,
            height,
            rgba,
            &arguments.decode_options(),
        )?))
    }

    /// Plans the scoring of a photo, and takes it.
    pub fn job(&self, photo: Photo, arguments: JsValue) -> Result<Job, Failure> {
        let JobArguments {
            policy,
            crops,
            seed,
            parity,
            tolerance,
        } = options(arguments)?;
        let options = ScoreOptions {
            crops: CropChoice { policy, crops, seed },
            parity,
            tolerance,
        };
        Ok(Job(self.0.job(photo.0, &options)?))
    }
}

/// Pixels of one photo.
#[wasm_bindgen]
pub struct Photo(Pixels);

#[wasm_bindgen]
impl Photo {
    /// Width in pixels, orientation applied.
    #[wasm_bindgen(getter)]
    pub fn width(&self) -> u32 {
        self.0.width
    }

    /// Height in pixels, orientation applied.
    #[wasm_bindgen(getter)]
    pub fn height(&self) -> u32 {
        self.0.height
    }
}

/// The crops of one photo on their way to a score.
#[wasm_bindgen]
pub struct Job(scorer::Job);

#[wasm_bindgen]
impl Job {
    /// Crops planned.
    #[wasm_bindgen(getter)]
    pub fn crops(&self) -> usize {
        self.0.crops()
    }

    /// Crops scored.
    #[wasm_bindgen(getter)]
    pub fn done(&self) -> usize {
        self.0.done()
    }

    /// Whether the photo needs no further step.
    #[wasm_bindgen(getter)]
    pub fn is_done(&self) -> bool {
        self.0.is_done()
    }

    /// Scores the next crops and says how many are done.
    pub async fn step(&mut self) -> Result<usize, Failure> {
        let done = self.0.step(BATCH).await?;
        device::check()?;
        Ok(done)
    }

    /// What the crops scored so far say about a scene.
    pub async fn assess(&self, scene: String) -> Result<JsValue, Failure> {
        object(&self.0.assess(&scene)?)
    }
}
