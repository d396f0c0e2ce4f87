//! JPEG files, at full size or as small as the model needs them.

use gamma_kernels::jpeg::{Jpeg, JpegError};
use gamma_kernels::{Reduced, resample_reduced, swaps_sides};
use image::metadata::Orientation;

use super::{DecodeOptions, Decoded, Pixels, limits::buffer, scale::scaled_size};
use crate::error::{Error, Result};

/// The largest share of a photo that may be damaged. Decoders make gray of what they cannot decode, and the score of
/// gray says nothing about the photo.
pub const MOST_DAMAGED: f32 = 0.25;

/// Decodes a JPEG file, as [`decode`](super::decode()).
pub(super) fn decode(bytes: &[u8], options: &DecodeOptions) -> Result<Decoded> {
    let jpeg = Jpeg::open(bytes).map_err(refusal)?;
    let (width, height) = jpeg.size();
    let limits = &options.limits;
    limits.check_size(width, height)?;
    // Metadata that is damaged does not make a photo unreadable.
    let orientation = jpeg.exif().and_then(Orientation::from_exif_chunk);
    let orientation = orientation.unwrap_or(Orientation::NoTransforms);
    // Pillow leaves the turning to its callers.
    let turned = if options.parity {
        Orientation::NoTransforms
    } else {
        orientation
    };

    let short_side = options.short_side.filter(|_| !options.parity);
    let reduction = short_side.map_or(1, |wanted| reduction(width.min(height), wanted));
    let (columns, rows) = jpeg.reduced(reduction);
    let pixels = u64::from(columns) * u64::from(rows);
    let turning = if swaps_sides(turned) && reduction == 1 {
        pixels * 3
    } else {
        0
    };
    limits.check_memory(width, height, pixels * 3 + turning.max(jpeg.working_memory(reduction)))?;
    let mut rgb = buffer(pixels * 3)?;
    let damaged = jpeg.decode(reduction, &mut rgb).map_err(refusal)?;
    if damaged > MOST_DAMAGED {
        return Err(Error::ImageIncomplete(format!(
            "{:.0}% of the JPEG is missing or unreadable; at most {:.0}% may be",
            100.0 * damaged,
            100.0 * MOST_DAMAGED
        )));
    }

    let mut pixels = Pixels {
        width: columns,
        height: rows,
        rgb,
    };
    if let (Some(short_side), 2..) = (short_side, reduction) {
        let size = scaled_size((width, height), short_side)?;
        let mut rgb = buffer(u64::from(size.0) * u64::from(size.1) * 3)?;
        let from = Reduced {
            rgb: &pixels.rgb,
            size: [width, height],
            reduction,
        };
        resample_reduced(&from, &mut rgb, [size.0, size.1]);
        pixels = Pixels {
            width: size.0,
            height: size.1,
            rgb,
        };
    }
    let pixels = super::decode::turned(pixels, turned.to_exif())?;
    Ok(Decoded {
        size: if swaps_sides(turned) {
            (height, width)
        } else {
            (width, height)
        },
        damaged,
        ..Decoded::whole(pixels, "jpeg", orientation.to_exif())
    })
}

/// How many times coarser a grid is enough for a short side of `wanted` pixels: 8, 4, 2 or 1. It keeps almost twice as
/// many pixels: of fewer, the scores are others than those of all pixels by more than 0.003 (`docs/images.md`).
fn reduction(short: u32, wanted: u32) -> u32 {
    let enough = |&reduction: &u32| 10 * u64::from(short) >= 19 * u64::from(reduction) * u64::from(wanted.max(1));
    [8, 4, 2].into_iter().find(enough).unwrap_or(1)
}

fn refusal(error: JpegError) -> Error {
    match error {
        JpegError::Unsupported(_) => Error::ImageFormat(error.to_string()),
        JpegError::Damaged(_) => Error::ImageDecode(error.to_string()),
        JpegError::Memory(_) => Error::ImageTooLarge(error.to_string()),
    }
}
