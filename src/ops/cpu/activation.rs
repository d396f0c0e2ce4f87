//! QuickGELU in place.

use super::{
    exp::exp,
    lanes::{add, divide, load, multiply_add, splat, store},
};

/// `v * sigmoid(1.702 v)` for each number.
#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
pub(super) fn quick_gelu(values: &mut [f32]) {
    let (fours, rest) = values.as_chunks_mut::<4>();
    for four in fours {
        *four = gelu(*four);
    }
    let mut last = [0.0; 4];
    last[..rest.len()].copy_from_slice(rest);
    rest.copy_from_slice(&gelu(last)[..rest.len()]);
}

#[cfg_attr(
    all(target_arch = "wasm32", feature = "relaxed-simd"),
    target_feature(enable = "relaxed-simd")
)]
#[inline]
fn gelu(four: [f32; 4]) -> [f32; 4] {
    let v = load(&four);
    let e = exp(multiply_add(v, splat(-1.702), splat(0.0)));
    store(divide(v, add(e, splat(1.0))))
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor, TensorData};
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::ops::reference;

    proptest! {
        #[test]
        fn it_gives_what_plain_burn_gives(values in vec(-60.0f32..60.0, 1..40)) {
            let data = TensorData::new(values.clone(), [values.len()]);
            let expected = reference::quick_gelu(Tensor::<1>::from_data(data, &Device::flex()));
            let expected = expected.into_data().try_into_vec::<f32>().expect("f32");
            let mut found = values;
            quick_gelu(&mut found);
            for (found, expected) in found.iter().zip(&expected) {
                prop_assert!((found - expected).abs() <= 1e-6 * expected.abs().max(1.0), "{found} {expected}");
            }
        }
    }
}
