//! Each operation gives what that of the original crate gives.

use burn_backend::{
    Backend, Shape, Slice, TensorData,
    tensor::{Device, FloatTensor},
};

/// Numbers between -1 and 1 that repeat nowhere.
fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as f32 / 2_147_483_648.0 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn tensor<B: Backend>(shape: &[usize], seed: u32) -> FloatTensor<B> {
    let data = TensorData::new(numbers(shape.iter().product(), seed), Shape::from(shape.to_vec()));
    B::float_from_data(data, &Device::<B>::default())
}

/// Shape and numbers.
fn read<B: Backend>(tensor: FloatTensor<B>) -> (Vec<usize>, Vec<f32>) {
    let data = burn_backend::read_sync(B::float_into_data(tensor)).expect("it is in memory");
    (data.shape().to_vec(), data.try_into_vec().expect("f32"))
}

/// Runs an operation on both and compares.
macro_rules! same {
    ($B:ident => $operation:expr) => {{
        fn run<$B: Backend>() -> (Vec<usize>, Vec<f32>) {
            read::<$B>($operation)
        }
        let ((shape, found), (expected_shape, expected)) = (run::<burn_flex::Flex>(), run::<original::Flex>());
        assert_eq!(shape, expected_shape);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert!(
                (found - expected).abs() <= 2e-6 * expected.abs().max(1.0),
                "{found} {expected}"
            );
        }
    }};
}

#[test]
fn pairs_of_one_shape_and_stretched_ones() {
    same!(B => B::float_add(tensor::<B>(&[2, 3, 5], 1), tensor::<B>(&[2, 3, 5], 2)));
    same!(B => B::float_sub(tensor::<B>(&[2, 3, 5], 1), tensor::<B>(&[1, 1, 5], 2)));
    same!(B => B::float_mul(tensor::<B>(&[2, 1, 5], 1), tensor::<B>(&[1, 3, 1], 2)));
    same!(B => B::float_div(tensor::<B>(&[1, 1], 1), tensor::<B>(&[4, 3], 2)));
    same!(B => B::float_mul(tensor::<B>(&[4, 3, 2], 1), tensor::<B>(&[4, 3, 1], 2)));
}

#[test]
fn shared_tensors_are_not_overwritten() {
    same!(B => {
        let x = tensor::<B>(&[3, 4], 1);
        let y = B::float_mul_scalar(x.clone(), 3.0.into());
        let z = B::float_add(x.clone(), y.clone());
        B::float_cat(vec![x, y, z], 0)
    });
}

#[test]
fn scalars_and_functions() {
    same!(B => B::float_add_scalar(tensor::<B>(&[3, 4], 1), 0.5.into()));
    same!(B => B::float_sub_scalar(tensor::<B>(&[3, 4], 1), 2.into()));
    same!(B => B::float_div_scalar(tensor::<B>(&[3, 4], 1), 3.0.into()));
    same!(B => B::float_exp(tensor::<B>(&[3, 4], 1)));
    same!(B => B::float_sqrt(B::float_clamp_min(tensor::<B>(&[3, 4], 1), 0.25.into())));
    same!(B => B::relu(tensor::<B>(&[3, 4], 1)));
}

#[test]
fn sums_means_and_rows() {
    for axis in 0..3 {
        let run = |found: (Vec<usize>, Vec<f32>), expected: (Vec<usize>, Vec<f32>)| {
            assert_eq!(found.0, expected.0);
            for (found, expected) in found.1.iter().zip(&expected.1) {
                assert!((found - expected).abs() <= 2e-6, "{found} {expected}");
            }
        };
        fn sum<B: Backend>(axis: usize) -> (Vec<usize>, Vec<f32>) {
            read::<B>(B::float_sum_dim(tensor::<B>(&[3, 7, 19], 1), axis))
        }
        fn mean<B: Backend>(axis: usize) -> (Vec<usize>, Vec<f32>) {
            read::<B>(B::float_mean_dim(tensor::<B>(&[3, 7, 19], 1), axis))
        }
        run(sum::<burn_flex::Flex>(axis), sum::<original::Flex>(axis));
        run(mean::<burn_flex::Flex>(axis), mean::<original::Flex>(axis));
    }
    same!(B => B::softmax(tensor::<B>(&[3, 19], 1), 1));
    same!(B => B::layer_norm(tensor::<B>(&[3, 19], 1), tensor::<B>(&[19], 2), Some(tensor::<B>(&[19], 3)), 1e-5));
    same!(B => B::layer_norm(tensor::<B>(&[2, 3, 8], 1), tensor::<B>(&[8], 2), None, 1e-5));
}

#[test]
fn products() {
    same!(B => B::float_matmul(tensor::<B>(&[3, 17], 1), tensor::<B>(&[17, 5], 2)));
    same!(B => B::float_matmul(tensor::<B>(&[3, 17], 1), B::float_transpose(tensor::<B>(&[5, 17], 2))));
}

#[test]
fn views() {
    same!(B => B::float_reshape(tensor::<B>(&[2, 3, 4], 1), Shape::from(vec![6, 4])));
    same!(B => B::float_swap_dims(tensor::<B>(&[2, 3, 4], 1), 0, 2));
    same!(B => B::float_permute(tensor::<B>(&[2, 3, 4, 5], 1), &[0, 2, 3, 1]));
    same!(B => B::float_expand(tensor::<B>(&[1, 3, 1], 1), Shape::from(vec![2, 3, 4])));
    same!(B => B::float_expand(tensor::<B>(&[3], 1), Shape::from(vec![2, 3])));
    same!(B => B::float_slice(tensor::<B>(&[4, 5, 6], 1), &[Slice::from(1..3), Slice::from(..), Slice::from(2..6)]));
    same!(B => B::float_slice(tensor::<B>(&[4, 5], 1), &[Slice::from(-2..-1)]));
    same!(B => B::float_cat(vec![tensor::<B>(&[2, 1, 3], 1), tensor::<B>(&[2, 4, 3], 2)], 1));
}

#[test]
fn rows_of_a_table() {
    same!(B => {
        let rows = TensorData::new(vec![3i32, 0, 4, 4, 1, 2], Shape::from(vec![2, 3]));
        B::embedding(tensor::<B>(&[5, 7], 1), B::int_from_data(rows, &Device::<B>::default()))
    });
}
