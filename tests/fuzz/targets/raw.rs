//! The containers of camera RAW files and the pages of TIFF files: directories, maker notes, boxes.
//!
//! The input is the file. It is looked at in pieces, as a large file is, and as a whole.

#![no_main]

use gamma_wasm::image::raw::{MIN_SIDE, Next, Search};
use gamma_wasm::image::{DecodeOptions, Limits, decode};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits {
    max_side: 4_096,
    max_pixels: 1_000_000,
    max_alloc: 32 << 20,
};

fuzz_target!(|bytes: &[u8]| {
    let size = bytes.len() as u64;
    let mut search = Search::new(size);
    let mut pieces = 0;
    while let Ok(next) = search.next() {
        match next {
            Next::Read { offset, length } => {
                pieces += 1;
                assert!(length > 0 && offset + length <= size && pieces <= 64);
                // Less than was asked for, as a file that shrinks gives.
                let end = (offset + length).min(size - u64::from(bytes.len().is_multiple_of(7) && size > offset));
                search.add(offset, bytes[offset as usize..end as usize].to_vec());
            }
            Next::Preview(preview) => {
                assert!(preview.offset + preview.length <= size && preview.width.max(preview.height) >= MIN_SIDE);
                break;
            }
            Next::Other => break,
        }
    }
    let options = DecodeOptions {
        limits: LIMITS,
        ..DecodeOptions::default()
    };
    if let Ok(photo) = decode(bytes, &options) {
        assert_eq!(
            photo.pixels.rgb.len() as u64,
            u64::from(photo.pixels.width) * u64::from(photo.pixels.height) * 3
        );
    }
});
