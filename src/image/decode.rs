//! Files and canvas pixels to 8-bit RGB.

use gamma_kernels::{
    Treatment,
    decoders::{self, Opened},
    swaps_sides, to_rgb, turn,
};
use image::error::UnsupportedErrorKind;
use image::metadata::Orientation;
use image::{ColorType, ImageError, ImageFormat, RgbImage};

use super::limits::buffer;
use super::{Limits, Pixels, header};
use crate::error::{Error, Result};

/// Memory for what a PNG holds beside its pixels (profiles, texts), which the decoder unpacks and no score needs.
const PNG_METADATA: u64 = 64 << 20;

/// How to decode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecodeOptions {
    /// Exactly the pixels of the published loader (Pillow's `convert("RGB")`): no EXIF orientation, alpha dropped.
    pub parity: bool,
    /// What the photo may ask for.
    pub limits: Limits,
}

/// A decoded file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The photo, turned as its EXIF tag says unless `parity` forbids it.
    pub pixels: Pixels,
    /// `jpeg`, `png`, `webp`, `gif`, `bmp` or `tiff`.
    pub format: &'static str,
    /// EXIF orientation found in the file, 1..=8; 1 if there is none.
    pub orientation: u8,
}

/// Decodes a JPEG, PNG, WebP, GIF, BMP or TIFF file; of an animation the first frame, of a TIFF the first page. The last four only
/// with the feature `formats` ([`needs_formats`](super::needs_formats)).
///
/// The size is checked against `options.limits` before a pixel is decoded.
///
/// # Errors
/// [`Error::ImageFormat`], [`Error::ImageDecode`] or [`Error::ImageTooLarge`].
pub fn decode(bytes: &[u8], options: &DecodeOptions) -> Result<Decoded> {
    let (format, name) = header::format(bytes)?;
    let limits = &options.limits;
    match format {
        ImageFormat::Jpeg => {
            let frame = header::frame(bytes)?;
            let (width, height) = (u32::from(frame.width), u32::from(frame.height));
            limits.check_size(width, height)?;
            limits.check_memory(width, height, frame.coefficients)?;
            let opened = decoders::jpeg(bytes, frame.exif).map_err(refusal)?;
            if opened.decoder.dimensions() != (width, height) {
                return Err(Error::ImageDecode("JPEG with a damaged frame header".into()));
            }
            finish(opened, name, frame.coefficients, options, false)
        }
        ImageFormat::Png => {
            let mut metadata = image::Limits::default();
            metadata.max_alloc = Some(PNG_METADATA.min(limits.max_alloc));
            let opened = decoders::png(bytes, metadata).map_err(refusal)?;
            // Colour type 0 of the IHDR chunk, which a transparent gray value does not change as it does the decoder's.
            let gray = bytes.get(25) == Some(&0);
            finish(opened, name, 0, options, gray)
        }
        #[cfg(feature = "formats")]
        _ => super::formats::decode(format, name, bytes, options),
        #[cfg(not(feature = "formats"))]
        _ => Err(Error::ImageFormat(format!("{name} is not decoded"))),
    }
}

/// The photo in the pixels of a canvas, a bitmap or a video frame: `[height, width, 4]`, red, green, blue, and alpha that
/// is not multiplied into the colours. The browser has applied the orientation.
///
/// # Errors
/// [`Error::ImageTooLarge`], or [`Error::Option`] if `rgba` does not hold `width * height * 4` bytes.
pub fn from_rgba(width: u32, height: u32, rgba: &[u8], options: &DecodeOptions) -> Result<Pixels> {
    options.limits.check_size(width, height)?;
    let pixels = u64::from(width) * u64::from(height);
    if rgba.len() as u64 != pixels * 4 {
        return Err(Error::Option {
            name: "rgba",
            reason: format!(
                "{} bytes are not the {} of {width}x{height} pixels",
                rgba.len(),
                pixels * 4
            ),
        });
    }
    options.limits.check_memory(width, height, pixels * 3)?;
    let rgb = rgb(ColorType::Rgba8, rgba, treatment(options, false), pixels)?;
    Ok(Pixels { width, height, rgb })
}

fn treatment(options: &DecodeOptions, saturates: bool) -> Treatment {
    if options.parity {
        Treatment::Pillow { saturates }
    } else {
        Treatment::Defined
    }
}

/// The samples of some pixels as `[pixels, 3]` bytes.
fn rgb(color: ColorType, samples: &[u8], treatment: Treatment, pixels: u64) -> Result<Vec<u8>> {
    let mut rgb = buffer(pixels * 3)?;
    match to_rgb(color, samples, treatment, &mut rgb) {
        true => Ok(rgb),
        false => Err(Error::ImageFormat(format!("pixels of the kind {color:?}"))),
    }
}

/// Checks the limits, decodes the pixels, makes them RGB and turns them.
///
/// `working` is what the decoder takes beside the samples that it gives, in bytes; `saturates` is of
/// [`Treatment::Pillow`].
pub(super) fn finish(
    opened: Opened<'_>,
    format: &'static str,
    working: u64,
    options: &DecodeOptions,
    saturates: bool,
) -> Result<Decoded> {
    let Opened {
        mut decoder,
        orientation,
    } = opened;
    let ((width, height), color) = (decoder.dimensions(), decoder.color_type());
    let limits = &options.limits;
    limits.check_size(width, height)?;
    // Pillow leaves the turning to its callers, except for TIFF.
    let turned = if options.parity && format != "tiff" {
        Orientation::NoTransforms
    } else {
        orientation
    };

    let pixels = u64::from(width) * u64::from(height);
    let samples = decoder.total_bytes();
    let converted = if color == ColorType::Rgb8 { 0 } else { pixels * 3 };
    let copied = if swaps_sides(turned) { pixels * 3 } else { 0 };
    let decoding = samples.saturating_add(working);
    limits.check_memory(
        width,
        height,
        decoding.max(samples.saturating_add(converted)).max(pixels * 3 + copied),
    )?;
    let mut inner = image::Limits::default();
    inner.max_alloc = Some(limits.max_alloc.saturating_sub(samples));
    decoder.set_limits(inner).map_err(refusal)?;

    let mut buffer = buffer(samples)?;
    decoder.read_image(&mut buffer).map_err(refusal)?;
    let rgb = match color {
        ColorType::Rgb8 => buffer,
        _ => self::rgb(color, &buffer, treatment(options, saturates), pixels)?,
    };
    let image = RgbImage::from_raw(width, height, rgb)
        .ok_or_else(|| Error::ImageDecode("its pixels do not fill its size".into()))?;
    let image = turn(image, turned);
    let pixels = Pixels {
        width: image.width(),
        height: image.height(),
        rgb: image.into_raw(),
    };
    Ok(Decoded {
        pixels,
        format,
        orientation: orientation.to_exif(),
    })
}

/// The crate's error for what a decoder says.
pub(super) fn refusal(error: ImageError) -> Error {
    match &error {
        ImageError::Limits(_) => Error::ImageTooLarge(format!("its decoder says: {error}")),
        ImageError::Unsupported(unsupported) => match unsupported.kind() {
            UnsupportedErrorKind::GenericFeature(feature) => Error::ImageFormat(feature.clone()),
            _ => Error::ImageFormat(error.to_string()),
        },
        _ => Error::ImageDecode(error.to_string()),
    }
}
