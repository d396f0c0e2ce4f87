//! Attention of each head: an invocation gathers for one query, key by key, and never holds a row of scores.

use burn::tensor::Tensor;
use gamma_webgpu::Shader;

use super::{
    kernel::{buffer, launch},
    template::Template,
    texts,
};

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
        let vectors = self.head.is_multiple_of(4);
        let (part, width) = if vectors { ("vec4f", 4) } else { ("f32", 1) };
        let parts = self.head / width;
        Template::new(include_str!("shaders/attention.wgsl"))
            .with_each("begin", parts, |i| {
                format!("let q{i} = q[place + {i}u] * factor; var y{i} = {part}();")
            })
            .with_each("score", parts, |i| match vectors {
                true => format!("score += dot(q{i}, key_value[key + {i}u]);"),
                false => format!("score += q{i} * key_value[key + {i}u];"),
            })
            .with_each("rescale", parts, |i| format!("y{i} *= old;"))
            .with_each("gather", parts, |i| format!("y{i} += p * key_value[value + {i}u];"))
            .with_each("end", parts, |i| format!("y[place + {i}u] = y{i} / sum;"))
            .with("part", part)
            .with("width", width)
            .with("parts", parts)
            .with("head", self.head)
            .text()
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

/// Shaders of this file, of heads with whole vectors and without.
pub(super) fn variants() -> Vec<(String, String)> {
    texts([64, 32, 5].map(|head| Attention { head }))
}
