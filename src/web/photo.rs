//! Photos, decoded.

use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use super::{error::Failure, object, options};
#[cfg(feature = "formats")]
use crate::image::raw::{self, Preview};
use crate::image::{self, DecodeOptions, Decoded, Origin, Pixels};

#[derive(Deserialize, Default)]
#[serde(default)]
struct DecodeArguments {
    parity: bool,
    max_pixels: Option<u64>,
    short_side: Option<u32>,
}

impl DecodeArguments {
    fn decode_options(self) -> DecodeOptions {
        let mut options = DecodeOptions {
            parity: self.parity,
            short_side: self.short_side,
            ..DecodeOptions::default()
        };
        if let Some(max_pixels) = self.max_pixels {
            options.limits.max_pixels = max_pixels;
        }
        options
    }
}

/// Pixels of one photo, and what of its file they are.
#[wasm_bindgen]
pub struct Photo(pub(super) Pixels, pub(super) Origin);

impl From<Pixels> for Photo {
    fn from(pixels: Pixels) -> Self {
        let origin = Origin::from(&pixels);
        Self(pixels, origin)
    }
}

#[derive(Serialize)]
struct About {
    source: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    preview: Option<Size>,
    #[serde(skip_serializing_if = "Option::is_none")]
    damaged: Option<f32>,
}

#[derive(Serialize)]
struct Size {
    width: u32,
    height: u32,
}

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

    /// What of the file it is: `{ source: 'file' }`, or `{ source: 'raw-preview', preview: { width, height } }`.
    pub fn about(&self) -> Result<JsValue, Failure> {
        object(&About {
            source: self.1.source.as_str(),
            preview: self.1.source.preview().map(|(width, height)| Size { width, height }),
            damaged: Some(self.1.damaged).filter(|&damaged| damaged > 0.0),
        })
    }

    /// The pixels, `[height, width, 3]`.
    pub fn into_rgb(self) -> Vec<u8> {
        self.0.rgb
    }
}

impl Photo {
    fn new(decoded: Decoded) -> Self {
        let origin = decoded.origin();
        Self(decoded.pixels, origin)
    }

    /// Decodes an image file. For a model that wants its short side scaled to so many pixels, `short_side` says so, or
    /// else the arguments.
    pub(super) fn decode(bytes: &[u8], short_side: Option<u32>, arguments: JsValue) -> Result<Self, Failure> {
        let mut arguments: DecodeArguments = options(&arguments)?;
        arguments.short_side = short_side.or(arguments.short_side);
        Ok(Self::new(image::decode(bytes, &arguments.decode_options())?))
    }

    /// Decodes the preview of a RAW file.
    #[cfg(feature = "formats")]
    pub(super) fn decode_preview(bytes: &[u8], preview: &Preview, arguments: JsValue) -> Result<Self, Failure> {
        let arguments: DecodeArguments = options(&arguments)?;
        let decoded = raw::decode_preview(bytes, preview, &arguments.decode_options())?;
        Ok(Self::new(decoded))
    }

    /// Takes pixels that the browser decoded: RGBA, not premultiplied.
    #[cfg(any(feature = "cpu", feature = "gpu"))]
    pub(super) fn from_rgba(width: u32, height: u32, rgba: &[u8], arguments: JsValue) -> Result<Self, Failure> {
        let arguments: DecodeArguments = options(&arguments)?;
        let pixels = image::from_rgba(width, height, rgba, &arguments.decode_options())?;
        Ok(pixels.into())
    }
}
