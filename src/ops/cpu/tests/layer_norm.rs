use burn::tensor::{Device, Tensor, TensorData, module};
use proptest::prelude::*;

use super::oracle;

proptest! {
    #[test]
    fn it_gives_what_plain_burn_gives(rows in 1usize..9, width in 1usize..70, middle in -9.0f32..9.0, seed: u64) {
        let mut values = oracle::numbers(rows * width, seed);
        values.iter_mut().for_each(|value| *value += middle);
        let (gain, offset) = (oracle::numbers(width, seed ^ 1), oracle::numbers(width, seed ^ 2));
        let vector = |values: &[f32]| {
            Tensor::<1>::from_data(TensorData::new(values.to_vec(), [values.len()]), &Device::flex())
        };
        let x = Tensor::<2>::from_data(TensorData::new(values.clone(), [rows, width]), &Device::flex());
        let expected = module::layer_norm(x, vector(&gain), Some(vector(&offset)), 1e-5);
        let expected = expected.into_data().try_into_vec::<f32>().expect("f32");
        let found = gamma_kernels::layer_norm(values, &gain, &offset, 1e-5);
        for (found, expected) in found.iter().zip(&expected) {
            // Of numbers around 9 the last digit is worth 1e-6, which a small deviation makes larger.
            prop_assert!((found - expected).abs() <= 2e-4, "{found} {expected}");
        }
    }
}
