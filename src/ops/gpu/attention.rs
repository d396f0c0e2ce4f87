//! Attention of each head: an invocation gathers for one query, key by key, and never holds a row of scores.

use std::fmt::Write;

use burn::tensor::Tensor;
use gamma_webgpu::Shader;

use super::kernel::{buffer, launch};

/// Queries of a workgroup.
const WORKGROUP: usize = 64;

/// What the text of the shader depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Attention {
    /// The width of a head.
    head: usize,
}

impl Shader for Attention {
    fn source(&self) -> String {
        // A part is a vector of four where heads are made of whole ones, as those of CLIP are.
        let (part, width) = if self.head.is_multiple_of(4) {
            ("vec4f", 4)
        } else {
            ("f32", 1)
        };
        let product = |a: &str, b: &str| match width {
            4 => format!("dot({a}, {b})"),
            _ => format!("{a} * {b}"),
        };
        let parts = self.head / width;
        let mut text = format!(
            "struct Info {{ queries: u32, tokens: u32, width: u32, masked: u32 }}
@group(0) @binding(0) var<storage, read> q: array<{part}>;
@group(0) @binding(1) var<storage, read> key_value: array<{part}>;
@group(0) @binding(2) var<storage, read> mask: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<{part}>;
@group(0) @binding(4) var<storage, read> info: Info;

@compute @workgroup_size({WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u) {{
if (id.x >= info.queries) {{ return; }}
let stride = info.width / {width}u;
let head = id.y * {parts}u;
let place = (id.z * info.queries + id.x) * stride + head;
let factor = inverseSqrt({}.0);
var top = -3.0e38;
var sum = 0.0;
",
            self.head
        );
        for i in 0..parts {
            let _ = writeln!(text, "let q{i} = q[place + {i}u] * factor; var y{i} = {part}();");
        }
        text.push_str(
            "for (var t = 0u; t < info.tokens; t++) {
let key = (id.z * info.tokens + t) * 2u * stride + head;
let value = key + stride;
var score = 0.0;
if (info.masked != 0u) { score = mask[id.x * info.tokens + t]; }
",
        );
        for i in 0..parts {
            let product = product(&format!("q{i}"), &format!("key_value[key + {i}u]"));
            let _ = writeln!(text, "score += {product};");
        }
        // What was gathered is scaled anew only when a score exceeds all before it.
        text.push_str("if (score > top) {\nlet old = exp(top - score); top = score; sum *= old;\n");
        for i in 0..parts {
            let _ = write!(text, "y{i} *= old; ");
        }
        text.push_str("}\nlet p = exp(score - top);\nsum += p;\n");
        for i in 0..parts {
            let _ = writeln!(text, "y{i} += p * key_value[value + {i}u];");
        }
        text.push_str("}\n");
        for i in 0..parts {
            let _ = writeln!(text, "y[place + {i}u] = y{i} / sum;");
        }
        text.push_str("}\n");
        text
    }
}

/// As [`reference::attention`](crate::ops::reference::attention).
pub fn attention(q: Tensor<3>, key_value: Tensor<3>, heads: usize, mask: Option<Tensor<2>>) -> Tensor<3> {
    let ([batch, queries, width], [_, tokens, _]) = (q.dims(), key_value.dims());
    let (q, key_value) = (buffer(q), buffer(key_value));
    let mask = mask.map(buffer);
    launch(
        Attention { head: width / heads },
        [queries.div_ceil(WORKGROUP), heads, batch],
        &[&q, &key_value, mask.as_ref().unwrap_or(&q)],
        &[queries, tokens, width, mask.is_some().into()],
        [batch, queries, width],
    )
}
