//! Which of two kernels for the same is faster, by a clock that may be coarse, in less than 100 ms.

use crate::Result;

/// Milliseconds that a measurement takes at least, where so many launches are allowed: clocks of browsers are coarse.
const ENOUGH: f64 = 5.0;
const MOST_LAUNCHES: usize = 1024;
/// Milliseconds of one launch above which a device is too slow to be measured again.
const SLOW: f64 = 10.0;
/// Measurements of which the shortest counts, after those that find the number of launches.
const REPEATED: usize = 3;
/// What the second one must take at most of the time of the first: noise does not decide.
const SHARE: f64 = 0.8;
/// The second one is out of the question when it takes so many times as long as the first, and so many milliseconds more.
const HOPELESS: [f64; 2] = [2.0, 2.0];

/// Whether the second kernel is clearly faster than the first. `time` launches one of them, the second if it is told `true`, so many times,
/// waits for the last and gives the milliseconds.
///
/// # Errors
/// What `time` says.
pub async fn second_is_faster(time: impl AsyncFn(bool, usize) -> Result<f64>) -> Result<bool> {
    let both = async |launches| -> Result<[f64; 2]> { Ok([time(false, launches).await?, time(true, launches).await?]) };
    // The first time compiles, or asks for memory.
    both(1).await?;
    let mut launches = 1;
    let mut best = both(launches).await?;
    while best[0].max(best[1]) < ENOUGH && launches < MOST_LAUNCHES {
        launches *= 2;
        best = both(launches).await?;
        if best[1] > HOPELESS[0] * best[0] + HOPELESS[1] {
            return Ok(false);
        }
    }
    let repeated = if best[0].max(best[1]) > SLOW { 0 } else { REPEATED };
    for _ in 0..repeated {
        let times = both(launches).await?;
        best = [0, 1].map(|at| best[at].min(times[at]));
    }
    Ok(best[1] < SHARE * best[0])
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Whether a kernel of `second` ms a launch is taken for faster than one of `first`, by a clock that tells whole `grains`; and the
    /// milliseconds of all of it but the two first launches.
    fn tried([first, second]: [f64; 2], grain: f64) -> (bool, f64) {
        let (launched, spent) = (Cell::new(0), Cell::new(0.0));
        let time = async |is_second, launches: usize| {
            // Waiting takes a part of a millisecond.
            let ms = 0.3 + launches as f64 * if is_second { second } else { first };
            launched.set(launched.get() + 1);
            if launched.get() > 2 {
                spent.set(spent.get() + ms);
                return Ok((ms / grain).floor() * grain);
            }
            Ok(500.0)
        };
        (
            pollster::block_on(second_is_faster(time)).expect("it is timed"),
            spent.get(),
        )
    }

    #[test]
    fn only_what_is_clearly_faster_is_taken_in_less_than_100_ms() {
        for first in [0.002, 0.01, 0.05, 0.3, 2.0, 6.0] {
            for grain in [0.001, 0.1, 1.0] {
                for (factor, expected) in [
                    (0.5, true),
                    (0.6, true),
                    (1.0, false),
                    (0.95, false),
                    (2.0, false),
                    (64.0, false),
                ] {
                    let (taken, spent) = tried([first, factor * first], grain);
                    assert_eq!(taken, expected, "{first} ms, {factor} times, grain {grain}");
                    assert!(
                        spent < 100.0 || factor == 64.0 && first > 1.0,
                        "{first} ms, {factor} times: {spent} ms"
                    );
                }
            }
        }
    }

    #[test]
    fn a_slow_device_is_measured_once() {
        let (taken, spent) = tried([40.0, 20.0], 0.1);
        assert!(taken && spent < 70.0, "{spent}");
    }
}
