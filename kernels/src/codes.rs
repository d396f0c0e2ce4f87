//! Weights in codes of 2 to 8 bits, as they lie in a file (`docs/weights-format.md`), to whole numbers and to `f32`.

/// Codes that are unpacked at a time. A multiple of 8, whose codes are whole bytes.
const BLOCK: usize = 128;

/// A row of a matrix in codes.
pub struct Row<'a> {
    /// How many bits a code has, 2 to 8.
    pub bits: u32,
    /// The codes from a column on that begins a byte.
    pub bytes: &'a [u8],
    /// That column.
    pub from: usize,
    /// How many neighbours share a scale.
    pub group: usize,
    /// The scale of a column.
    pub scale: &'a dyn Fn(usize) -> f32,
}

impl Row<'_> {
    /// Writes the weights of the row to `values`.
    #[inline(never)]
    pub fn write(&self, values: &mut [f32]) {
        self.each_run(values, |values, codes, scale| {
            for (value, &code) in values.iter_mut().zip(codes) {
                *value = f32::from(code) * scale;
            }
        });
    }

    /// Adds the weights of the row to `values`.
    #[inline(never)]
    pub fn add(&self, values: &mut [f32]) {
        self.each_run(values, |values, codes, scale| {
            for (value, &code) in values.iter_mut().zip(codes) {
                *value += f32::from(code) * scale;
            }
        });
    }

    /// Hands out the codes of neighbours that share a scale, beside their places in `values`.
    #[inline(always)]
    fn each_run(&self, values: &mut [f32], use_run: impl Fn(&mut [f32], &[i8], f32)) {
        let mut codes = [0; BLOCK];
        let blocks = self.bytes.chunks(BLOCK / 8 * self.bits as usize);
        let blocks = blocks.zip(values.chunks_mut(BLOCK)).zip((self.from..).step_by(BLOCK));
        for ((bytes, mut values), mut column) in blocks {
            let mut codes = &mut codes[..values.len()];
            unpack(self.bits, bytes, codes);
            while !values.is_empty() {
                let run = (self.group - column % self.group).min(values.len());
                let ((now, later), (own, rest)) = (values.split_at_mut(run), codes.split_at_mut(run));
                use_run(now, own, (self.scale)(column));
                (values, codes, column) = (later, rest, column + run);
            }
        }
    }
}

/// Codes of `bits` bits each, as many as `codes` holds.
#[inline(never)]
pub fn unpack(bits: u32, bytes: &[u8], codes: &mut [i8]) {
    // One for each number of bits, so that shifts and masks are constants.
    match bits {
        2 => unpack_all::<2>(bytes, codes),
        3 => unpack_all::<3>(bytes, codes),
        4 => unpack_all::<4>(bytes, codes),
        5 => unpack_all::<5>(bytes, codes),
        6 => unpack_all::<6>(bytes, codes),
        7 => unpack_all::<7>(bytes, codes),
        _ => codes.iter_mut().zip(bytes).for_each(|(code, &byte)| *code = byte as i8),
    }
}

/// Codes of `BITS` bits each, as many as `codes` holds. Eight of them are `BITS` whole bytes.
fn unpack_all<const BITS: usize>(bytes: &[u8], codes: &mut [i8]) {
    let (eights, rest) = codes.as_chunks_mut::<8>();
    let mut unpacked = (0..bytes.len().div_ceil(BITS)).map(|at| {
        // A word at once; what it has beyond eight codes is masked away, and codes that a short row lacks are used by nobody.
        let bytes = &bytes[at * BITS..];
        eight::<BITS>(bytes.first_chunk::<8>().copied().unwrap_or_else(|| {
            let mut word = [0; 8];
            word[..bytes.len()].copy_from_slice(bytes);
            word
        }))
    });
    for (codes, eight) in eights.iter_mut().zip(unpacked.by_ref()) {
        *codes = eight;
    }
    if let Some(eight) = unpacked.next() {
        rest.copy_from_slice(&eight[..rest.len()]);
    }
}

/// The eight codes with which a word begins.
#[inline(always)]
fn eight<const BITS: usize>(word: [u8; 8]) -> [i8; 8] {
    // All eight at once: in each part of the word the upper half of its codes moves up, until each code has a byte of its own.
    let halve = |word: u64, codes: usize, parts: u64, half: usize| {
        let low = parts * ((1 << (codes * BITS)) - 1);
        (word & low) | ((word & (low << (codes * BITS))) << (half - codes * BITS))
    };
    let mut word = u64::from_le_bytes(word);
    word = halve(word, 4, 1, 32);
    word = halve(word, 2, u64::MAX / 0xffff_ffff, 16);
    word = halve(word, 1, u64::MAX / 0xffff, 8);
    // Less half the range, byte by byte: the highest bit keeps a borrow from the byte above.
    let each = u64::MAX / 0xff;
    let codes = ((word | (each * 0x80)) - (each << (BITS - 1))) ^ (each * 0x80);
    codes.to_le_bytes().map(|byte| byte as i8)
}
