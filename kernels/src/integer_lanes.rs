//! Four 32-bit sums of products of small whole numbers, which lie side by side in words of 32 bits: four numbers of 8 bits
//! a word for the relaxed dot product of WebAssembly, two of 16 bits for the dot product that every browser has. Plain arrays elsewhere.

#[cfg(not(target_arch = "wasm32"))]
pub(super) use portable::{Integers, dot, load, put_codes, splat, to_floats, zero};
#[cfg(target_arch = "wasm32")]
pub(super) use wasm::{Integers, dot, load, put_codes, splat, to_floats, zero};

/// Bytes in a word.
pub(super) const BYTES: usize = 4;
/// Numbers of 16 bits in a word.
pub(super) const SHORTS: usize = 2;

/// `WORD` codes of weights in a word.
#[inline(always)]
pub(super) fn word<const WORD: usize>(codes: &[i8; WORD]) -> u32 {
    match codes.first_chunk::<BYTES>() {
        Some(codes) => u32::from_le_bytes(codes.map(|code| code as u8)),
        None => {
            let short = |at: usize| u32::from(i16::from(codes[at]) as u16);
            short(0) | short(1) << 16
        }
    }
}

#[cfg(target_arch = "wasm32")]
mod wasm {
    use core::arch::wasm32::*;

    use super::{super::lanes::Lanes, BYTES};

    pub type Integers = v128;

    #[inline(always)]
    pub fn zero() -> Integers {
        i32x4_splat(0)
    }

    /// Four words.
    #[inline(always)]
    pub fn load(words: &[u32; 4]) -> Integers {
        u32x4(words[0], words[1], words[2], words[3])
    }

    /// The same word four times.
    #[inline(always)]
    pub fn splat(word: u32) -> Integers {
        u32x4_splat(word)
    }

    #[inline(always)]
    pub fn to_floats(sums: Integers) -> Lanes {
        f32x4_convert_i32x4(sums)
    }

    /// Puts four whole numbers that are not negative in place `row` of words of `WORD` numbers.
    #[inline(always)]
    pub fn put_codes<const WORD: usize, const N: usize>(codes: Lanes, words: &mut [[u32; N]], row: usize) {
        let codes = i32x4_trunc_sat_f32x4(codes);
        let shorts = i16x8_narrow_i32x4(codes, codes);
        if let ([word], BYTES) = (&mut *words, WORD) {
            word[row] = u32x4_extract_lane::<0>(u8x16_narrow_i16x8(shorts, shorts));
        } else if let [first, second] = words {
            first[row] = u32x4_extract_lane::<0>(shorts);
            second[row] = u32x4_extract_lane::<1>(shorts);
        }
    }

    /// Adds to each sum the products of the numbers in a word of weights and a word of codes. Bytes: the weights have a sign, the
    /// codes are 0 to 127, and the result is exact on every processor, as the sum of two products stays within 16 bits.
    #[cfg(feature = "relaxed-simd")]
    #[inline]
    #[target_feature(enable = "relaxed-simd")]
    pub fn dot<const WORD: usize>(weights: Integers, codes: Integers, sums: Integers) -> Integers {
        if WORD == BYTES {
            i32x4_relaxed_dot_i8x16_i7x16_add(weights, codes, sums)
        } else {
            i32x4_add(i32x4_dot_i16x8(weights, codes), sums)
        }
    }

    /// Adds to each sum the products of the numbers in a word of weights and a word of codes.
    #[cfg(not(feature = "relaxed-simd"))]
    #[inline(always)]
    pub fn dot<const WORD: usize>(weights: Integers, codes: Integers, sums: Integers) -> Integers {
        if WORD == BYTES {
            let low = i16x8_extmul_low_i8x16(weights, codes);
            let high = i16x8_extmul_high_i8x16(weights, codes);
            let pairs = [i32x4_extadd_pairwise_i16x8(low), i32x4_extadd_pairwise_i16x8(high)];
            let even = i32x4_shuffle::<0, 2, 4, 6>(pairs[0], pairs[1]);
            let odd = i32x4_shuffle::<1, 3, 5, 7>(pairs[0], pairs[1]);
            i32x4_add(i32x4_add(even, odd), sums)
        } else {
            i32x4_add(i32x4_dot_i16x8(weights, codes), sums)
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod portable {
    use super::{
        super::lanes::{self, Lanes},
        BYTES,
    };

    pub type Integers = [i32; 4];

    pub fn zero() -> Integers {
        [0; 4]
    }

    /// Four words.
    pub fn load(words: &[u32; 4]) -> Integers {
        words.map(|word| word as i32)
    }

    /// The same word four times.
    pub fn splat(word: u32) -> Integers {
        [word as i32; 4]
    }

    pub fn to_floats(sums: Integers) -> Lanes {
        lanes::load(&sums.map(|sum| sum as f32))
    }

    /// Puts four whole numbers that are not negative in place `row` of words of `WORD` numbers.
    pub fn put_codes<const WORD: usize, const N: usize>(codes: Lanes, words: &mut [[u32; N]], row: usize) {
        let codes = lanes::store(codes).map(|code| code as u32);
        for (word, codes) in words.iter_mut().zip(codes.chunks_exact(WORD)) {
            let bits = 32 / WORD;
            word[row] = (0..WORD).fold(0, |word, at| word | codes[at] << (at * bits));
        }
    }

    /// Adds to each sum the products of the numbers in a word of weights and a word of codes. Bytes: the weights have a sign, the
    /// codes are 0 to 127.
    pub fn dot<const WORD: usize>(weights: Integers, codes: Integers, sums: Integers) -> Integers {
        std::array::from_fn(|lane| {
            let (weight, code) = (weights[lane].to_le_bytes(), codes[lane].to_le_bytes());
            let short = |bytes: [u8; 4], at: usize| i32::from(i16::from_le_bytes([bytes[2 * at], bytes[2 * at + 1]]));
            let product = |at: usize| match WORD {
                BYTES => i32::from(weight[at] as i8) * i32::from(code[at]),
                _ => short(weight, at) * short(code, at),
            };
            (0..WORD).fold(sums[lane], |sum, at| sum + product(at))
        })
    }
}
