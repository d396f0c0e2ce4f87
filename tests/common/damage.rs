//! Damaged files: pseudo-random, and the same on every run.

/// xorshift64* (Vigna 2016).
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound
    }

    pub fn byte(&mut self) -> u8 {
        self.below(256) as u8
    }
}

/// A file with up to four damages.
pub fn mutate(file: &[u8], random: &mut Random) -> Vec<u8> {
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
