//! 10,000 damaged RAW files of all layouts: a search ends, with a preview that is in the file, or with an error,
//! never in a panic.

use gamma_wasm::image::raw::{MIN_SIDE, Next, Search};
use gamma_wasm::image::{DecodeOptions, decode};

#[path = "common/raw/mod.rs"]
mod files;

const MUTATIONS: usize = 10_000;

/// xorshift64* (Vigna 2016).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound
    }
}

/// Damages fields of directories and boxes, which the layouts put at the ends of a file, and the file's length.
fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(4) {
        let near = 1_500.min(bytes.len());
        let at = match random.below(3) {
            0 => random.below(near),
            1 => bytes.len() - 1 - random.below(near),
            _ => random.below(bytes.len()),
        };
        match random.below(6) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = [0, 1, 0x7F, 0x80, 0xFF][random.below(5)],
            2 => bytes.truncate(at.max(16)),
            3 => drop(bytes.splice(at..(at + 1 + random.below(8)).min(bytes.len()), [])),
            _ => {
                let value = [0, 1, 2, 8, 255, 65_535, bytes.len() as u32, u32::MAX / 2, u32::MAX][random.below(9)];
                let field = if random.below(2) == 0 {
                    value.to_le_bytes()
                } else {
                    value.to_be_bytes()
                };
                bytes
                    .iter_mut()
                    .skip(at)
                    .zip(field)
                    .for_each(|(byte, value)| *byte = value);
            }
        }
        if bytes.len() < 16 {
            return;
        }
    }
}

#[test]
fn ten_thousand_damaged_raw_files_end_the_search() {
    let files: Vec<Vec<u8>> = files::MODELS
        .iter()
        .map(|(_, _, build)| build(500, 6).bytes())
        .collect();
    let (mut previews, mut refused, mut other) = (0, 0, 0);
    for seed in 0..MUTATIONS {
        let mut bytes = files[seed % files.len()].clone();
        damage(&mut bytes, &mut Random(seed as u64 * 2 + 1));
        let size = bytes.len() as u64;
        let mut search = Search::new(size);
        let mut pieces = 0;
        let end = loop {
            match search.next() {
                Ok(Next::Read { offset, length }) => {
                    pieces += 1;
                    assert!(
                        length > 0 && offset + length <= size && pieces <= 64,
                        "seed {seed}: {offset} {length}"
                    );
                    search.add(offset, bytes[offset as usize..(offset + length) as usize].to_vec());
                }
                end => break end,
            }
        };
        match end {
            Ok(Next::Preview(preview)) => {
                previews += 1;
                assert!(preview.offset + preview.length <= size, "seed {seed}: {preview:?}");
                assert!(
                    preview.width.max(preview.height) >= MIN_SIDE,
                    "seed {seed}: {preview:?}"
                );
            }
            Ok(_) => other += 1,
            Err(error) => {
                refused += 1;
                assert!(error.code().starts_with("image-"), "seed {seed}: {error}");
            }
        }
        // The whole way for some of them.
        if seed % 25 == 0
            && let Err(error) = decode(&bytes, &DecodeOptions::default())
        {
            assert!(error.code().starts_with("image-"), "seed {seed}: {error}");
        }
    }
    println!("{previews} previews, {refused} refused, {other} of another kind");
    assert!(
        previews > MUTATIONS / 20 && refused > MUTATIONS / 50,
        "{previews} {refused} {other}"
    );
}
