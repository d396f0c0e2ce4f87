//! The CPU's kernels at the shapes of B/16 and of Gamma-Lite, on one thread: GOP/s, and their share of the machine's peak.
//!
//! These are native builds of the source that the browser's modules are made of, in plain arrays of four lanes. Dot products of whole
//! numbers are instructions there and single steps here, so `integer` is only comparable with itself.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gamma_kernels::{
    Activation, Codes, Dense, Epilogue, Sizes, Window, attention, depthwise_relu6, layer_norm, matmul_transposed,
    multiply_in_7_bits, multiply_in_15_bits, quick_gelu,
};
use gamma_kernels_bench::OfPeak;
use std::time::Duration;

/// Numbers from -1 to 1.
fn numbers(length: usize) -> Vec<f32> {
    let next = |state: &mut u32| {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Some((*state >> 8) as f32 / (1 << 23) as f32 - 1.0)
    };
    let mut state = 1;
    std::iter::from_fn(|| next(&mut state)).take(length).collect()
}

/// Rows, inputs and outputs: two layers of B/16, three of Gamma-Lite's stem from its wide and shallow to its narrow and deep ones.
const PRODUCTS: [(&str, [usize; 3]); 5] = [
    ("B/16 mlp", [197, 768, 3072]),
    ("B/16 attention", [197, 768, 768]),
    ("Lite first", [12544, 27, 32]),
    ("Lite expand 3", [784, 40, 240]),
    ("Lite project 14", [49, 1152, 192]),
];

fn linear(criterion: &mut Criterion<OfPeak>) {
    let mut group = criterion.benchmark_group("linear f32");
    for (name, [rows, inputs, outputs]) in PRODUCTS {
        let (x, w, bias) = (numbers(rows * inputs), numbers(outputs * inputs), numbers(outputs));
        let x = Dense {
            values: &x,
            shape: [rows, inputs],
        };
        let w = Dense {
            values: &w,
            shape: [outputs, inputs],
        };
        group.throughput(Throughput::Elements((2 * rows * inputs * outputs) as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let epilogue = Epilogue {
                    bias: Some(bias.clone()),
                    activation: Activation::Relu6,
                    ..Epilogue::default()
                };
                matmul_transposed(&x, &w, epilogue)
            });
        });
    }
}

/// A matrix of 8 bits in groups of 64.
struct Matrix {
    shape: [usize; 2],
    codes: Vec<i8>,
}

impl Codes for Matrix {
    fn shape(&self) -> [usize; 2] {
        self.shape
    }

    fn group(&self) -> usize {
        64
    }

    fn codes(&self, row: usize, codes: &mut [i8]) {
        codes.copy_from_slice(&self.codes[row * self.shape[1]..][..codes.len()]);
    }

    fn scale(&self, _: usize, _: usize) -> f32 {
        0.01
    }
}

fn integer(criterion: &mut Criterion<OfPeak>) {
    let mut group = criterion.benchmark_group("integer");
    for (name, [rows, inputs, outputs]) in &PRODUCTS[..2] {
        let x = numbers(rows * inputs);
        let x = Dense {
            values: &x,
            shape: [*rows, *inputs],
        };
        let matrix = Matrix {
            shape: [*outputs, *inputs],
            codes: (0..outputs * inputs).map(|at| (at * 37) as i8).collect(),
        };
        group.throughput(Throughput::Elements((2 * rows * inputs * outputs) as u64));
        group.bench_function(BenchmarkId::new(*name, "7 bits"), |bencher| {
            bencher.iter(|| multiply_in_7_bits(&x, &matrix, Epilogue::default()));
        });
        group.bench_function(BenchmarkId::new(*name, "15 bits"), |bencher| {
            bencher.iter(|| multiply_in_15_bits(&x, &matrix, Epilogue::default()));
        });
    }
}

/// Tokens of a crop, heads, width of a head.
fn heads(criterion: &mut Criterion<OfPeak>) {
    let mut group = criterion.benchmark_group("attention");
    for (name, tokens, heads, head) in [("B/16", 197, 12, 64), ("Lite", 148, 3, 64)] {
        let (q, key_value) = (numbers(tokens * heads * head), numbers(tokens * 2 * heads * head));
        let sizes = Sizes {
            queries: tokens,
            tokens,
            heads,
            head,
        };
        group.throughput(Throughput::Elements((4 * tokens * tokens * heads * head) as u64));
        group.bench_function(name, |bencher| bencher.iter(|| attention(&q, &key_value, None, sizes)));
    }
}

/// Side, channels, kernel and stride.
fn depthwise(criterion: &mut Criterion<OfPeak>) {
    let mut group = criterion.benchmark_group("depthwise");
    for (name, side, channels, kernel, stride) in [
        ("Lite 0", 112, 32, 3, 1),
        ("Lite 1, stride 2", 112, 96, 3, 2),
        ("Lite 9", 14, 672, 5, 1),
    ] {
        let (x, weight) = (numbers(side * side * channels), numbers(kernel * kernel * channels));
        let bias = numbers(channels);
        let window = Window {
            input: [side; 2],
            kernel,
            stride,
        };
        let outputs: usize = window.output().iter().product();
        group.throughput(Throughput::Elements((2 * outputs * channels * kernel * kernel) as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| depthwise_relu6(&x, &weight, &bias, &window));
        });
    }
}

/// What sees each number a few times: operations here are those of the formula, an exponential counted as one.
fn pointwise(criterion: &mut Criterion<OfPeak>) {
    let mut group = criterion.benchmark_group("pointwise");
    for (name, rows, width) in [("B/16", 197, 768), ("Lite", 148, 192)] {
        let (gain, offset) = (numbers(width), numbers(width));
        group.throughput(Throughput::Elements((7 * rows * width) as u64));
        group.bench_function(BenchmarkId::new("LayerNorm", name), |bencher| {
            let x = numbers(rows * width);
            bencher.iter(|| layer_norm(x.clone(), &gain, &offset, 1e-5));
        });
        group.throughput(Throughput::Elements((4 * 4 * rows * width) as u64));
        group.bench_function(BenchmarkId::new("QuickGELU", name), |bencher| {
            let mut values = numbers(4 * rows * width);
            bencher.iter(|| quick_gelu(&mut values));
        });
    }
}

fn configured() -> Criterion<OfPeak> {
    Criterion::default()
        .with_measurement(OfPeak::measure())
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
}

criterion_group! {
    name = kernels;
    config = configured();
    targets = linear, integer, heads, depthwise, pointwise
}
criterion_main!(kernels);
