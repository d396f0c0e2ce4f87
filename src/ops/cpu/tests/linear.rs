use gamma_kernels::{Dense, matmul_transposed};
use proptest::prelude::*;

use super::oracle;

/// Rows, inputs, outputs.
fn sizes() -> impl Strategy<Value = [usize; 3]> {
    // Sizes around the tile's edges, across the panel's depth, and on both sides of what is packed as a whole or in blocks.
    let small = (
        1usize..40,
        prop_oneof![1usize..40, 500usize..530, Just(1030usize)],
        1usize..20,
    );
    let large = (215usize..240, 512usize..515, 127usize..131);
    prop_oneof![9 => small, 1 => large].prop_map(|(rows, inputs, outputs)| [rows, inputs, outputs])
}

fn close(found: &[f32], expected: &[f32], bound: f32) -> Result<(), TestCaseError> {
    prop_assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        prop_assert!((found - expected).abs() <= bound, "{found} {expected}");
    }
    Ok(())
}

proptest! {
    #[test]
    fn tiles_give_what_plain_burn_gives([rows, inputs, outputs] in sizes(), seed: u64) {
        let (x, w) = (oracle::numbers(rows * inputs, seed ^ 1), oracle::numbers(outputs * inputs, seed ^ 2));
        let dense = |values, shape| Dense { values, shape };
        let (x, epilogue) = (dense(&x, [rows, inputs]), oracle::epilogue(rows, outputs, seed));
        let expected = oracle::linear(&x, &w, &epilogue);
        let found = matmul_transposed(&x, &dense(&w, [outputs, inputs]), epilogue);
        close(&found, &expected, 2e-6 + 2e-7 * inputs as f32)?;
    }

    #[test]
    fn quantised_tiles_give_what_their_numbers_give(
        rows in 1usize..7, outputs in 1usize..20, bits in 2u32..=8, base_bits in 2u32..=8, with_base: bool, seed: u64,
        fours in prop_oneof![1usize..20, 100usize..130, Just(300usize)],
    ) {
        // Rows end on a byte whatever the bits if there are eights of columns; half bytes if bits are even.
        let even = bits % 2 == 0 && (base_bits % 2 == 0 || !with_base);
        let inputs = if even { 4 * fours } else { (4 * fours).next_multiple_of(8) };
        let groups: Vec<usize> = (1..=inputs).filter(|group| inputs % group == 0).collect();
        let group = |seed: u64| groups[seed as usize % groups.len()];
        let all = [outputs + 1, inputs];
        let base = with_base.then(|| oracle::quantized(all, base_bits, group(seed ^ 5), None, seed ^ 6));
        let (matrix, weights) = oracle::quantized(all, bits, group(seed), base, seed);
        prop_assert_eq!(&matrix.dequantize(), &weights);
        let x = oracle::numbers(rows * inputs, seed ^ 1);
        let (x, epilogue) = (Dense { values: &x, shape: [rows, inputs] }, oracle::epilogue(rows, outputs, seed));
        let expected = oracle::linear(&x, &weights[inputs..], &epilogue);
        let found = matmul_transposed(&x, &matrix.slice_rows(1..outputs + 1), epilogue);
        close(&found, &expected, 2e-6 + 4e-7 * inputs as f32)?;
    }
}
