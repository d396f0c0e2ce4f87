//! JPEG files: markers, tables, scans, damage, at full size and on coarser grids.
//!
//! The input is the file, without its first two bytes; its length says on which grid it is decoded.

#![no_main]

use gamma_wasm::image::{DecodeOptions, Limits, MOST_DAMAGED, decode};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits {
    max_side: 4_096,
    max_pixels: 1_000_000,
    max_alloc: 32 << 20,
};

fuzz_target!(|bytes: &[u8]| {
    let file = [&[0xFF, 0xD8], bytes].concat();
    let short_side = [None, Some(1), Some(5), Some(10), Some(20)][bytes.len() % 5];
    let options = DecodeOptions {
        limits: LIMITS,
        short_side,
        ..DecodeOptions::default()
    };
    if let Ok(photo) = decode(&file, &options) {
        assert_eq!(
            photo.pixels.rgb.len() as u64,
            u64::from(photo.pixels.width) * u64::from(photo.pixels.height) * 3
        );
        assert!((0.0..=MOST_DAMAGED).contains(&photo.damaged));
    }
});
