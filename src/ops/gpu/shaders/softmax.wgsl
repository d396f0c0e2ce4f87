struct Info { rows: u32, width: u32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<storage, read> info: Info;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= info.rows) { return; }
  let start = id.x * info.width;
  var top = x[start];
  for (var i = 1u; i < info.width; i++) { top = max(top, x[start + i]); }
  var sum = 0.0;
  for (var i = 0u; i < info.width; i++) { sum += exp(x[start + i] - top); }
  for (var i = 0u; i < info.width; i++) { y[start + i] = exp(x[start + i] - top) / sum; }
}
