//! Photo files as cameras, phones, scanners, browsers and broken cards make them: each opens as it should, or is
//! refused with the right code and words.
//!
//! `tests/fixtures/cases` has them. The same table runs under Node (`tests/js/cases.test.ts`) and in Chromium
//! (`tests/browser/cases.test.ts`).

use std::fs;
use std::path::{Path, PathBuf};

use gamma_wasm::image::{DecodeOptions, Decoded, Pixels, Preparation, decode};
use gamma_wasm::{Error, Result};
use serde::Deserialize;
use serde_json::Value;

/// The side of the square in the middle whose mean colour the cases state.
const CENTER: u32 = 224;

#[derive(Deserialize)]
struct Case {
    id: String,
    file: String,
    expected: Expected,
}

#[derive(Deserialize)]
struct Expected {
    ok: bool,
    /// A number, or several of which each will do ("320 or 480").
    #[serde(default)]
    width: Value,
    #[serde(default)]
    height: Value,
    mean_rgb: Option<[f64; 3]>,
    corner_rgb: Option<[f64; 3]>,
    #[serde(default)]
    tolerance: f64,
    #[serde(default)]
    why: String,
    #[serde(default)]
    message_contains: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cases")
}

/// The mean colour of a part.
fn mean(pixels: &Pixels, x: u32, y: u32, width: u32, height: u32) -> [f64; 3] {
    let (x, width, height) = (x as usize, width.max(1) as usize, height.max(1) as usize);
    let rows = pixels.rgb.as_chunks::<3>().0.chunks_exact(pixels.width as usize);
    let mut sums = [0.0; 3];
    for row in rows.skip(y as usize).take(height) {
        for pixel in &row[x..x + width] {
            sums.iter_mut()
                .zip(pixel)
                .for_each(|(sum, &value)| *sum += f64::from(value));
        }
    }
    sums.map(|sum| sum / (width * height) as f64)
}

/// A photo that was decoded and brought to the size at which a model looks at it, as for a score.
fn score(bytes: &[u8]) -> Result<Decoded> {
    let decoded = decode(bytes, &DecodeOptions::default())?;
    Preparation::default().apply(decoded.pixels.clone())?;
    Ok(decoded)
}

fn near(what: &str, found: [f64; 3], expected: Option<[f64; 3]>, tolerance: f64) -> Option<String> {
    let expected = expected?;
    let apart = found
        .iter()
        .zip(expected)
        .any(|(found, expected)| (found - expected).abs() > tolerance);
    apart.then(|| format!("{what} is {found:.1?}, not {expected:?}"))
}

fn opened(expected: &Expected, photo: &Decoded) -> Option<String> {
    let Pixels { width, height, .. } = photo.pixels;
    if !expected.ok {
        // Of some RAW files either is right: to score the preview, or to refuse.
        let preview = photo
            .source
            .preview()
            .map(|(width, height)| format!("preview of {width}x{height}"));
        let right = preview.is_some_and(|preview| expected.why.contains(&preview));
        return (!right).then(|| format!("opens as {width}x{height}"));
    }
    let fits = |side: u32, wanted: &Value| wanted.is_null() || wanted.to_string().contains(&side.to_string());
    if !fits(width, &expected.width) || !fits(height, &expected.height) {
        return Some(format!(
            "is {width}x{height}, not {}x{}",
            expected.width, expected.height
        ));
    }
    let corner = mean(&photo.pixels, 0, 0, width / 4, height / 4);
    let (w, h) = (width.min(CENTER), height.min(CENTER));
    let center = mean(&photo.pixels, (width - w) / 2, (height - h) / 2, w, h);
    near("the mean", center, expected.mean_rgb, expected.tolerance)
        .or_else(|| near("the corner", corner, expected.corner_rgb, expected.tolerance))
}

fn refused(expected: &Expected, error: &Error) -> Option<String> {
    let message = error.to_string();
    if expected.ok {
        return Some(format!("is refused: {message}"));
    }
    let named = expected.why.contains(error.code()) || !expected.why.contains("image-");
    let said = message.contains(&expected.message_contains) && error.code().starts_with("image-");
    let empty = !expected.why.contains("the file is empty") || message.contains("the file is empty");
    (!named || !said || !empty)
        .then(|| format!("is refused as {}: {message}; right is: {}", error.code(), expected.why))
}

#[test]
fn every_case_opens_or_is_refused_as_it_should() {
    let cases: Vec<Case> = serde_json::from_slice(&fs::read(folder().join("cases.json")).unwrap()).unwrap();
    assert!(cases.len() >= 101, "{} cases", cases.len());
    let mut failures = Vec::new();
    for Case { id, file, expected } in &cases {
        let bytes = fs::read(folder().join("files").join(file)).unwrap();
        let fault = match score(&bytes) {
            Ok(photo) => opened(expected, &photo),
            Err(error) => refused(expected, &error),
        };
        if let Some(fault) = fault {
            failures.push(format!("{id} {file} {fault}"));
        }
    }
    assert!(failures.is_empty(), "{} fail:\n{}", failures.len(), failures.join("\n"));
}
