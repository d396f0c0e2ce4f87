//! Four `f32` in a register: WebAssembly SIMD, with the fused multiply-add of relaxed SIMD where the module may use it,
//! and plain arrays elsewhere.

#[cfg(not(target_arch = "wasm32"))]
pub(super) use portable::{Lanes, load, multiply_add, splat, store, zero};
#[cfg(target_arch = "wasm32")]
pub(super) use wasm::{Lanes, load, multiply_add, splat, store, zero};

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

    pub fn multiply_add(a: Lanes, b: Lanes, c: Lanes) -> Lanes {
        std::array::from_fn(|lane| a[lane] * b[lane] + c[lane])
    }
}
