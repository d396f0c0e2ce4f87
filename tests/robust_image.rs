//! 40,000 damaged files, ten thousand and more of TIFF alone, end in pixels or in an error, never in a panic and never in a hang.
//!
//! The damage is pseudo-random and the same on every run. Beside the golden images there are small fixtures of the
//! kinds that those leave out (`tests/fixtures/images`).

#[path = "common/damage.rs"]
mod damage;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use damage::{Random, mutate};
use gamma_wasm::image::{DecodeOptions, Limits, decode};

const MUTATIONS: usize = 40_000;

/// Far longer than any file here takes, and the only sense in which this test looks at a clock.
const HANG: Duration = Duration::from_secs(120);

/// Small, so that damage to a size asks for little memory.
const LIMITS: Limits = Limits {
    max_side: 4_096,
    max_pixels: 1_000_000,
    max_alloc: 32 << 20,
};

fn files() -> Vec<(PathBuf, Vec<u8>)> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut paths: Vec<PathBuf> = ["golden/preprocess/images", "fixtures/images"]
        .iter()
        .flat_map(|folder| fs::read_dir(tests.join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension != "md"))
        .collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

#[test]
fn every_undamaged_file_is_decoded() {
    for (path, bytes) in files() {
        for parity in [false, true] {
            let options = DecodeOptions {
                parity,
                limits: LIMITS,
                short_side: None,
            };
            let decoded = decode(&bytes, &options).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let pixels = decoded.pixels;
            assert_eq!(
                pixels.rgb.len(),
                (pixels.width * pixels.height * 3) as usize,
                "{}",
                path.display()
            );
        }
    }
}

#[test]
fn forty_thousand_damaged_files_end_in_pixels_or_errors() {
    let files = files();
    assert!(files.len() >= 40, "{} files", files.len());
    let (case, done) = (Arc::new(Mutex::new(String::new())), Arc::new(AtomicU64::new(0)));
    let (finished, wait) = mpsc::channel::<()>();
    let worker = {
        let (case, done) = (case.clone(), done.clone());
        std::thread::spawn(move || {
            let (mut failures, mut decoded) = (Vec::new(), 0);
            for seed in 0..MUTATIONS {
                let (path, file) = &files[seed % files.len()];
                let bytes = mutate(file, &mut Random(seed as u64 * 2 + 1));
                let name = format!("{}, seed {seed}", path.file_name().unwrap().display());
                case.lock().unwrap().clone_from(&name);
                let options = DecodeOptions {
                    parity: seed % 3 == 0,
                    limits: LIMITS,
                    short_side: [None, Some(10), Some(50)][seed / files.len() % 3],
                };
                match std::panic::catch_unwind(|| decode(&bytes, &options)) {
                    Ok(Ok(photo)) => {
                        let size = u64::from(photo.pixels.width) * u64::from(photo.pixels.height);
                        assert_eq!(photo.pixels.rgb.len() as u64, size * 3, "{name}");
                        decoded += 1;
                    }
                    Ok(Err(error)) => assert!(error.code().starts_with("image-"), "{name}: {error}"),
                    Err(_) => failures.push(name),
                }
                done.fetch_add(1, Ordering::Relaxed);
            }
            drop(finished);
            (failures, decoded)
        })
    };
    let mut seen = u64::MAX;
    while wait.recv_timeout(HANG) == Err(mpsc::RecvTimeoutError::Timeout) {
        let now = done.load(Ordering::Relaxed);
        assert_ne!(now, seen, "hangs: {}", case.lock().unwrap());
        seen = now;
    }
    let (failures, decoded) = worker.join().expect("the worker ends");
    assert!(failures.is_empty(), "{} panics: {failures:#?}", failures.len());
    // Neither all files nor none may come through, or the damage would prove nothing.
    assert!(
        (MUTATIONS / 20..MUTATIONS * 19 / 20).contains(&decoded),
        "{decoded} were decoded"
    );
}
