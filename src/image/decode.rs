//! Files and canvas pixels to 8-bit RGB.

use std::io::ErrorKind;

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
    /// Pixels that the short side of the photo is going to be scaled to ([`scale`](super::scale())). A JPEG file that
    /// has almost four times as many is then decoded on a coarser grid, and comes scaled. Without it, or with `parity`,
    /// every pixel is decoded.
    pub short_side: Option<u32>,
}

/// A decoded file.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The photo, turned as its EXIF tag says unless `parity` forbids it.
    pub pixels: Pixels,
    /// `jpeg`, `png`, `webp`, `gif`, `bmp`, `tiff`, or a kind of RAW file in the letters of its ending.
    pub format: &'static str,
    /// EXIF orientation found in the file, 1..=8; 1 if there is none.
    pub orientation: u8,
    /// What of the file the photo is.
    pub source: Source,
    /// Width and height of the whole photo in pixels, turned as `pixels` are, which may be scaled
    /// ([`DecodeOptions::short_side`]).
    pub size: (u32, u32),
    /// The share of the photo that was damaged and could not be decoded, 0 to [`MOST_DAMAGED`](super::MOST_DAMAGED): it
    /// is gray.
    pub damaged: f32,
}

impl Decoded {
    /// All pixels of a file that is not damaged.
    pub(super) fn whole(pixels: Pixels, format: &'static str, orientation: u8) -> Self {
        Self {
            size: (pixels.width, pixels.height),
            pixels,
            format,
            orientation,
            source: Source::File,
            damaged: 0.0,
        }
    }

    /// What an assessment says of it beside the score.
    pub fn origin(&self) -> Origin {
        Origin {
            source: self.source,
            size: self.size,
            damaged: self.damaged,
        }
    }
}

/// What is known of a photo beside its pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Origin {
    /// As [`Decoded::source`].
    pub source: Source,
    /// As [`Decoded::size`].
    pub size: (u32, u32),
    /// As [`Decoded::damaged`].
    pub damaged: f32,
}

impl From<&Pixels> for Origin {
    /// Of a photo of whose file nothing is known.
    fn from(pixels: &Pixels) -> Self {
        Self {
            source: Source::File,
            size: (pixels.width, pixels.height),
            damaged: 0.0,
        }
    }
}

/// What of a file the photo is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// The image of the file.
    #[default]
    File,
    /// The preview in a RAW file, upright, of this size.
    RawPreview {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
    },
}

impl Source {
    /// A stable identifier for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::RawPreview { .. } => "raw-preview",
        }
    }

    /// Width and height of the preview.
    pub fn preview(self) -> Option<(u32, u32)> {
        match self {
            Self::File => None,
            Self::RawPreview { width, height } => Some((width, height)),
        }
    }
}

/// Decodes a JPEG, PNG, WebP, GIF, BMP, TIFF or camera RAW file; of an animation the first frame, of a TIFF the first
/// page that is no thumbnail, of a RAW file the largest preview. All but the first two only with the feature
/// `formats` ([`needs_formats`](super::needs_formats)).
///
/// The size is checked against `options.limits` before a pixel is decoded.
///
/// # Errors
/// [`Error::ImageFormat`], [`Error::ImageDecode`] or [`Error::ImageTooLarge`].
pub fn decode(bytes: &[u8], options: &DecodeOptions) -> Result<Decoded> {
    #[cfg(feature = "formats")]
    if header::may_be_raw(bytes)
        && let Some(decoded) = super::formats::decode_raw(bytes, options)?
    {
        return Ok(decoded);
    }
    let (format, name) = header::format(bytes)?;
    let limits = &options.limits;
    match format {
        ImageFormat::Jpeg => super::jpeg::decode(bytes, options),
        ImageFormat::Png => {
            let mut metadata = image::Limits::default();
            metadata.max_alloc = Some(PNG_METADATA.min(limits.max_alloc));
            let opened = decoders::png(header::ended_png(bytes)?, metadata).map_err(refusal)?;
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

/// The photo in the pixels of a canvas, a bitmap or a video frame: `[height, width, 4]`, red, green, blue, and alpha
/// that is not multiplied into the colours. The browser has applied the orientation.
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
    // Pillow leaves the turning to its callers.
    let turned = if options.parity {
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
    if format == "bmp" && color == ColorType::Rgba8 {
        show_transparent(&mut buffer);
    }
    let rgb = match color {
        ColorType::Rgb8 => buffer,
        _ => self::rgb(color, &buffer, treatment(options, saturates), pixels)?,
    };
    let pixels = self::turned(Pixels { width, height, rgb }, turned.to_exif())?;
    Ok(Decoded::whole(pixels, format, orientation.to_exif()))
}

/// Makes a picture that is transparent everywhere opaque: of BMP files many have an alpha channel that was never
/// filled.
fn show_transparent(rgba: &mut [u8]) {
    let pixels = rgba.as_chunks_mut::<4>().0;
    if pixels.iter().all(|pixel| pixel[3] == 0) {
        pixels.iter_mut().for_each(|pixel| pixel[3] = u8::MAX);
    }
}

/// The photo as an orientation of 1..=8 says.
pub(super) fn turned(pixels: Pixels, orientation: u8) -> Result<Pixels> {
    let Pixels { width, height, rgb } = pixels;
    let image = RgbImage::from_raw(width, height, rgb)
        .ok_or_else(|| Error::ImageDecode("its pixels do not fill its size".into()))?;
    let image = turn(
        image,
        Orientation::from_exif(orientation).unwrap_or(Orientation::NoTransforms),
    );
    Ok(Pixels {
        width: image.width(),
        height: image.height(),
        rgb: image.into_raw(),
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
        error if ends_early(error) => Error::ImageIncomplete("it is cut off".into()),
        _ => Error::ImageDecode(error.to_string()),
    }
}

/// Whether a decoder came to the end of the file before it had what it needs. Some hide the kind of their error, and
/// say it in words.
fn ends_early(error: &ImageError) -> bool {
    match error {
        ImageError::IoError(io) => io.kind() == ErrorKind::UnexpectedEof,
        ImageError::Decoding(decoding) => {
            let words = decoding.to_string().to_ascii_lowercase();
            ["unexpected end", "insufficientinput", "not have enough data"]
                .iter()
                .any(|end| words.contains(end))
        }
        ImageError::Parameter(_) => true,
        _ => false,
    }
}
