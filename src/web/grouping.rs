//! Which photos belong together, of what the engine's module said of each.

use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::{error::Failure, object};
use crate::group::{Kind, Likeness, Shot, group, segments};
use crate::image::Capture;

/// When and how a photo was taken, by the first bytes of its file; to be handed to [`Grouping::add`]. Not as JSON: what writes and reads
/// numbers with a point takes some 20 kB.
#[wasm_bindgen]
pub fn capture(start: &[u8]) -> Vec<u8> {
    Capture::read(start).packed()
}

/// Photos to put together.
#[wasm_bindgen]
#[derive(Default)]
pub struct Grouping(Vec<Shot>);

/// Places of photos that belong together, in the order in which they were taken.
#[derive(Serialize)]
struct Together {
    kind: Kind,
    places: Vec<usize>,
}

#[wasm_bindgen]
impl Grouping {
    /// No photos.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Grouping {
        Self::default()
    }

    /// Adds a photo: its [`capture`], empty where there is none, and what it shows, `[grid * grid, width]`.
    pub fn add(&mut self, capture: &[u8], shown: &[f32], grid: usize) {
        let capture = Capture::unpacked(capture);
        let likeness = Likeness::new(shown, grid);
        self.0.push(Shot { capture, likeness });
    }

    /// The groups: `[{ kind, places }]`. Photos that were taken at the same time follow one another as they were added.
    pub fn groups(&self) -> Result<JsValue, Failure> {
        let names: Vec<String> = (0..self.0.len()).map(|place| format!("{place:010}")).collect();
        let photos: Vec<(&Capture, &str)> = (self.0.iter().zip(&names))
            .map(|(shot, name)| (&shot.capture, name.as_str()))
            .collect();
        let mut together = Vec::new();
        for segment in segments(&photos) {
            let shots: Vec<Shot> = segment.iter().map(|&place| self.0[place].clone()).collect();
            let groups = group(&shots).into_iter().map(|group| Together {
                kind: group.kind,
                places: group.shots.into_iter().map(|shot| segment[shot]).collect(),
            });
            together.extend(groups);
        }
        object(&together)
    }
}
