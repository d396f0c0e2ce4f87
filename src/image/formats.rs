//! The formats that few photos have. In a browser their decoders are a module of their own, fetched when such a photo comes.

use gamma_kernels::decoders;
use image::{ColorType, ImageFormat};

use super::decode::{DecodeOptions, Decoded, finish, refusal};
use super::header;
use crate::error::{Error, Result};

/// Decodes a WebP, GIF, BMP or TIFF file, as [`decode`](super::decode()).
pub(super) fn decode(
    format: ImageFormat,
    name: &'static str,
    bytes: &[u8],
    options: &DecodeOptions,
) -> Result<Decoded> {
    match format {
        ImageFormat::WebP => {
            let file = header::check_webp(bytes)?;
            let (opened, animated) = decoders::webp(file).map_err(refusal)?;
            let (width, height) = opened.decoder.dimensions();
            let per_pixel = if animated { 8 } else { 4 };
            finish(
                opened,
                name,
                u64::from(width) * u64::from(height) * per_pixel,
                options,
                false,
            )
        }
        ImageFormat::Gif => finish(decoders::gif(bytes).map_err(refusal)?, name, 0, options, false),
        ImageFormat::Bmp => finish(decoders::bmp(bytes).map_err(refusal)?, name, 0, options, false),
        ImageFormat::Tiff => {
            header::check_tiff(bytes, &options.limits)?;
            let opened = decoders::tiff(bytes).map_err(refusal)?;
            // The decoder keeps a copy of the samples, of which CMYK has one more than it gives.
            let copy = opened.decoder.total_bytes().saturating_mul(4) / 3;
            let gray = opened.decoder.color_type() == ColorType::L16;
            finish(opened, name, copy, options, gray)
        }
        _ => Err(Error::ImageFormat(format!("{name} is not decoded"))),
    }
}
