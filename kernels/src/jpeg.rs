//! JPEG files. The decoder of the crate `image` is a wrapper of the same one that copies the file, reads its headers twice and holds what
//! reads them twice.

use image::{
    ColorType, ImageError, ImageFormat, ImageResult, LimitSupport, Limits,
    error::{DecodingError, LimitError, LimitErrorKind, UnsupportedError, UnsupportedErrorKind},
};
use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::{JpegDecoder, errors::DecodeErrors};

use crate::decoders::Decode;

/// A file whose headers were read.
pub struct Jpeg<'a> {
    decoder: JpegDecoder<ZCursor<&'a [u8]>>,
    width: u32,
    height: u32,
    color: ColorType,
}

impl<'a> Jpeg<'a> {
    /// # Errors
    /// What the decoder says of the headers.
    pub fn open(bytes: &'a [u8]) -> ImageResult<Self> {
        let options = DecoderOptions::default()
            .set_strict_mode(false)
            .set_max_width(usize::MAX)
            .set_max_height(usize::MAX);
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
        decoder.decode_headers().map_err(refusal)?;
        let (width, height) = decoder.dimensions().unwrap_or_default();
        // What is neither gray nor RGB, four inks among it, becomes RGB.
        let (space, color) = match decoder.input_colorspace() {
            Some(ColorSpace::Luma) => (ColorSpace::Luma, ColorType::L8),
            _ => (ColorSpace::RGB, ColorType::Rgb8),
        };
        decoder.set_options(options.jpeg_set_out_colorspace(space));
        Ok(Self {
            decoder,
            width: width as u32,
            height: height as u32,
            color,
        })
    }
}

impl Decode for Jpeg<'_> {
    fn dimensions(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    fn color_type(&self) -> ColorType {
        self.color
    }

    fn total_bytes(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height) * u64::from(self.color.bytes_per_pixel())
    }

    fn set_limits(&mut self, limits: Limits) -> ImageResult<()> {
        limits.check_support(&LimitSupport::default())?;
        limits.check_dimensions(self.width, self.height)
    }

    fn read_image(mut self: Box<Self>, samples: &mut [u8]) -> ImageResult<()> {
        self.decoder.decode_into(samples).map_err(refusal)
    }
}

fn refusal(error: DecodeErrors) -> ImageError {
    match error {
        DecodeErrors::Unsupported(what) => ImageError::Unsupported(UnsupportedError::from_format_and_kind(
            ImageFormat::Jpeg.into(),
            UnsupportedErrorKind::GenericFeature(format!("{what:?}")),
        )),
        DecodeErrors::LargeDimensions(_) => ImageError::Limits(LimitError::from_kind(LimitErrorKind::DimensionError)),
        error => ImageError::Decoding(DecodingError::new(ImageFormat::Jpeg.into(), error)),
    }
}
