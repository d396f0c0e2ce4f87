@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<u32>;
@group(0) @binding(2) var<storage, read> scales: array<f32>;
fn x_at(row: u32, k: u32) -> vec4f { return x[row * (info.inputs / 4u) + k]; }
fn weight_at(row: u32, k: u32) -> vec4f {
  let word = weight[row * (info.inputs / 4u) + k];
  return vec4f(bitcast<vec4i>(vec4u(word) << vec4u(24, 16, 8, 0)) >> vec4u(24));
}
