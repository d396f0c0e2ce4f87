//! Four 32-bit sums of products of bytes: the relaxed dot product of WebAssembly, and plain arrays elsewhere.

#[cfg(not(all(target_arch = "wasm32", feature = "relaxed-simd")))]
pub(super) use portable::{Integers, dot, load, splat, to_floats, zero};
#[cfg(all(target_arch = "wasm32", feature = "relaxed-simd"))]
pub(super) use relaxed::{Integers, dot, load, splat, to_floats, zero};

#[cfg(all(target_arch = "wasm32", feature = "relaxed-simd"))]
mod relaxed {
    use core::arch::wasm32::*;

    pub type Integers = v128;

    #[inline(always)]
    pub fn zero() -> Integers {
        i32x4_splat(0)
    }

    /// Four words of four bytes.
    #[inline(always)]
    pub fn load(words: &[u32; 4]) -> Integers {
        u32x4(words[0], words[1], words[2], words[3])
    }

    /// The same word four times.
    #[inline(always)]
    pub fn splat(word: u32) -> Integers {
        u32x4_splat(word)
    }

    /// Adds to each sum the products of four signed bytes with four bytes from 0 to 127: exact on every processor, as the
    /// sum of two products stays within 16 bits.
    #[inline]
    #[target_feature(enable = "relaxed-simd")]
    pub fn dot(signed: Integers, small: Integers, sums: Integers) -> Integers {
        i32x4_relaxed_dot_i8x16_i7x16_add(signed, small, sums)
    }

    #[inline(always)]
    pub fn to_floats(sums: Integers) -> v128 {
        f32x4_convert_i32x4(sums)
    }
}

#[cfg(not(all(target_arch = "wasm32", feature = "relaxed-simd")))]
mod portable {
    use crate::ops::cpu::lanes::{self, Lanes};

    pub type Integers = [i32; 4];

    pub fn zero() -> Integers {
        [0; 4]
    }

    /// Four words of four bytes.
    pub fn load(words: &[u32; 4]) -> Integers {
        words.map(|word| word as i32)
    }

    /// The same word four times.
    pub fn splat(word: u32) -> Integers {
        [word as i32; 4]
    }

    /// Adds to each sum the products of four signed bytes with four bytes from 0 to 127.
    pub fn dot(signed: Integers, small: Integers, sums: Integers) -> Integers {
        std::array::from_fn(|lane| {
            let products = signed[lane].to_le_bytes().into_iter().zip(small[lane].to_le_bytes());
            products.fold(sums[lane], |sum, (signed, small)| {
                sum + i32::from(signed as i8) * i32::from(small)
            })
        })
    }

    pub fn to_floats(sums: Integers) -> Lanes {
        lanes::load(&sums.map(|sum| sum as f32))
    }
}
