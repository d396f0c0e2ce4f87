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
