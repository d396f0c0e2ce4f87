//! `x W^T` and what follows: an invocation computes a tile of a few rows by eight outputs.

use burn::tensor::Tensor;
use gamma_webgpu::{Buffer, Shader};

use super::{
    epilogue::{EPILOGUE, Operands},
    kernel::{buffer, launch},
    template::Template,
    texts,
};
use crate::ops::Epilogue;

/// Outputs of an invocation.
const OUTPUTS: usize = 8;
/// Invocations of a workgroup, along the outputs and along the rows.
const WORKGROUP: [usize; 2] = [8, 8];

/// What the text of the shader depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Linear {
    /// Rows of an invocation: 8, or 1 where there are few.
    rows: usize,
    /// How the weights are stored.
    stored: Stored,
    /// Whether codes are multiplied in half precision.
    half: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Stored {
    /// `f32`, rows of whole vectors of four.
    Vectors,
    /// `f32`, rows of any length.
    Numbers,
    /// Codes of 8 bits, four to a word.
    Bytes,
    /// Codes of 4 bits, eight to a word.
    Nibbles,
}

impl Stored {
    /// The bindings of the weights, and functions that read four inputs `4 k` to `4 k + 3` of a row.
    const fn declarations(self) -> &'static str {
        match self {
            Self::Vectors => VECTORS,
            Self::Numbers => NUMBERS,
            Self::Bytes => BYTES,
            Self::Nibbles => NIBBLES,
        }
    }

    const fn in_codes(self) -> bool {
        matches!(self, Self::Bytes | Self::Nibbles)
    }
}

const LINEAR: &str = include_str!("shaders/linear.wgsl");
const SUM: &str = include_str!("shaders/linear_sum.wgsl");
const SUM_CODES: &str = include_str!("shaders/linear_sum_codes.wgsl");
const VECTORS: &str = include_str!("shaders/linear_vectors.wgsl");

const NUMBERS: &str = include_str!("shaders/linear_numbers.wgsl");

const BYTES: &str = include_str!("shaders/linear_bytes.wgsl");

const NIBBLES: &str = include_str!("shaders/linear_nibbles.wgsl");

const HALF: &str = include_str!("shaders/half.wgsl");

const SUM_HALF: &str = include_str!("shaders/linear_sum_half.wgsl");

/// The parts of a vector of four.
const PARTS: [&str; 4] = ["x", "y", "z", "w"];

impl Shader for Linear {
    fn source(&self) -> String {
        let first = if self.stored.in_codes() { 3 } else { 2 };
        let rows_and_weights = [
            lines(self.rows, |r| format!("let x{r} = min(row + {r}u, info.rows - 1u);")),
            lines(OUTPUTS, |o| {
                format!("let w{o} = min(output + {o}u, info.outputs - 1u) + info.first;")
            }),
        ];
        let (template, sums) = match self.half {
            true => self.in_half(),
            false => self.in_single(),
        };
        let template = template
            .with("rows_and_weights", rows_and_weights.concat())
            .with_each("scales", OUTPUTS, |o| {
                format!("let scale{o} = scales[w{o} * groups + g];")
            })
            .with("rows", self.rows)
            .with("outputs", OUTPUTS)
            .with("count", sums.len())
            .with("sums", sums.join(", "))
            .with("across", WORKGROUP[0])
            .with("down", WORKGROUP[1]);
        let bindings = ["bias", "onto", "gate", "y", "info"].iter().zip(first..);
        let template = bindings.fold(template, |template, (name, binding)| template.with(name, binding));
        let extension = if self.half { HALF } else { "" };
        [extension, EPILOGUE, self.stored.declarations(), &template.text()].concat()
    }
}

impl Linear {
    /// A sum for each row and output. The text, and the names of the sums, row by row.
    fn in_single(&self) -> (Template, Vec<String>) {
        let in_codes = self.stored.in_codes();
        let sums: Vec<String> = self.tile(OUTPUTS).map(|(r, o)| format!("s{r}_{o}")).collect();
        let products = [
            lines(self.rows, |r| format!("let a{r} = x_at(x{r}, k);")),
            lines(OUTPUTS, |o| {
                let scale = if in_codes {
                    format!(" * scale{o}")
                } else {
                    String::new()
                };
                let sums = lines(self.rows, |r| format!("s{r}_{o} += dot(a{r}, b);"));
                format!("{{ let b = weight_at(w{o}, k){scale}; {sums} }}")
            }),
        ];
        let template = Template::new(LINEAR)
            .with("sum", if in_codes { SUM_CODES } else { SUM })
            .with("products", products.concat())
            .with_each("declarations", sums.len(), |i| format!("var {} = 0.0;", sums[i]));
        (template, sums)
    }

    /// A vector of sums for each row and four outputs, so that a multiplication with an addition takes four numbers.
    fn in_half(&self) -> (Template, Vec<String>) {
        let quads: Vec<(usize, usize)> = self.tile(OUTPUTS / 4).collect();
        let each_quad = |line: fn(usize, usize) -> String| lines(quads.len(), |i| line(quads[i].0, quads[i].1));
        // Four inputs of four outputs, an output in each part.
        let column = |q: usize, part: &str| {
            let [a, b, c, d] = [0, 1, 2, 3].map(|i| format!("b{}.{part}", 4 * q + i));
            let sums = lines(self.rows, |r| format!("h{r}_{q} += a{r}.{part} * c;"));
            format!("{{ let c = vec4h({a}, {b}, {c}, {d}); {sums} }}\n")
        };
        let columns = (0..OUTPUTS / 4).flat_map(|q| PARTS.map(|part| column(q, part)));
        let products = [
            lines(self.rows, |r| format!("let a{r} = half_of(x_at(x{r}, k));")),
            lines(OUTPUTS, |o| format!("let b{o} = vec4h(weight_at(w{o}, k) * UNIT);")),
            columns.collect(),
        ];
        let scale = |q: usize| {
            let [a, b, c, d] = [0, 1, 2, 3].map(|i| format!("scale{}", 4 * q + i));
            format!("let quad{q} = vec4f({a}, {b}, {c}, {d}) / UNIT;")
        };
        let template = Template::new(LINEAR)
            .with("sum", SUM_HALF)
            .with("products", products.concat())
            .with_each("quads", OUTPUTS / 4, scale)
            .with("zeros", each_quad(|r, q| format!("var h{r}_{q} = vec4h();")))
            .with(
                "flush",
                each_quad(|r, q| format!("s{r}_{q} += vec4f(h{r}_{q}) * quad{q};")),
            )
            .with("declarations", each_quad(|r, q| format!("var s{r}_{q} = vec4f();")));
        let sums = self
            .tile(OUTPUTS)
            .map(|(r, o)| format!("s{r}_{}.{}", o / 4, PARTS[o % 4]));
        (template, sums.collect())
    }

    /// The places of a tile of all rows and `across` columns, row by row.
    fn tile(&self, across: usize) -> impl Iterator<Item = (usize, usize)> {
        (0..self.rows).flat_map(move |r| (0..across).map(move |c| (r, c)))
    }
}

/// A line for each number below `count`.
fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(|i| line(i) + "\n").collect()
}

/// The matrix of a layer.
pub(super) enum Weight<'a> {
    /// `[out, in]`.
    Float(&'a Buffer),
    Codes {
        /// 8 or 4.
        bits: u32,
        words: &'a Buffer,
        scales: &'a Buffer,
        /// The first of their rows that belongs to the layer.
        first: usize,
        /// How many neighbours in a row share a scale.
        group: usize,
        /// Whether products are in half precision.
        half: bool,
    },
}

/// `x W^T` and what follows: `[rows, in]`, `[out, in]` → `[rows, out]`.
pub fn linear(x: Tensor<2>, weight: Tensor<2>, epilogue: Epilogue) -> Tensor<2> {
    let [outputs, _] = weight.dims();
    launch_linear(x, Weight::Float(&buffer(weight)), outputs, epilogue)
}

pub(super) fn launch_linear(x: Tensor<2>, weight: Weight<'_>, outputs: usize, epilogue: Epilogue) -> Tensor<2> {
    let [rows, inputs] = x.dims();
    let x = buffer(x);
    let operands = Operands::new(epilogue, [rows, inputs, outputs]);
    let (stored, half, matrix, [first, group]) = match weight {
        Weight::Float(weight) if inputs.is_multiple_of(4) => (Stored::Vectors, false, vec![weight], [0, 0]),
        Weight::Float(weight) => (Stored::Numbers, false, vec![weight], [0, 0]),
        Weight::Codes {
            bits,
            words,
            scales,
            first,
            group,
            half,
        } => {
            let stored = if bits == 8 { Stored::Bytes } else { Stored::Nibbles };
            (stored, half, vec![words, scales], [first, group])
        }
    };
    let shader = Linear {
        rows: if rows > 8 { 8 } else { 1 },
        stored,
        half,
    };
    let inputs: Vec<&Buffer> = [vec![&x], matrix, operands.buffers(&x).to_vec()].concat();
    let [across, down] = WORKGROUP;
    launch(
        shader,
        [outputs.div_ceil(OUTPUTS * across), rows.div_ceil(shader.rows * down), 1],
        &inputs,
        &[operands.numbers.as_slice(), &[first, group]].concat(),
        [rows, outputs],
    )
}

/// All shaders of this file.
pub(super) fn variants() -> Vec<(String, String)> {
    let stored = [Stored::Vectors, Stored::Numbers, Stored::Bytes, Stored::Nibbles];
    let shaders = [1, 8].into_iter().flat_map(|rows| {
        let shaders = stored.map(|stored| [false, true].map(|half| Linear { rows, stored, half }));
        shaders.concat()
    });
    texts(shaders.filter(|shader| shader.stored.in_codes() || !shader.half))
}
