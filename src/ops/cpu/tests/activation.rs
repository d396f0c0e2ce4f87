use burn::tensor::{Device, Tensor, TensorData};
use proptest::{collection::vec, prelude::*};

use crate::ops::reference;

proptest! {
    #[test]
    fn it_gives_what_plain_burn_gives(values in vec(-60.0f32..60.0, 1..40)) {
        let data = TensorData::new(values.clone(), [values.len()]);
        let expected = reference::quick_gelu(Tensor::<1>::from_data(data, &Device::flex()));
        let expected = expected.into_data().try_into_vec::<f32>().expect("f32");
        let mut found = values;
        gamma_kernels::quick_gelu(&mut found);
        for (found, expected) in found.iter().zip(&expected) {
            prop_assert!((found - expected).abs() <= 1e-6 * expected.abs().max(1.0), "{found} {expected}");
        }
    }
}
