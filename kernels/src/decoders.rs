//! Decoders of files, as trait objects: what is generic in them is compiled here.

use image::{ColorType, ImageDecoder, ImageResult, Limits, codecs::png::PngDecoder, metadata::Orientation};

use crate::Spliced;

/// Those methods of [`ImageDecoder`] that a score needs: an object of that trait would bring the code of them all along.
pub trait Decode {
    /// As [`ImageDecoder::dimensions`].
    fn dimensions(&self) -> (u32, u32);

    /// As [`ImageDecoder::color_type`].
    fn color_type(&self) -> ColorType;

    /// As [`ImageDecoder::total_bytes`].
    fn total_bytes(&self) -> u64;

    /// As [`ImageDecoder::set_limits`].
    ///
    /// # Errors
    /// As there.
    fn set_limits(&mut self, limits: Limits) -> ImageResult<()>;

    /// As [`ImageDecoder::read_image`].
    ///
    /// # Errors
    /// As there.
    fn read_image(self: Box<Self>, samples: &mut [u8]) -> ImageResult<()>;
}

impl<D: ImageDecoder> Decode for D {
    fn dimensions(&self) -> (u32, u32) {
        ImageDecoder::dimensions(self)
    }

    fn color_type(&self) -> ColorType {
        ImageDecoder::color_type(self)
    }

    fn total_bytes(&self) -> u64 {
        ImageDecoder::total_bytes(self)
    }

    fn set_limits(&mut self, limits: Limits) -> ImageResult<()> {
        ImageDecoder::set_limits(self, limits)
    }

    fn read_image(self: Box<Self>, samples: &mut [u8]) -> ImageResult<()> {
        ImageDecoder::read_image(*self, samples)
    }
}

/// A file whose header was read.
pub struct Opened<'a> {
    /// What gives its pixels.
    pub decoder: Box<dyn Decode + 'a>,
    /// How they are to be turned. Metadata that is damaged does not make a photo unreadable.
    pub orientation: Orientation,
}

impl<'a> Opened<'a> {
    fn new(mut decoder: impl ImageDecoder + 'a) -> Self {
        let exif = decoder.exif_metadata().ok().flatten().unwrap_or_default();
        // Some writers put JPEG's prefix before it.
        let exif = exif.strip_prefix(b"Exif\0\0").unwrap_or(&exif);
        Self {
            orientation: Orientation::from_exif_chunk(exif).unwrap_or(Orientation::NoTransforms),
            decoder: Box::new(decoder),
        }
    }
}

/// A PNG file, with limits for what it holds beside its pixels.
///
/// # Errors
/// As there.
pub fn png(file: Spliced<'_>, metadata: Limits) -> ImageResult<Opened<'_>> {
    Ok(Opened::new(PngDecoder::with_limits(file, metadata)?))
}

#[cfg(feature = "formats")]
pub use formats::{bmp, gif, webp};

#[cfg(feature = "formats")]
mod formats {
    use image::codecs::{bmp::BmpDecoder, gif::GifDecoder, webp::WebPDecoder};

    use super::*;

    /// A WebP file, and whether it is an animation.
    ///
    /// # Errors
    /// As there.
    pub fn webp(file: Spliced<'_>) -> ImageResult<(Opened<'_>, bool)> {
        let decoder = WebPDecoder::new(file)?;
        let animated = decoder.has_animation();
        Ok((Opened::new(decoder), animated))
    }

    /// A GIF file.
    ///
    /// # Errors
    /// As there.
    pub fn gif(file: Spliced<'_>) -> ImageResult<Opened<'_>> {
        Ok(Opened::new(GifDecoder::new(file)?))
    }

    /// A BMP file.
    ///
    /// # Errors
    /// As there.
    pub fn bmp(file: Spliced<'_>) -> ImageResult<Opened<'_>> {
        Ok(Opened::new(BmpDecoder::new(file)?))
    }
}
