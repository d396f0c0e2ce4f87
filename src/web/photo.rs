//! Photos, decoded.

use serde::Deserialize;
use wasm_bindgen::prelude::*;

use super::{error::Failure, options};
use crate::image::{self, DecodeOptions, Pixels};

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

/// Pixels of one photo.
#[wasm_bindgen]
pub struct Photo(pub(super) Pixels);

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

    /// The pixels, `[height, width, 3]`.
    pub fn into_rgb(self) -> Vec<u8> {
        self.0.rgb
    }
}

impl Photo {
    /// Decodes an image file.
    pub(super) fn decode(bytes: &[u8], arguments: JsValue) -> Result<Self, Failure> {
        let arguments: DecodeArguments = options(&arguments)?;
        Ok(Self(image::decode(bytes, &arguments.decode_options())?.pixels))
    }

    /// Takes pixels that the browser decoded: RGBA, not premultiplied.
    #[cfg(any(feature = "cpu", feature = "gpu"))]
    pub(super) fn from_rgba(width: u32, height: u32, rgba: &[u8], arguments: JsValue) -> Result<Self, Failure> {
        let arguments: DecodeArguments = options(&arguments)?;
        Ok(Self(image::from_rgba(
            width,
            height,
            rgba,
            &arguments.decode_options(),
        )?))
    }
}
