//! Correlations: Pearson's of the values, Spearman's and Kendall's of their ranks. Equal values share a rank, so that the
//! order in which photos come changes nothing.
//!
//! All of them take two slices of one length (what one has more is ignored), expect finite values, and give -1 to 1,
//! or nothing where they are not defined: below two values, or if all values of a side are equal.

use std::cmp::Ordering;

/// Ranks from 1 to n; values that are equal share the mean of the ranks that they take up.
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut taken = 0;
    for ties in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = taken as f64 + (ties.len() + 1) as f64 / 2.0;
        ties.iter().for_each(|&at| ranks[at] = rank);
        taken += ties.len();
    }
    ranks
}

/// Pearson's correlation (PLCC): how close the pairs lie to a line.
pub fn pearson(x: &[f64], y: &[f64]) -> Option<f64> {
    let n = x.len().min(y.len());
    let (x, y) = (x.get(..n)?, y.get(..n)?);
    // A mean of equal numbers may differ from them in its last bit, which would pass for a variance.
    let constant = |values: &[f64]| values.iter().all(|value| Some(value) == values.first());
    if constant(x) || constant(y) {
        return None;
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / n as f64;
    let (mean_x, mean_y) = (mean(x), mean(y));
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        let (x, y) = (x - mean_x, y - mean_y);
        xx += x * x;
        yy += y * y;
        xy += x * y;
    }
    // The root of the product, so that a perfect correlation is 1 to the last bit. It is out of range for numbers beyond
    // 1e75 or so, which no score and no label is.
    let spread = (xx * yy).sqrt();
    spread.is_normal().then(|| (xy / spread).clamp(-1.0, 1.0))
}

/// Spearman's correlation (SRCC): Pearson's of the ranks.
pub fn spearman(x: &[f64], y: &[f64]) -> Option<f64> {
    pearson(&ranks(x), &ranks(y))
}

/// Kendall's correlation (KRCC), tau-b, which corrects for ties: how many more pairs stand in the same order than in the
/// opposite one. By Knight's method (Journal of the American Statistical Association 61, 1966) in n log n steps.
pub fn kendall(x: &[f64], y: &[f64]) -> Option<f64> {
    let mut pairs: Vec<(f64, f64)> = ranks(x).into_iter().zip(ranks(y)).collect();
    pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let all = choose_two(pairs.len());
    let tied_x = ties(&pairs, |a, b| a.0 == b.0);
    let tied_both = ties(&pairs, |a, b| a == b);
    let mut y: Vec<f64> = pairs.into_iter().map(|(_, y)| y).collect();
    let discordant = sort_counting(&mut y);
    let tied_y = ties(&y, |a, b| a == b);
    let untied = ((all - tied_x) as f64 * (all - tied_y) as f64).sqrt();
    let difference = (all - tied_x + tied_both - tied_y) as f64 - 2.0 * discordant as f64;
    (untied > 0.0).then(|| (difference / untied).clamp(-1.0, 1.0))
}

/// Pairs among `count` things.
fn choose_two(count: usize) -> u64 {
    let count = count as u64;
    count * count.saturating_sub(1) / 2
}

/// Pairs of a sorted list that are equal.
fn ties<T>(sorted: &[T], equal: impl Fn(&T, &T) -> bool) -> u64 {
    sorted.chunk_by(equal).map(|tied| choose_two(tied.len())).sum()
}

/// Sorts by merging, and counts the pairs that stood in the opposite order.
fn sort_counting(values: &mut [f64]) -> u64 {
    let (left, right) = values.split_at_mut(values.len() / 2);
    if left.is_empty() {
        return 0;
    }
    let mut inversions = sort_counting(left) + sort_counting(right);
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let mut taken = 0;
    for &value in left.iter() {
        while let Some(&smaller) = right
            .get(taken)
            .filter(|other| other.total_cmp(&value) == Ordering::Less)
        {
            merged.push(smaller);
            taken += 1;
        }
        merged.push(value);
        inversions += taken as u64;
    }
    merged.extend_from_slice(&right[taken..]);
    values.copy_from_slice(&merged);
    inversions
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Kendall's tau-b as its definition says: over all pairs.
    fn kendall_by_pairs(x: &[f64], y: &[f64]) -> Option<f64> {
        let sign = |difference: f64| if difference == 0.0 { 0.0 } else { difference.signum() };
        let (mut both, mut of_x, mut of_y) = (0.0, 0.0, 0.0);
        for i in 0..x.len() {
            for j in 0..i {
                let (a, b) = (sign(x[i] - x[j]), sign(y[i] - y[j]));
                both += a * b;
                of_x += a * a;
                of_y += b * b;
            }
        }
        (of_x > 0.0 && of_y > 0.0).then(|| both / (of_x * of_y).sqrt())
    }

    /// Few different values, so that many are tied.
    fn tied_pairs() -> impl Strategy<Value = Vec<(i8, i8)>> {
        prop::collection::vec((-6_i8..6, -6_i8..6), 0..60)
    }

    fn sides(pairs: &[(i8, i8)]) -> (Vec<f64>, Vec<f64>) {
        pairs.iter().map(|&(x, y)| (f64::from(x), f64::from(y))).unzip()
    }

    fn close(a: Option<f64>, b: Option<f64>) -> bool {
        match (a, b) {
            (Some(a), Some(b)) => (a - b).abs() < 1e-12,
            _ => a.is_none() && b.is_none(),
        }
    }

    #[test]
    fn equal_values_share_their_mean_rank() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, -0.0, 0.0]), [4.5, 3.0, 4.5, 1.5, 1.5]);
        assert_eq!(ranks(&[]), [0.0; 0]);
    }

    #[test]
    fn nothing_is_said_where_nothing_can_be() {
        for correlation in [pearson, spearman, kendall] {
            assert_eq!(correlation(&[], &[]), None);
            assert_eq!(correlation(&[1.0], &[2.0]), None);
            assert_eq!(correlation(&[0.1; 3], &[1.0, 2.0, 3.0]), None);
            assert_eq!(correlation(&[1.0, 2.0, 3.0], &[0.1; 3]), None);
            assert_eq!(correlation(&[1.0, 2.0], &[5.0, 4.0]), Some(-1.0));
        }
    }

    proptest! {
        #[test]
        fn kendall_is_what_counting_all_pairs_gives(pairs in tied_pairs()) {
            let (x, y) = sides(&pairs);
            prop_assert!(close(kendall(&x, &y), kendall_by_pairs(&x, &y)));
        }

        #[test]
        fn ranks_do_not_care_how_far_apart_values_are(pairs in tied_pairs()) {
            let (x, y) = sides(&pairs);
            let stretched: Vec<f64> = x.iter().map(|x| x.exp() * 7.0 - 2.0).collect();
            prop_assert_eq!(spearman(&x, &y), spearman(&stretched, &y));
            prop_assert_eq!(kendall(&x, &y), kendall(&stretched, &y));
        }

        #[test]
        fn turning_one_side_turns_the_sign(pairs in tied_pairs()) {
            let (x, y) = sides(&pairs);
            let turned: Vec<f64> = y.iter().map(|y| -y).collect();
            for correlation in [pearson, spearman, kendall] {
                prop_assert!(close(correlation(&x, &turned), correlation(&x, &y).map(|value| -value)));
            }
        }

        #[test]
        fn the_order_of_photos_and_of_the_sides_changes_nothing(pairs in tied_pairs(), by in 0_usize..60) {
            let mut other = pairs.clone();
            other.rotate_left(by.min(pairs.len()));
            let ((x, y), (other_x, other_y)) = (sides(&pairs), sides(&other));
            for correlation in [pearson, spearman, kendall] {
                prop_assert!(close(correlation(&x, &y), correlation(&other_y, &other_x)));
            }
        }
    }
}
