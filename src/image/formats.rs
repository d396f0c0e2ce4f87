//! The formats that few photos have. In a browser their decoders are a module of their own, fetched when such a photo comes.

use gamma_kernels::decoders;
use image::ImageFormat;

use super::decode::{DecodeOptions, Decoded, finish, refusal};
use super::{header, raw, tiff};
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
        ImageFormat::Gif => finish(
            decoders::gif(header::whole_gif(bytes)).map_err(refusal)?,
            name,
            0,
            options,
            false,
        ),
        ImageFormat::Bmp => {
            let opened = decoders::bmp(header::usual_bmp(bytes)).map_err(refusal)?;
            finish(opened, name, 0, options, false)
        }
        ImageFormat::Tiff => tiff::decode(bytes, options),
        _ => Err(Error::ImageFormat(format!("{name} is not decoded"))),
    }
}

/// Decodes the preview of a RAW file; `None` if it is no RAW file.
pub(super) fn decode_raw(bytes: &[u8], options: &DecodeOptions) -> Result<Option<Decoded>> {
    let Some(preview) = raw::find_in(bytes)? else {
        return Ok(None);
    };
    let start = usize::try_from(preview.offset).unwrap_or(usize::MAX);
    let length = usize::try_from(preview.length).unwrap_or(usize::MAX);
    let file = bytes
        .get(start..)
        .map(|rest| rest.get(..length).unwrap_or(rest))
        .unwrap_or_default();
    raw::decode_preview(file, &preview, options).map(Some)
}
