@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<u32>;
@group(0) @binding(2) var<storage, read> scales: array<f32>;
fn x_at(row: u32, k: u32) -> vec4f { return x[row * (info.inputs / 4u) + k]; }
fn weight_at(row: u32, k: u32) -> vec4f {
  let word = weight[row * (info.inputs / 8u) + k / 2u] >> (16u * (k % 2u));
  return vec4f((vec4u(word) >> vec4u(0, 4, 8, 12)) & vec4u(15)) - 8.0;
}
