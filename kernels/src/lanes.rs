//! Four `f32` in a register: WebAssembly SIMD, with the fused multiply-add of relaxed SIMD where the module may use it,
//! and plain arrays elsewhere.

#[cfg(not(target_arch = "wasm32"))]
pub(super) use portable::{
    Lanes, add, bytes, clamp, divide, load, maximum, minimum, multiply, multiply_add, nearest, power_of_two, splat,
    store, subtract, transpose, widened, zero,
};
#[cfg(target_arch = "wasm32")]
pub(super) use wasm::{
    Lanes, add, bytes, clamp, divide, load, maximum, minimum, multiply, multiply_add, nearest, power_of_two, splat,
    store, subtract, transpose, widened, zero,
};

#[cfg(target_arch = "wasm32")]
mod wasm {
    use core::arch::wasm32::*;

    pub type Lanes = v128;

    #[inline(always)]
    pub fn zero() -> Lanes {
        f32x4_splat(0.0)
    }

    #[inline(always)]
    pub fn splat(value: f32) -> Lanes {
        f32x4_splat(value)
    }

    #[inline(always)]
    pub fn load(values: &[f32; 4]) -> Lanes {
        f32x4(values[0], values[1], values[2], values[3])
    }

    #[inline(always)]
    pub fn store(lanes: Lanes) -> [f32; 4] {
        [
            f32x4_extract_lane::<0>(lanes),
            f32x4_extract_lane::<1>(lanes),
            f32x4_extract_lane::<2>(lanes),
            f32x4_extract_lane::<3>(lanes),
        ]
    }

    #[inline(always)]
    pub fn add(a: Lanes, b: Lanes) -> Lanes {
        f32x4_add(a, b)
    }

    #[inline(always)]
    pub fn subtract(a: Lanes, b: Lanes) -> Lanes {
        f32x4_sub(a, b)
    }

    #[inline(always)]
    pub fn divide(a: Lanes, b: Lanes) -> Lanes {
        f32x4_div(a, b)
    }

    /// Rounded towards 0; what is outside of a byte's range becomes 0 or 255.
    #[inline(always)]
    pub fn bytes(a: Lanes) -> [u8; 4] {
        let whole = i32x4_trunc_sat_f32x4(a);
        let words = i16x8_narrow_i32x4(whole, whole);
        i32x4_extract_lane::<0>(u8x16_narrow_i16x8(words, words)).to_le_bytes()
    }

    #[inline(always)]
    pub fn widened(bytes: &[u8; 8]) -> [Lanes; 2] {
        let words = u16x8_extend_low_u8x16(i64x2(i64::from_le_bytes(*bytes), 0));
        [u32x4_extend_low_u16x8(words), u32x4_extend_high_u16x8(words)].map(|whole| f32x4_convert_i32x4(whole))
    }

    #[inline(always)]
    pub fn multiply(a: Lanes, b: Lanes) -> Lanes {
        f32x4_mul(a, b)
    }

    #[inline(always)]
    pub fn maximum(a: Lanes, b: Lanes) -> Lanes {
        f32x4_pmax(a, b)
    }

    #[inline(always)]
    pub fn minimum(a: Lanes, b: Lanes) -> Lanes {
        f32x4_pmin(a, b)
    }

    #[inline(always)]
    pub fn clamp(a: Lanes, low: f32, high: f32) -> Lanes {
        f32x4_pmin(f32x4_splat(high), f32x4_pmax(f32x4_splat(low), a))
    }

    #[inline(always)]
    pub fn nearest(a: Lanes) -> Lanes {
        f32x4_nearest(a)
    }

    /// 2 to the power of whole numbers from -126 to 127.
    #[inline(always)]
    pub fn power_of_two(whole: Lanes) -> Lanes {
        i32x4_shl(i32x4_add(i32x4_trunc_sat_f32x4(whole), i32x4_splat(127)), 23)
    }

    /// Rows to columns.
    #[inline(always)]
    pub fn transpose([a, b, c, d]: [Lanes; 4]) -> [Lanes; 4] {
        let (ab_low, ab_high) = (i32x4_shuffle::<0, 4, 1, 5>(a, b), i32x4_shuffle::<2, 6, 3, 7>(a, b));
        let (cd_low, cd_high) = (i32x4_shuffle::<0, 4, 1, 5>(c, d), i32x4_shuffle::<2, 6, 3, 7>(c, d));
        [
            i64x2_shuffle::<0, 2>(ab_low, cd_low),
            i64x2_shuffle::<1, 3>(ab_low, cd_low),
            i64x2_shuffle::<0, 2>(ab_high, cd_high),
            i64x2_shuffle::<1, 3>(ab_high, cd_high),
        ]
    }

    /// `a * b + c`
    #[cfg(feature = "relaxed-simd")]
    #[inline]
    #[target_feature(enable = "relaxed-simd")]
    pub fn multiply_add(a: Lanes, b: Lanes, c: Lanes) -> Lanes {
        f32x4_relaxed_madd(a, b, c)
    }

    /// `a * b + c`
    #[cfg(not(feature = "relaxed-simd"))]
    #[inline(always)]
    pub fn multiply_add(a: Lanes, b: Lanes, c: Lanes) -> Lanes {
        f32x4_add(f32x4_mul(a, b), c)
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod portable {
    pub type Lanes = [f32; 4];

    pub fn zero() -> Lanes {
        [0.0; 4]
    }

    pub fn splat(value: f32) -> Lanes {
        [value; 4]
    }

    pub fn load(values: &[f32; 4]) -> Lanes {
        *values
    }

    pub fn store(lanes: Lanes) -> [f32; 4] {
        lanes
    }

    pub fn add(a: Lanes, b: Lanes) -> Lanes {
        std::array::from_fn(|lane| a[lane] + b[lane])
    }

    pub fn subtract(a: Lanes, b: Lanes) -> Lanes {
        std::array::from_fn(|lane| a[lane] - b[lane])
    }

    /// Rounded towards 0; what is outside of a byte's range becomes 0 or 255.
    pub fn bytes(a: Lanes) -> [u8; 4] {
        a.map(|value| value as u8)
    }

    pub fn widened(bytes: &[u8; 8]) -> [Lanes; 2] {
        std::array::from_fn(|half| std::array::from_fn(|lane| f32::from(bytes[4 * half + lane])))
    }

    pub fn divide(a: Lanes, b: Lanes) -> Lanes {
        std::array::from_fn(|lane| a[lane] / b[lane])
    }

    pub fn multiply(a: Lanes, b: Lanes) -> Lanes {
        std::array::from_fn(|lane| a[lane] * b[lane])
    }

    pub fn maximum(a: Lanes, b: Lanes) -> Lanes {
        std::array::from_fn(|lane| a[lane].max(b[lane]))
    }

    pub fn minimum(a: Lanes, b: Lanes) -> Lanes {
        std::array::from_fn(|lane| a[lane].min(b[lane]))
    }

    pub fn clamp(a: Lanes, low: f32, high: f32) -> Lanes {
        a.map(|value| value.clamp(low, high))
    }

    pub fn nearest(a: Lanes) -> Lanes {
        a.map(f32::round_ties_even)
    }

    /// 2 to the power of whole numbers from -126 to 127.
    pub fn power_of_two(whole: Lanes) -> Lanes {
        whole.map(|whole| f32::from_bits(((whole as i32 + 127) << 23) as u32))
    }

    /// Rows to columns.
    pub fn transpose(rows: [Lanes; 4]) -> [Lanes; 4] {
        std::array::from_fn(|column| rows.map(|row| row[column]))
    }

    pub fn multiply_add(a: Lanes, b: Lanes, c: Lanes) -> Lanes {
        std::array::from_fn(|lane| a[lane] * b[lane] + c[lane])
    }
}
