//! 40,000 damaged files, ten thousand and more of TIFF alone, end in pixels or in an error, never in a panic and never in a hang.
//!
//! The damage is pseudo-random and the same on every run. Beside the golden images there are small fixtures of the
//! kinds that those leave out (`tests/fixtures/images`).

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

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

/// xorshift64* (Vigna 2016).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound
    }

    fn byte(&mut self) -> u8 {
        self.below(256) as u8
    }
}

fn mutate(file: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = file.to_vec();
    for _ in 0..=random.below(3) {
        // Half of the damage goes to the first bytes, where headers are.
        let reach = if random.below(2) == 0 {
            bytes.len().min(200)
        } else {
            bytes.len()
        };
        let at = random.below(reach.max(1));
        let rest = bytes.len() - at;
        match random.below(8) {
            0 => (0..8).for_each(|_| bytes[at + random.below(rest)] ^= 1 << random.below(8)),
            1 => bytes[at] ^= 1 << random.below(8),
            2 => bytes[at] = [0, 1, 0x7F, 0x80, 0xFF][random.below(5)],
            3 => bytes[at] = random.byte(),
            4 => bytes.truncate(at + 1),
            5 => {
                let run: Vec<u8> = (0..=random.below(16)).map(|_| random.byte()).collect();
                bytes.splice(at..at, run);
            }
            6 => drop(bytes.splice(at..at + random.below(rest.min(16)) + 1, [])),
            _ => {
                // A header field: 2 or 4 bytes of either order.
                let value = [0, 1, 2, 255, 256, 4_096, 65_535, 65_536, u32::MAX / 2, u32::MAX][random.below(10)];
                let field = match random.below(4) {
                    0 => value.to_le_bytes().to_vec(),
                    1 => value.to_be_bytes().to_vec(),
                    2 => (value as u16).to_le_bytes().to_vec(),
                    _ => (value as u16).to_be_bytes().to_vec(),
                };
                bytes
                    .iter_mut()
                    .skip(at)
                    .zip(field)
                    .for_each(|(byte, value)| *byte = value);
            }
        }
        if bytes.is_empty() {
            break;
        }
    }
    if random.below(2) == 0 {
        repair_png(&mut bytes);
    }
    bytes
}

/// Writes the right checksum to every chunk of a PNG, so that the damage is not stopped there.
fn repair_png(bytes: &mut [u8]) {
    if !bytes.starts_with(b"\x89PNG") {
        return;
    }
    let mut at = 8;
    while let Some(length) = bytes.get(at..at + 4) {
        let end = at + 8 + u32::from_be_bytes(length.try_into().unwrap()) as usize;
        let Some(chunk) = bytes.get(at + 4..end) else { return };
        let crc = chunk.iter().fold(u32::MAX, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 * (crc & 1)))
        });
        let Some(place) = bytes.get_mut(end..end + 4) else {
            return;
        };
        place.copy_from_slice(&(!crc).to_be_bytes());
        at = end + 4;
    }
}

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
