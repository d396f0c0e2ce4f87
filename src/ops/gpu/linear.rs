//! `x W^T` and what follows: an invocation computes a tile of a few rows by eight outputs.

use std::fmt::Write;

use burn::tensor::Tensor;
use gamma_webgpu::{Buffer, Shader};

use super::{
    epilogue::{EPILOGUE, Operands},
    kernel::{buffer, launch},
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

const VECTORS: &str = "
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;
fn x_at(row: u32, k: u32) -> vec4f { return x[row * (info.inputs / 4u) + k]; }
fn weight_at(row: u32, k: u32) -> vec4f { return weight[row * (info.inputs / 4u) + k]; }
";

const NUMBERS: &str = "
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
fn x_at(row: u32, k: u32) -> vec4f {
  var part = vec4f();
  for (var i = 0u; i < min(4u, info.inputs - 4u * k); i++) { part[i] = x[row * info.inputs + 4u * k + i]; }
  return part;
}
fn weight_at(row: u32, k: u32) -> vec4f {
  var part = vec4f();
  for (var i = 0u; i < min(4u, info.inputs - 4u * k); i++) { part[i] = weight[row * info.inputs + 4u * k + i]; }
  return part;
}
";

const BYTES: &str = "
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<u32>;
@group(0) @binding(2) var<storage, read> scales: array<f32>;
fn x_at(row: u32, k: u32) -> vec4f { return x[row * (info.inputs / 4u) + k]; }
fn weight_at(row: u32, k: u32) -> vec4f {
  let word = weight[row * (info.inputs / 4u) + k];
  return vec4f(bitcast<vec4i>(vec4u(word) << vec4u(24, 16, 8, 0)) >> vec4u(24));
}
";

const NIBBLES: &str = "
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<u32>;
@group(0) @binding(2) var<storage, read> scales: array<f32>;
fn x_at(row: u32, k: u32) -> vec4f { return x[row * (info.inputs / 4u) + k]; }
fn weight_at(row: u32, k: u32) -> vec4f {
  let word = weight[row * (info.inputs / 8u) + k / 2u] >> (16u * (k % 2u));
  return vec4f((vec4u(word) >> vec4u(0, 4, 8, 12)) & vec4u(15)) - 8.0;
}
";

impl Shader for Linear {
    fn source(&self) -> String {
        let (rows, outputs) = (0..self.rows, 0..OUTPUTS);
        let mut text = [EPILOGUE, self.stored.declarations()].concat();
        let first = if self.stored.in_codes() { 3 } else { 2 };
        for (index, name) in ["bias", "onto", "gate"].iter().enumerate() {
            let _ = writeln!(
                text,
                "@group(0) @binding({}) var<storage, read> {name}: array<f32>;",
                first + index
            );
        }
        let [across, down] = WORKGROUP;
        let _ = writeln!(
            text,
            "@group(0) @binding({}) var<storage, read_write> y: array<f32>;
@group(0) @binding({}) var<storage, read> info: Info;

@compute @workgroup_size({across}, {down})
fn main(@builtin(global_invocation_id) id: vec3u) {{
let row = id.y * {}u;
let output = id.x * {OUTPUTS}u;
if (row >= info.rows || output >= info.outputs) {{ return; }}
let length = (info.inputs + 3u) / 4u;",
            first + 3,
            first + 4,
            self.rows,
        );
        for r in rows.clone() {
            let _ = writeln!(text, "let x{r} = min(row + {r}u, info.rows - 1u);");
            for o in outputs.clone() {
                let _ = write!(text, "var s{r}_{o} = 0.0; ");
            }
            text.push('\n');
        }
        for o in outputs.clone() {
            let _ = writeln!(text, "let w{o} = min(output + {o}u, info.outputs - 1u) + info.first;");
        }
        if self.stored.in_codes() {
            text.push_str("let groups = info.inputs / info.group;\nfor (var g = 0u; g < groups; g++) {\n");
            for o in outputs.clone() {
                let _ = writeln!(text, "let scale{o} = scales[w{o} * groups + g];");
            }
            text.push_str("let end = (g + 1u) * info.group / 4u;\nfor (var k = g * info.group / 4u; k < end; k++) {\n");
        } else {
            text.push_str("for (var k = 0u; k < length; k++) {\n");
        }
        for r in rows.clone() {
            let _ = writeln!(text, "let a{r} = x_at(x{r}, k);");
        }
        for o in outputs.clone() {
            let scale = if self.stored.in_codes() {
                format!(" * scale{o}")
            } else {
                String::new()
            };
            let _ = write!(text, "{{ let b = weight_at(w{o}, k){scale}; ");
            for r in rows.clone() {
                let _ = write!(text, "s{r}_{o} += dot(a{r}, b); ");
            }
            text.push_str("}\n");
        }
        text.push_str(if self.stored.in_codes() { "}}\n" } else { "}\n" });
        // One call in a loop, not one for each sum: text that has to be compiled.
        let sums: Vec<String> = rows
            .flat_map(|r| outputs.clone().map(move |o| format!("s{r}_{o}")))
            .collect();
        let _ = writeln!(
            text,
            "var sums = array<f32, {count}>({});
for (var i = 0u; i < {count}u; i++) {{ store(row + i / {OUTPUTS}u, output + i % {OUTPUTS}u, sums[i]); }}
}}",
            sums.join(", "),
            count = sums.len(),
        );
        text
    }
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
