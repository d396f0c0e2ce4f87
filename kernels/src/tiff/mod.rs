//! One page of a TIFF file to 8-bit RGB.
//!
//! The crate `tiff` decompresses: it is given a directory of our own in front of the file's bytes, in which a page is
//! nothing but samples side by side, one plane after the other where they lie apart. What the samples mean is decided
//! here.

use std::borrow::Cow;

use image::error::{DecodingError, LimitError, LimitErrorKind, UnsupportedError, UnsupportedErrorKind};
use image::{ImageError, ImageFormat, ImageResult};
use tiff::TiffError;
use tiff::decoder::{Decoder, Limits};

mod directory;

use crate::color::Treatment;
use crate::spliced::Spliced;

/// What the samples of a pixel are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Colors {
    /// One sample; `inverted` where 0 is white.
    Gray {
        /// Whether 0 is white.
        inverted: bool,
    },
    /// Red, green, blue.
    Rgb,
    /// Cyan, magenta, yellow, black.
    Cmyk,
    /// Brightness and two differences of colour, of 8 bits, as JPEG has them.
    YCbCr,
    /// One sample of at most 8 bits: a place in this table.
    Palette(Vec<[u8; 3]>),
}

impl Colors {
    /// Samples that make a colour.
    pub fn samples(&self) -> u16 {
        match self {
            Self::Gray { .. } | Self::Palette(_) => 1,
            Self::Rgb | Self::YCbCr => 3,
            Self::Cmyk => 4,
        }
    }
}

/// What the sample after the colour is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alpha {
    /// There is none, or it is something else.
    None,
    /// Opacity.
    Separate,
    /// Opacity by which the colours are multiplied already.
    Multiplied,
}

/// How a page is cut up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunks {
    /// Of this many rows, the last one of fewer.
    Strips(u32),
    /// Of this width and height, those at the edges too.
    Tiles(u32, u32),
}

/// A page whose samples are whole numbers of 1, 2, 4, 8, 16 or 32 bits, or floats of 32.
#[derive(Clone, Debug)]
pub struct Page<'a> {
    /// The whole file.
    pub file: Cow<'a, [u8]>,
    /// Whether numbers have their most significant byte first.
    pub big_endian: bool,
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Bits a sample.
    pub bits: u16,
    /// Whether samples are floats.
    pub float: bool,
    /// Samples a pixel.
    pub samples: u16,
    /// Whether all first samples come before all second ones.
    pub planar: bool,
    /// As the tag Compression has it.
    pub compression: u16,
    /// As the tag Predictor has it.
    pub predictor: u16,
    /// How each plane is cut up.
    pub chunks: Chunks,
    /// Where each chunk begins, and how many bytes it has.
    pub places: Vec<(u64, u64)>,
    /// What JPEG chunks have in common.
    pub jpeg_tables: Option<Vec<u8>>,
    /// What the samples are.
    pub colors: Colors,
    /// What follows the colour.
    pub alpha: Alpha,
}

impl Page<'_> {
    /// Bytes that decoding takes beside the RGB pixels.
    pub fn working_bytes(&self) -> u64 {
        if self.is_rgb8() {
            0
        } else {
            self.planes() * self.plane_bytes()
        }
    }

    /// Chunks of one plane; 0 if a size is.
    pub fn chunks_a_plane(&self) -> u64 {
        let (width, height) = match self.chunks {
            Chunks::Strips(rows) => (self.width, rows),
            Chunks::Tiles(width, height) => (width, height),
        };
        if width == 0 || height == 0 {
            return 0;
        }
        u64::from(self.width.div_ceil(width)) * u64::from(self.height.div_ceil(height))
    }

    /// Writes the page as `[height, width, 3]` bytes.
    ///
    /// # Errors
    /// What the crate `tiff` says of the samples.
    #[inline(never)]
    pub fn read(&self, treatment: Treatment, rgb: &mut [u8]) -> ImageResult<()> {
        if self.is_rgb8() {
            return self.plane(0, rgb);
        }
        let size = self.plane_bytes() as usize;
        let mut raw = vec![0; self.planes() as usize * size];
        for (number, plane) in raw.chunks_exact_mut(size.max(1)).enumerate() {
            self.plane(number, plane)?;
        }
        let row_bytes = size / self.height.max(1) as usize;
        let blank = self.is_transparent(&raw);
        let mut lines = vec![vec![0; self.width as usize]; self.used()];
        for (y, out) in rgb.chunks_exact_mut(3 * self.width as usize).enumerate() {
            for (sample, line) in lines.iter_mut().enumerate() {
                let (plane, sample) = if self.planar { (sample, 0) } else { (0, sample) };
                let row = raw.get(plane * size + y * row_bytes..).unwrap_or_default();
                self.unpack(row, sample, treatment, line);
            }
            self.colour(&lines, treatment, blank, out);
        }
        Ok(())
    }

    /// Whether alpha is 0 everywhere: it was never filled, and is no alpha then.
    fn is_transparent(&self, raw: &[u8]) -> bool {
        let bytes = usize::from(self.bits / 8);
        let at = usize::from(self.colors.samples());
        if self.alpha != Alpha::Separate || bytes == 0 {
            return false;
        }
        let (start, step) = match self.planar {
            true => (at * self.plane_bytes() as usize, 1),
            false => (at * bytes, usize::from(self.samples)),
        };
        let samples = raw.get(start..).unwrap_or_default().chunks(bytes).step_by(step);
        samples.flatten().all(|&byte| byte == 0)
    }

    fn is_rgb8(&self) -> bool {
        let whole = !self.planar && !self.float && self.bits == 8;
        whole && self.samples == 3 && self.colors == Colors::Rgb && self.alpha == Alpha::None
    }

    /// Samples of a pixel that are looked at: the colour, and alpha if there is one.
    fn used(&self) -> usize {
        usize::from(self.colors.samples()) + usize::from(self.alpha != Alpha::None)
    }

    fn planes(&self) -> u64 {
        if self.planar { self.used() as u64 } else { 1 }
    }

    fn plane_bytes(&self) -> u64 {
        let samples = if self.planar { 1 } else { u64::from(self.samples) };
        let row = (u64::from(self.width) * u64::from(self.bits) * samples).div_ceil(8);
        row * u64::from(self.height)
    }

    /// Decompresses one plane.
    fn plane(&self, number: usize, samples: &mut [u8]) -> ImageResult<()> {
        let count = usize::try_from(self.chunks_a_plane()).unwrap_or(usize::MAX);
        let places = self
            .places
            .get(number.saturating_mul(count)..)
            .and_then(|rest| rest.get(..count));
        let places = places.filter(|places| !places.is_empty()).ok_or_else(cut_off)?;
        let (head, directory) = self.directory(places);
        let file = Spliced::new(vec![head.to_vec().into(), Cow::Borrowed(&*self.file), directory.into()]);
        let mut limits = Limits::default();
        limits.decoding_buffer_size = samples.len();
        limits.intermediate_buffer_size = self.file.len().max(1);
        let mut decoder = Decoder::new(file).map_err(refusal)?.with_limits(limits);
        decoder.read_image_bytes(samples).map_err(refusal)
    }

    /// One sample of each pixel of a row as a byte.
    fn unpack(&self, row: &[u8], sample: usize, treatment: Treatment, line: &mut [u8]) {
        let stride = if self.planar { 1 } else { usize::from(self.samples) };
        match (self.bits, self.float) {
            (8, false) => read(row, sample, stride, line, |[value]| value),
            (16, false) => read(row, sample, stride, line, |bytes| {
                treatment.sample16(u16::from_ne_bytes(bytes))
            }),
            (32, false) => read(row, sample, stride, line, |bytes| {
                treatment.sample16((u32::from_ne_bytes(bytes) >> 16) as u16)
            }),
            (32, true) => read(row, sample, stride, line, |bytes| {
                crate::color::float_sample(f32::from_ne_bytes(bytes))
            }),
            (bits @ (1 | 2 | 4), false) => {
                let bits = usize::from(bits);
                let most = (1_u8 << bits) - 1;
                let scale = if matches!(self.colors, Colors::Palette(_)) {
                    1
                } else {
                    255 / most
                };
                for (x, out) in line.iter_mut().enumerate() {
                    let at = (x * stride + sample) * bits;
                    let byte = row.get(at / 8).copied().unwrap_or(0);
                    *out = ((byte >> (8 - bits - at % 8)) & most) * scale;
                }
            }
            _ => line.fill(0),
        }
    }

    fn colour(&self, lines: &[Vec<u8>], treatment: Treatment, blank: bool, out: &mut [u8]) {
        let at = |sample: usize, x: usize| lines.get(sample).and_then(|line| line.get(x)).copied().unwrap_or(0);
        let alpha = usize::from(self.colors.samples());
        for (x, rgb) in out.as_chunks_mut::<3>().0.iter_mut().enumerate() {
            let colour = match &self.colors {
                Colors::Gray { inverted: false } => [at(0, x); 3],
                Colors::Gray { inverted: true } => [255 - at(0, x); 3],
                Colors::Rgb => [at(0, x), at(1, x), at(2, x)],
                Colors::Cmyk => [0, 1, 2].map(|ink| ink_left(at(ink, x), at(3, x))),
                Colors::YCbCr => ycc(at(0, x), at(1, x), at(2, x)),
                Colors::Palette(table) => table.get(usize::from(at(0, x))).copied().unwrap_or([0; 3]),
            };
            *rgb = match self.alpha {
                _ if blank => colour,
                Alpha::None => colour,
                Alpha::Separate => colour.map(|value| treatment.blend(value, at(alpha, x))),
                Alpha::Multiplied => colour.map(|value| treatment.blend_multiplied(value, at(alpha, x))),
            };
        }
    }
}

fn read<const BYTES: usize>(
    row: &[u8],
    sample: usize,
    stride: usize,
    line: &mut [u8],
    value: impl Fn([u8; BYTES]) -> u8,
) {
    let samples = row.as_chunks::<BYTES>().0.iter().skip(sample).step_by(stride);
    line.iter_mut()
        .zip(samples)
        .for_each(|(out, &bytes)| *out = value(bytes));
}

/// What ink and black leave of white, the naive way.
fn ink_left(ink: u8, black: u8) -> u8 {
    ((255 - u32::from(ink)) * (255 - u32::from(black)) / 255) as u8
}

/// ITU-R BT.601 of the full range, as JFIF has it, in 16 bits of fraction.
fn ycc(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    let (y, cb, cr) = (i32::from(y) << 16, i32::from(cb) - 128, i32::from(cr) - 128);
    let byte = |value: i32| ((value + 32_768) >> 16).clamp(0, 255) as u8;
    [
        byte(y + 91_881 * cr),
        byte(y - 22_554 * cb - 46_802 * cr),
        byte(y + 116_130 * cb),
    ]
}

fn cut_off() -> ImageError {
    ImageError::IoError(std::io::ErrorKind::UnexpectedEof.into())
}

fn refusal(error: TiffError) -> ImageError {
    let format = || ImageFormat::Tiff.into();
    match error {
        TiffError::IoError(error) => ImageError::IoError(error),
        TiffError::UnsupportedError(what) => ImageError::Unsupported(UnsupportedError::from_format_and_kind(
            format(),
            UnsupportedErrorKind::GenericFeature(what.to_string()),
        )),
        TiffError::LimitsExceeded => ImageError::Limits(LimitError::from_kind(LimitErrorKind::InsufficientMemory)),
        error => ImageError::Decoding(DecodingError::new(format(), error)),
    }
}
