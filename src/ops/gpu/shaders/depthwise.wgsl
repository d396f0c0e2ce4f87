@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, read> info: Info;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.y * groups.x * 64u + id.x;
  if (at >= info.count) { return; }
  let channel = at % info.channels;
  let pixel = at / info.channels;
  let top = pixel / info.columns % info.rows * info.stride - info.above;
  let start = pixel % info.columns * info.stride - info.left;
  let image = pixel / (info.columns * info.rows) * info.height;
  let taps = channel * info.kernel * info.kernel;
  var sum = bias[channel];
  for (var j = 0u; j < info.kernel; j++) {
    if (top + j >= info.height) { continue; }
    let line = (image + top + j) * info.width;
    for (var i = 0u; i < info.kernel; i++) {
      if (start + i >= info.width) { continue; }
      sum += weight[taps + j * info.kernel + i] * x[(line + start + i) * info.channels + channel];
    }
  }
  y[at] = clamp(sum, 0.0, 6.0);
}
