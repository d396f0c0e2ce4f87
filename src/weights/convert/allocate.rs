//! How many bits each matrix gets: the least error within a number of bytes, or the fewest bytes within an error.

/// One way to store a matrix.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    /// Bits of a code.
    pub bits: u32,
    /// Whether the difference to another matrix is stored.
    pub difference: bool,
    /// Whether scales are F16.
    pub half_scales: bool,
    /// Bytes of codes and scales.
    pub bytes: u64,
    /// Its share of the model's error.
    pub error: f64,
}

/// What the choices together have to keep to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// The least error in at most so many bytes.
    Bytes(u64),
    /// The fewest bytes with at most so much error.
    Error(f64),
}

/// A step from one choice of a matrix to the next larger one on its hull.
struct Step {
    matrix: usize,
    to: usize,
    /// Error saved for each byte spent.
    gain: f64,
}

/// Picks one of the choices of every matrix, and gives their indices.
///
/// The choices of a matrix that are worth having form the lower convex hull over (bytes, error). Starting from the
/// smallest, the steps along all hulls are taken in the order of what they gain for each byte, which is optimal up to
/// the last step. If the smallest choices already break a goal of bytes, they are the answer.
pub fn allocate(matrices: &[Vec<Choice>], goal: Goal) -> Vec<usize> {
    let hulls: Vec<Vec<usize>> = matrices.iter().map(|choices| hull(choices)).collect();
    let mut picked: Vec<usize> = hulls.iter().map(|hull| hull.first().copied().unwrap_or(0)).collect();
    let choice = |matrix: usize, index: usize| matrices.get(matrix).and_then(|choices| choices.get(index));
    let mut steps = Vec::new();
    for (matrix, hull) in hulls.iter().enumerate() {
        for (&from, &to) in hull.iter().zip(hull.iter().skip(1)) {
            if let (Some(from), Some(next)) = (choice(matrix, from), choice(matrix, to)) {
                let gain = (from.error - next.error) / (next.bytes - from.bytes) as f64;
                steps.push(Step { matrix, to, gain });
            }
        }
    }
    // Stable: steps of equal gain stay in the order of their matrices, and of the hull within a matrix.
    steps.sort_by(|a, b| b.gain.total_cmp(&a.gain));
    let all = || {
        picked
            .iter()
            .enumerate()
            .filter_map(|(matrix, &index)| choice(matrix, index))
    };
    let mut bytes: u64 = all().map(|choice| choice.bytes).sum();
    let mut error: f64 = all().map(|choice| choice.error).sum();
    let mut full = vec![false; matrices.len()];
    for step in steps {
        if matches!(goal, Goal::Error(most) if error <= most) {
            break;
        }
        let (Some(now), Some(full)) = (picked.get_mut(step.matrix), full.get_mut(step.matrix)) else {
            continue;
        };
        let (Some(from), Some(to)) = (choice(step.matrix, *now), choice(step.matrix, step.to)) else {
            continue;
        };
        let more = to.bytes - from.bytes;
        // Smaller matrices may still fit where a large one does not.
        *full |= matches!(goal, Goal::Bytes(most) if bytes + more > most);
        if !*full {
            *now = step.to;
            bytes += more;
            error -= from.error - to.error;
        }
    }
    picked
}

/// Indices of the choices on the lower convex hull, from the smallest to the one of least error.
fn hull(choices: &[Choice]) -> Vec<usize> {
    let mut order: Vec<(usize, &Choice)> = choices.iter().enumerate().collect();
    order.sort_by(|(_, a), (_, b)| a.bytes.cmp(&b.bytes).then(a.error.total_cmp(&b.error)));
    let mut hull: Vec<(usize, &Choice)> = Vec::new();
    let slope = |a: &Choice, b: &Choice| (a.error - b.error) / (b.bytes - a.bytes) as f64;
    for (index, choice) in order {
        if hull
            .last()
            .is_some_and(|(_, last)| choice.error >= last.error || choice.bytes == last.bytes)
        {
            continue;
        }
        while let [.., (_, before), (_, last)] = hull.as_slice() {
            if slope(before, last) > slope(last, choice) {
                break;
            }
            hull.pop();
        }
        hull.push((index, choice));
    }
    hull.into_iter().map(|(index, _)| index).collect()
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn choice(bytes: u64, error: f64) -> Choice {
        Choice {
            bits: 8,
            difference: false,
            half_scales: true,
            bytes,
            error,
        }
    }

    fn total(matrices: &[Vec<Choice>], picked: &[usize]) -> (u64, f64) {
        let chosen = matrices.iter().zip(picked).map(|(choices, &index)| choices[index]);
        chosen.fold((0, 0.0), |(bytes, error), choice| {
            (bytes + choice.bytes, error + choice.error)
        })
    }

    proptest! {
        #[test]
        fn a_budget_is_kept_and_no_equal_share_is_better(
            errors in vec(0.1f64..100.0, 1..12), shrink in 0.2f64..0.9, level in 0usize..7
        ) {
            let matrices: Vec<Vec<Choice>> = errors.iter()
                .map(|error| (0..7).map(|bits| choice(100 * (bits + 2), error * shrink.powi(bits as i32))).collect())
                .collect();
            let equal = vec![level; matrices.len()];
            let (budget, limit) = total(&matrices, &equal);
            let (bytes, error) = total(&matrices, &allocate(&matrices, Goal::Bytes(budget)));
            prop_assert!(bytes <= budget && error <= limit * (1.0 + 1e-9), "{bytes} of {budget}, {error} of {limit}");
            let (bytes, error) = total(&matrices, &allocate(&matrices, Goal::Error(limit * (1.0 + 1e-9))));
            prop_assert!(bytes <= budget && error <= limit * (1.0 + 1e-6), "{bytes} of {budget}, {error} of {limit}");
        }
    }

    #[test]
    fn a_difference_is_taken_only_if_it_is_better() {
        let difference = |bytes, error| Choice {
            difference: true,
            ..choice(bytes, error)
        };
        let direct = choice(100, 1.0);
        for (other, expected) in [
            (difference(100, 1.0), 0),
            (difference(100, 0.9), 1),
            (difference(100, 1.1), 0),
        ] {
            assert_eq!(allocate(&[vec![direct, other]], Goal::Bytes(1000)), [expected]);
        }
    }
}
