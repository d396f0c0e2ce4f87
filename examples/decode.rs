//! `cargo run --example decode -- FILE...`: decodes files and prints a line of JSON about each: what it became or why
//! it was refused, the mean colour of the picture and of its top left corner, the SHA-256 of its pixels, and the
//! milliseconds that it took. `npm run corpus` and the tests of the modules compare themselves with it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use gamma_wasm::image::{DecodeOptions, Pixels, decode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

fn mean(pixels: &Pixels, width: u32, height: u32) -> [f64; 3] {
    let (width, height, stride) = (width.max(1) as usize, height.max(1) as usize, pixels.width as usize);
    let mut sums = [0; 3];
    for row in pixels.rgb.as_chunks::<3>().0.chunks_exact(stride).take(height) {
        for pixel in &row[..width] {
            sums.iter_mut()
                .zip(pixel)
                .for_each(|(sum, &value)| *sum += u64::from(value));
        }
    }
    sums.map(|sum| sum as f64 / (width * height) as f64)
}

fn about(path: &str) -> Value {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => return json!({ "file": path, "code": "io", "message": error.to_string() }),
    };
    let start = Instant::now();
    let decoded = catch_unwind(AssertUnwindSafe(|| decode(&bytes, &DecodeOptions::default())));
    let ms = start.elapsed().as_secs_f64() * 1e3;
    match decoded {
        Err(_) => json!({ "file": path, "code": "panic", "message": "the decoder panicked", "ms": ms }),
        Ok(Err(error)) => json!({ "file": path, "code": error.code(), "message": error.to_string(), "ms": ms }),
        Ok(Ok(photo)) => {
            let pixels = &photo.pixels;
            let hash = Sha256::digest(&pixels.rgb)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>();
            json!({
                "file": path, "format": photo.format, "source": photo.source.as_str(),
                "preview": photo.source.preview(), "orientation": photo.orientation,
                "width": pixels.width, "height": pixels.height,
                "mean": mean(pixels, pixels.width, pixels.height),
                "corner": mean(pixels, pixels.width / 4, pixels.height / 4),
                "sha256": hash, "ms": ms,
            })
        }
    }
}

fn main() {
    for path in std::env::args().skip(1) {
        println!("{}", about(&path));
    }
}
