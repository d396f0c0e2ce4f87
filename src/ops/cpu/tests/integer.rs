use gamma_kernels::{Codes, Dense, Epilogue, multiply_in_7_bits, multiply_in_15_bits, span};
use proptest::prelude::*;

use super::oracle;

type Multiply = fn(&Dense<'_>, &dyn Codes, Epilogue) -> Result<Vec<f32>, Epilogue>;

/// Each way to multiply, with its highest code.
const WAYS: [(Multiply, f32); 2] = [(multiply_in_7_bits, 127.0), (multiply_in_15_bits, 32767.0)];

/// A product in whole numbers is off by no more than the rounding of `x` can make it.
fn check(
    (multiply, top): (Multiply, f32),
    [rows, inputs, outputs]: [usize; 3],
    bits: u32,
    group: usize,
    seed: u64,
) -> Result<(), TestCaseError> {
    let (matrix, weights) = oracle::quantized([outputs + 1, inputs], bits, group, None, seed);
    let weights = &weights[inputs..];
    // Rows of different sizes, far from zero and around it, and one that is the same everywhere.
    let mut values = oracle::numbers(rows * inputs, seed ^ 1);
    for (row, values) in values.chunks_exact_mut(inputs).enumerate() {
        let (size, middle) = [(1.0, 0.0), (40.0, 3.0), (0.01, -1.0), (0.0, 0.7)][(row + seed as usize) % 4];
        values.iter_mut().for_each(|value| *value = *value * size + middle);
    }
    let x = Dense {
        values: &values,
        shape: [rows, inputs],
    };
    let epilogue = oracle::epilogue(rows, outputs, seed);
    let expected = oracle::linear(&x, weights, &epilogue);
    let found = multiply(&x, &matrix.slice_rows(1..outputs + 1), epilogue).expect("groups that suit");
    prop_assert_eq!(found.len(), expected.len());
    let span = span(group).expect("groups that suit");
    for (row, values) in values.chunks_exact(inputs).enumerate() {
        for (output, weights) in weights.chunks_exact(inputs).enumerate() {
            let groups = values.chunks_exact(span).zip(weights.chunks_exact(span));
            // Half a step for each number, and the digits that sums in single precision lose.
            let bound: f32 = groups
                .map(|(x, w)| {
                    let (low, high) = x.iter().fold((f32::MAX, f32::MIN), |(a, b), &v| (a.min(v), b.max(v)));
                    let step = (high - low) / top;
                    let size = low.abs().max(high.abs());
                    w.iter().map(|w| w.abs()).sum::<f32>() * (0.5 * step + 2e-6 * size)
                })
                .sum();
            let (found, expected) = (found[row * outputs + output], expected[row * outputs + output]);
            // QuickGELU is nowhere steeper than 1.1.
            prop_assert!(
                (found - expected).abs() <= 1.1 * bound + 1e-5,
                "{found} {expected} {bound}"
            );
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn products_of_codes_are_those_of_plain_burn_within_the_rounding_of_x(
        rows in 1usize..14, outputs in 1usize..20, groups in 1usize..5, bits in 2u32..=8, seed: u64,
        way in prop::sample::select(WAYS.to_vec()),
        group in prop::sample::select(vec![32usize, 36, 64, 96, 128, 192, 252, 320]),
    ) {
        let inputs = if bits % 2 == 0 { groups * group } else { 2 * groups * group };
        check(way, [rows, inputs, outputs], bits, group, seed)?;
    }
}

#[test]
fn whole_numbers_from_0_to_127_lose_nothing() {
    let values: Vec<f32> = (0..64).map(|i| [0.0, 127.0, 3.0, 64.0][i % 4]).collect();
    let (matrix, weights) = oracle::quantized([1, 64], 8, 32, None, 1);
    let exact: f64 = values
        .iter()
        .zip(&weights)
        .map(|(&x, &w)| f64::from(x) * f64::from(w))
        .sum();
    let x = Dense {
        values: &values,
        shape: [1, 64],
    };
    let found = multiply_in_7_bits(&x, &matrix, Epilogue::default()).expect("groups that suit");
    assert!(
        (f64::from(found[0]) - exact).abs() <= 1e-6 * exact.abs(),
        "{found:?} {exact}"
    );
}

#[test]
fn differences_and_groups_that_do_not_suit_are_left_to_others() {
    let x = Dense {
        values: &[0.0; 64],
        shape: [1, 64],
    };
    for group in [1, 16, 2] {
        let (matrix, _) = oracle::quantized([1, 64], 8, group, None, 1);
        assert!(multiply_in_7_bits(&x, &matrix, Epilogue::default()).is_err());
    }
    let base = oracle::quantized([1, 64], 8, 64, None, 1);
    let (matrix, _) = oracle::quantized([1, 64], 8, 64, Some(base), 2);
    assert!(matrix.without_base().is_none());
}
