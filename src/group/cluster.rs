//! Clusters by average linkage: a chain of photos, each like the next one, does not make one group of its two ends.

/// Puts `count` things into clusters: the two that are most alike on average become one, as long as that is at least
/// `threshold`. Each cluster is in ascending order; clusters are in the order of their first member.
pub(super) fn average_linkage(count: usize, alike: impl Fn(usize, usize) -> f32, threshold: f32) -> Vec<Vec<usize>> {
    let mut means: Vec<Vec<f32>> = (0..count)
        .map(|a| {
            (0..count)
                .map(|b| if a == b { f32::NEG_INFINITY } else { alike(a, b) })
                .collect()
        })
        .collect();
    let mut clusters: Vec<Vec<usize>> = (0..count).map(|thing| vec![thing]).collect();
    while let Some((a, b)) = most_alike(&means, threshold) {
        let [size_a, size_b] = [clusters[a].len() as f32, clusters[b].len() as f32];
        let of_both = means[a].iter().zip(&means[b]);
        let mut merged: Vec<f32> = of_both
            .map(|(one, other)| (one * size_a + other * size_b) / (size_a + size_b))
            .collect();
        for (row, &mean) in means.iter_mut().zip(&merged) {
            row[a] = mean;
            row[b] = f32::NEG_INFINITY;
        }
        merged[a] = f32::NEG_INFINITY;
        merged[b] = f32::NEG_INFINITY;
        means[a] = merged;
        means[b].fill(f32::NEG_INFINITY);
        let members = std::mem::take(&mut clusters[b]);
        clusters[a].extend(members);
    }
    clusters.retain(|cluster| !cluster.is_empty());
    clusters.iter_mut().for_each(|cluster| cluster.sort_unstable());
    clusters.sort_unstable();
    clusters
}

/// The first of the pairs that are most alike.
fn most_alike(means: &[Vec<f32>], threshold: f32) -> Option<(usize, usize)> {
    let mut best = None;
    let mut most = threshold;
    for (a, row) in means.iter().enumerate() {
        for (b, &mean) in row.iter().enumerate().skip(a + 1) {
            if mean > most || (best.is_none() && mean >= most) {
                most = mean;
                best = Some((a, b));
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::average_linkage;

    /// Things on a line; those within 1 are alike by what is left.
    fn line(places: &[f32], threshold: f32) -> Vec<Vec<usize>> {
        average_linkage(places.len(), |a, b| 1.0 - (places[a] - places[b]).abs(), threshold)
    }

    #[test]
    fn what_is_alike_comes_together_whatever_its_order() {
        assert_eq!(
            line(&[0.0, 5.0, 0.1, 5.2, 9.0], 0.5),
            vec![vec![0, 2], vec![1, 3], vec![4]]
        );
        assert_eq!(line(&[], 0.5), Vec::<Vec<usize>>::new());
        assert_eq!(line(&[3.0], 0.5), vec![vec![0]]);
        assert_eq!(line(&[0.0, 0.5], 0.5), vec![vec![0, 1]]);
    }

    #[test]
    fn a_chain_does_not_join_its_ends() {
        let clusters = line(&[0.0, 0.4, 0.8, 1.2, 1.6, 2.0], 0.5);
        assert!(clusters.iter().all(|cluster| cluster.len() < 3), "{clusters:?}");
        assert_eq!(clusters[0], [0, 1]);
    }
}
