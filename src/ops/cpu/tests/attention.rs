use burn::tensor::{Device, Tensor, TensorData};
use gamma_kernels::{Sizes, attention};
use proptest::prelude::*;

use crate::ops::reference;

fn numbers(length: usize, seed: u32, spread: f32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 8) as f32 / (1 << 24) as f32 - 0.5) * spread
    };
    (0..length).map(|_| next()).collect()
}

proptest! {
    #[test]
    fn it_gives_what_plain_burn_gives(
        batch in 1usize..3, queries in 1usize..12, more in 0usize..30, heads in 1usize..3,
        head in prop_oneof![Just(64usize), 1usize..20], masked in any::<bool>(), seed in any::<u32>(),
    ) {
        let tokens = queries + more;
        let sizes = Sizes { queries, tokens, heads, head };
        let width = heads * head;
        let q = numbers(batch * queries * width, seed, 8.0);
        let key_value = numbers(batch * tokens * 2 * width, seed ^ 1, 8.0);
        let mask = masked.then(|| {
            let far = |query: usize, token: usize| if token > query + more { -1e9 } else { 0.0 };
            (0..queries).flat_map(|query| (0..tokens).map(move |token| far(query, token))).collect::<Vec<f32>>()
        });
        let device = Device::flex();
        let tensor = |values: Vec<f32>, rows, width| {
            Tensor::<3>::from_data(TensorData::new(values, [batch, rows, width]), &device)
        };
        let expected = reference::attention(
            tensor(q.clone(), queries, width),
            tensor(key_value.clone(), tokens, 2 * width),
            heads,
            mask.clone().map(|mask| Tensor::from_data(TensorData::new(mask, [queries, tokens]), &device)),
        );
        let expected = expected.into_data().try_into_vec::<f32>().expect("f32");
        let found = attention(&q, &key_value, mask.as_deref(), sizes);
        prop_assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            // Scores reach some 60 here, which rounding moves by a few 1e-6 on either side; values reach 4.
            prop_assert!((found - expected).abs() <= 4e-5, "{found} {expected}");
        }
    }
}
