//! Sorting that is small. The standard library's sorts are made anew for each kind of item, 5 kB each of a browser's module; this is
//! made once, and what is sorted here, the tensors of a header, are a few hundred.

use std::cmp::Ordering;

/// The numbers below `count` in the order that `compare` says; equal ones keep theirs. A heap sort.
pub(crate) fn order(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut heap: Vec<usize> = (0..count).collect();
    let before = |a: usize, b: usize| compare(a, b).then(a.cmp(&b)).is_lt();
    let sink = |heap: &mut [usize], mut at: usize| {
        loop {
            let mut largest = at;
            for child in [2 * at + 1, 2 * at + 2] {
                if child < heap.len() && before(heap[largest], heap[child]) {
                    largest = child;
                }
            }
            if largest == at {
                return;
            }
            heap.swap(at, largest);
            at = largest;
        }
    };
    for at in (0..count / 2).rev() {
        sink(&mut heap, at);
    }
    for end in (1..count).rev() {
        heap.swap(0, end);
        sink(&mut heap[..end], 0);
    }
    heap
}

/// `items` sorted by what `compare` says of two of them; equal ones keep their order.
pub(crate) fn sorted<T>(items: Vec<T>, compare: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    let order = order(items.len(), &|a, b| compare(&items[a], &items[b]));
    let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
    order.into_iter().filter_map(|at| items[at].take()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn it_sorts_as_the_standard_library_does(numbers in vec((0u8..20, any::<u8>()), 0..200)) {
            let mut expected = numbers.clone();
            expected.sort_by_key(|&(key, _)| key);
            prop_assert_eq!(sorted(numbers, |a, b| a.0.cmp(&b.0)), expected);
        }
    }
}
