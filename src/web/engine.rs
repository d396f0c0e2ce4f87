//! Bytes to a photo, a photo to its assessments.

use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use super::{device, error::Failure, loader::Loader, object, options, photo::Photo};
use crate::{
    image::{self, CropChoice, CropPolicy, Pixels},
    prompt::Scene,
    scorer::{self, ScoreOptions, Scorer},
    weights::Reliability,
};

/// Crops in one dispatch of the GPU: enough to fill it, few enough that an abort is soon seen.
const GPU_BATCH: usize = 5;
/// Crops at a time on the CPU of a model that takes at most [`SMALL`] operations for one. Each weight is unpacked once for both, which
/// saves a twentieth of the time for 5 MB of memory; four at a time save little more for 18 MB.
const CPU_BATCH: usize = 2;
/// A tenth of a second and less; of a larger model an abort would be seen too late.
const SMALL: u64 = 4_000_000_000;

/// A loaded model.
#[wasm_bindgen]
pub struct Engine(pub(super) Scorer);

#[derive(Deserialize, Default)]
#[serde(default)]
struct JobArguments {
    policy: Option<CropPolicy>,
    crops: Option<u32>,
    seed: Option<u64>,
    parity: bool,
    tolerance: Option<f32>,
}

/// A scene, and how far its scores can be relied on.
#[derive(Serialize)]
struct OfferedScene<'a> {
    #[serde(flatten)]
    scene: &'a Scene,
    #[serde(skip_serializing_if = "Option::is_none")]
    reliability: Option<&'a Reliability>,
}

#[wasm_bindgen]
impl Engine {
    /// What the weights are.
    pub fn model(&self) -> Result<JsValue, Failure> {
        object(self.0.info())
    }

    /// The scenes that can be asked about: `[{ id, template, reliability? }]`.
    pub fn scenes(&self) -> Result<JsValue, Failure> {
        let offered = |scene| OfferedScene {
            scene,
            reliability: self.0.reliability(&scene.id),
        };
        object(&self.0.scenes().map(offered).collect::<Vec<_>>())
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

    /// Scenes of the weights whose prompts have to be read before the first photo: `[{ id, template }]`.
    pub fn unread_scenes(&self) -> Result<JsValue, Failure> {
        object(&self.0.unread_scenes().collect::<Vec<_>>())
    }

    /// Adds a scene of one's own, or reads the prompts of one of the weights. `prompts`: the token ids of the five.
    pub async fn add_scene(&mut self, id: String, template: String, prompts: JsValue) -> Result<(), Failure> {
        let prompts: Vec<Vec<u32>> = options(&prompts)?;
        // Nothing could be scored before the first one, so that a GPU has something left to compile.
        let first = self.0.unread_scenes().count() == self.0.scenes().count();
        self.0.read_scene(Scene::new(id, template)?, &prompts)?;
        if first {
            device::warm_up(&self.0).await?;
        }
        Ok(device::check()?)
    }

    /// Decodes a JPEG or PNG file.
    pub fn decode(&self, bytes: &[u8], arguments: JsValue) -> Result<Photo, Failure> {
        Photo::decode(bytes, self.0.info().photo.short_side, arguments)
    }

    /// Takes pixels that the module `extras` decoded: RGB.
    pub fn photo(&self, width: u32, height: u32, rgb: Vec<u8>) -> Photo {
        Photo::from(Pixels { width, height, rgb })
    }

    /// Takes pixels that the browser decoded: RGBA, not premultiplied.
    pub fn pixels(&self, width: u32, height: u32, rgba: &[u8], arguments: JsValue) -> Result<Photo, Failure> {
        Photo::from_rgba(width, height, rgba, arguments)
    }

    /// Tokens along a side of what [`shown`](Self::shown) gives.
    #[wasm_bindgen(getter)]
    pub fn grid(&self) -> usize {
        self.0.grid()
    }

    /// What a photo shows, to be compared with others by the module `extras`: tokens `[grid * grid, width]`. Takes the
    /// photo.
    pub async fn shown(&self, photo: Photo) -> Result<Vec<f32>, Failure> {
        let pixels = self.0.info().photo.apply(photo.0)?;
        let tokens = self.0.shown(&pixels).await?;
        device::check()?;
        Ok(tokens)
    }

    /// Plans the scoring of a photo, and takes it.
    pub fn job(&self, photo: Photo, arguments: JsValue) -> Result<Job, Failure> {
        let JobArguments {
            policy,
            crops,
            seed,
            parity,
            tolerance,
        } = options(&arguments)?;
        let options = ScoreOptions {
            crops: CropChoice { policy, crops, seed },
            parity,
            tolerance,
        };
        let batch = match self.0.info().config.crop_flops() {
            _ if cfg!(feature = "gpu") => GPU_BATCH,
            0..=SMALL => CPU_BATCH,
            _ => 1,
        };
        let job = self.0.job(photo.0, &options)?.with_origin(photo.1);
        Ok(Job { job, batch })
    }
}

/// The crops of one photo on their way to a score.
#[wasm_bindgen]
pub struct Job {
    job: scorer::Job,
    /// Crops at a time.
    batch: usize,
}

#[wasm_bindgen]
impl Job {
    /// Crops planned.
    #[wasm_bindgen(getter)]
    pub fn crops(&self) -> usize {
        self.job.crops()
    }

    /// Crops scored.
    #[wasm_bindgen(getter)]
    pub fn done(&self) -> usize {
        self.job.done()
    }

    /// Whether no further step is needed for a scene.
    pub fn is_settled(&self, scene: String) -> bool {
        self.job.is_settled(&scene)
    }

    /// Scores the next crops and says how many are done. With `one` the CPU takes one, for whoever may stop after each.
    pub async fn step(&mut self, one: bool) -> Result<usize, Failure> {
        let batch = if one && cfg!(feature = "cpu") { 1 } else { self.batch };
        let done = self.job.step(batch).await?;
        device::check()?;
        Ok(done)
    }

    /// What the crops scored so far answered, for [`resume`](Self::resume).
    pub fn answered(&self) -> Vec<f32> {
        self.job.answered().to_vec()
    }

    /// Goes on where another job of the same photo, options and scenes stopped.
    pub fn resume(&mut self, answered: Vec<f32>) -> Result<(), Failure> {
        Ok(self.job.resume(answered)?)
    }

    /// The photo as the model looks at it, RGB, of the size that assessments tell.
    pub fn pixels(&self) -> Vec<u8> {
        self.job.pixels().to_vec()
    }

    /// What the crops scored so far say about a scene.
    pub fn assess(&self, scene: String) -> Result<JsValue, Failure> {
        object(&self.job.assess(&scene)?)
    }
}

/// Whether a photo has to be decoded by the module `extras`, by its first 16 bytes.
#[wasm_bindgen]
pub fn needs_extras(first: &[u8]) -> bool {
    image::needs_formats(first)
}

/// Whether a file may declare its origin, which the module `extras` reads then.
#[wasm_bindgen]
pub fn may_declare(bytes: &[u8]) -> bool {
    image::may_declare(bytes)
}
