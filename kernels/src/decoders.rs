//! Decoders of files, as trait objects: what is generic in them is compiled here.

use std::io::Cursor;

use image::{ImageDecoder, ImageResult, Limits, codecs::jpeg::JpegDecoder, codecs::png::PngDecoder};

/// A decoder of some format.
pub type Decoder<'a> = Box<dyn ImageDecoder + 'a>;

/// A decoder of a JPEG file.
///
/// # Errors
/// As its crate says, here and below.
pub fn jpeg(bytes: &[u8]) -> ImageResult<Decoder<'_>> {
    Ok(Box::new(JpegDecoder::new(Cursor::new(bytes))?))
}

/// A decoder of a PNG file, with limits for what the file holds beside its pixels.
///
/// # Errors
/// As there.
pub fn png(bytes: &[u8], metadata: Limits) -> ImageResult<Decoder<'_>> {
    Ok(Box::new(PngDecoder::with_limits(Cursor::new(bytes), metadata)?))
}

#[cfg(feature = "formats")]
pub use formats::{bmp, gif, tiff, webp};

#[cfg(feature = "formats")]
mod formats {
    use image::codecs::{bmp::BmpDecoder, gif::GifDecoder, tiff::TiffDecoder, webp::WebPDecoder};

    use super::*;

    /// A decoder of a WebP file, and whether the file is an animation.
    ///
    /// # Errors
    /// As there.
    pub fn webp(bytes: &[u8]) -> ImageResult<(Decoder<'_>, bool)> {
        let decoder = WebPDecoder::new(Cursor::new(bytes))?;
        let animated = decoder.has_animation();
        Ok((Box::new(decoder), animated))
    }

    /// A decoder of a GIF file.
    ///
    /// # Errors
    /// As there.
    pub fn gif(bytes: &[u8]) -> ImageResult<Decoder<'_>> {
        Ok(Box::new(GifDecoder::new(Cursor::new(bytes))?))
    }

    /// A decoder of a BMP file.
    ///
    /// # Errors
    /// As there.
    pub fn bmp(bytes: &[u8]) -> ImageResult<Decoder<'_>> {
        Ok(Box::new(BmpDecoder::new(Cursor::new(bytes))?))
    }

    /// A decoder of a TIFF file.
    ///
    /// # Errors
    /// As there.
    pub fn tiff(bytes: &[u8]) -> ImageResult<Decoder<'_>> {
        Ok(Box::new(TiffDecoder::new(Cursor::new(bytes))?))
    }
}
