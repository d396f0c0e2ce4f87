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

impl Shader for Linear {
    fn source(&self) -> String {
        let in_codes = self.stored.in_codes();
        let first = if in_codes { 3 } else { 2 };
        let declarations = [
            lines(self.rows, |r| format!("let x{r} = min(row + {r}u, info.rows - 1u);")),
            lines(OUTPUTS, |o| {
                format!("let w{o} = min(output + {o}u, info.outputs - 1u) + info.first;")
            }),
            lines(self.rows * OUTPUTS, |i| format!("var {} = 0.0;", sum(i))),
        ];
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
        let loop_text = if in_codes { SUM_CODES } else { SUM };
        let sums: Vec<String> = (0..self.rows * OUTPUTS).map(sum).collect();
        let template = Template::new(LINEAR)
            .with("sum", loop_text)
            .with("products", products.concat())
            .with_each("scales", OUTPUTS, |o| {
                format!("let scale{o} = scales[w{o} * groups + g];")
            })
            .with("declarations", declarations.concat())
            .with("rows", self.rows)
            .with("outputs", OUTPUTS)
            .with("count", sums.len())
            .with("sums", sums.join(", "))
            .with("across", WORKGROUP[0])
            .with("down", WORKGROUP[1]);
        let bindings = ["bias", "onto", "gate", "y", "info"].iter().zip(first..);
        let template = bindings.fold(template, |template, (name, binding)| template.with(name, binding));
        [EPILOGUE, self.stored.declarations(), &template.text()].concat()
    }
}

/// A line for each number below `count`.
fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(|i| line(i) + "\n").collect()
}

/// The name of a sum of the tile, row by row.
fn sum(at: usize) -> String {
    format!("s{}_{}", at / OUTPUTS, at % OUTPUTS)
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
    let (stored, matrix, [first, group]) = match weight {
        Weight::Float(weight) if inputs.is_multiple_of(4) => (Stored::Vectors, vec![weight], [0, 0]),
        Weight::Float(weight) => (Stored::Numbers, vec![weight], [0, 0]),
        Weight::Codes {
            bits,
            words,
            scales,
            first,
            group,
        } => {
            let stored = if bits == 8 { Stored::Bytes } else { Stored::Nibbles };
            (stored, vec![words, scales], [first, group])
        }
    };
    let shader = Linear {
        rows: if rows > 8 { 8 } else { 1 },
        stored,
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
    texts(
        [1, 8]
            .into_iter()
            .flat_map(|rows| stored.map(|stored| Linear { rows, stored })),
    )
}
