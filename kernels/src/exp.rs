//! `exp` of four numbers at once: the browser has no instruction for it, and a call for each number would cost more than
//! the products around it.

use super::lanes::{Lanes, add, clamp, multiply_add, nearest, power_of_two, splat};

/// ln 2 in two parts: the product of the first with a whole number up to 128 is exact.
const LN_2: [f32; 2] = [355.0 / 512.0, -2.121_944_4e-4];
/// Coefficients of Cephes' `expf` for `(exp(r) - 1 - r) / r^2` on `|r| <= ln 2 / 2`, highest first.
const POLYNOMIAL: [f32; 6] = [
    1.987_569_1e-4,
    1.398_2e-3,
    8.333_452e-3,
    4.166_579_6e-2,
    1.666_666_5e-1,
    0.5,
];
/// Below this the result is no normal number any more, above that it overflows.
const RANGE: [f32; 2] = [-87.3, 88.0];

/// `exp(x)` within 2e-7 of its value; `x` is clamped to -87.3..88.
#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
#[inline]
pub(super) fn exp(x: Lanes) -> Lanes {
    let x = clamp(x, RANGE[0], RANGE[1]);
    let whole = nearest(multiply_add(x, splat(std::f32::consts::LOG2_E), splat(0.0)));
    let rest = multiply_add(whole, splat(-LN_2[0]), x);
    let rest = multiply_add(whole, splat(-LN_2[1]), rest);
    let [first, others @ ..] = POLYNOMIAL;
    let sum = others
        .iter()
        .fold(splat(first), |sum, &c| multiply_add(sum, rest, splat(c)));
    let squared = multiply_add(rest, rest, splat(0.0));
    let one_plus = add(rest, splat(1.0));
    multiply_add(multiply_add(sum, squared, one_plus), power_of_two(whole), splat(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::{load, store};

    #[test]
    fn four_numbers_agree_with_the_standard_library() {
        for step in -8800..8810 {
            let x = step as f32 / 100.0;
            let found = store(exp(load(&[x, x + 0.003, x - 0.004, -x])));
            for (found, x) in found.iter().zip([x, x + 0.003, x - 0.004, -x]) {
                let expected = f64::from(x.clamp(RANGE[0], RANGE[1])).exp();
                let error = (f64::from(*found) - expected).abs() / expected;
                assert!(error < 2e-7, "exp({x}) is {found}, off by {error}");
            }
        }
    }
}
