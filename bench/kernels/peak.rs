//! Times as operations a second, and as a share of what this machine's registers do.

use std::{hint::black_box, time::Instant};

use criterion::{
    Throughput,
    measurement::{Measurement, ValueFormatter, WallTime},
};

/// Sums of four numbers that are kept in registers: more than an addition takes cycles, fewer than there are registers.
const SUMS: usize = 12;

/// Billions of operations a second, two for each multiplication and addition, of a loop that touches no memory: the same four lanes
/// as the kernels'.
fn peak() -> f64 {
    const ROUNDS: usize = 1 << 22;
    let factors: [f32; 4] = black_box([0.999, 0.998, 0.997, 0.996]);
    let steps: [f32; 4] = black_box([0.1; 4]);
    let once = || {
        let mut sums = black_box([[1.0_f32; 4]; SUMS]);
        let begin = Instant::now();
        for _ in 0..ROUNDS {
            for sum in &mut sums {
                *sum = std::array::from_fn(|lane| sum[lane] * factors[lane] + steps[lane]);
            }
        }
        black_box(sums);
        (2 * 4 * SUMS * ROUNDS) as f64 / begin.elapsed().as_nanos() as f64
    };
    (0..9).map(|_| once()).fold(0.0, f64::max)
}

/// Wall time, written as GOP/s and a share of the peak.
pub struct OfPeak {
    time: WallTime,
    shown: Shown,
}

struct Shown {
    peak: f64,
}

impl OfPeak {
    /// Measures the peak.
    pub fn measure() -> Self {
        let peak = peak();
        println!("peak of one thread, multiply and add in four lanes: {peak:.1} GOP/s\n");
        Self {
            time: WallTime,
            shown: Shown { peak },
        }
    }
}

impl Measurement for OfPeak {
    type Intermediate = Instant;
    type Value = std::time::Duration;

    fn start(&self) -> Self::Intermediate {
        self.time.start()
    }

    fn end(&self, begin: Self::Intermediate) -> Self::Value {
        self.time.end(begin)
    }

    fn add(&self, a: &Self::Value, b: &Self::Value) -> Self::Value {
        self.time.add(a, b)
    }

    fn zero(&self) -> Self::Value {
        self.time.zero()
    }

    fn to_f64(&self, value: &Self::Value) -> f64 {
        self.time.to_f64(value)
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        &self.shown
    }
}

impl ValueFormatter for Shown {
    fn format_throughput(&self, throughput: &Throughput, nanoseconds: f64) -> String {
        let Throughput::Elements(operations) = throughput else {
            return self.format_value(nanoseconds);
        };
        let speed = *operations as f64 / nanoseconds;
        format!("{speed:.1} GOP/s, {:.0} %", 100.0 * speed / self.peak)
    }

    fn scale_values(&self, typical: f64, values: &mut [f64]) -> &'static str {
        WallTime.formatter().scale_values(typical, values)
    }

    fn scale_throughputs(&self, typical: f64, throughput: &Throughput, values: &mut [f64]) -> &'static str {
        WallTime.formatter().scale_throughputs(typical, throughput, values)
    }

    fn scale_for_machines(&self, values: &mut [f64]) -> &'static str {
        WallTime.formatter().scale_for_machines(values)
    }
}
