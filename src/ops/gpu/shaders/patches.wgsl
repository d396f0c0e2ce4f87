@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<storage, read> info: Info;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.y * groups.x * 64u + id.x;
  if (at >= info.count) { return; }
  let area = info.kernel * info.kernel;
  let tap = at % area;
  let channel = at / area % info.channels;
  let pixel = at / (area * info.channels);
  // Above and to the left of the picture these wrap around, and are beyond it all the same.
  let down = pixel / info.columns % info.rows * info.stride + tap / info.kernel - info.above;
  let across = pixel % info.columns * info.stride + tap % info.kernel - info.left;
  let image = pixel / (info.columns * info.rows);
  var value = 0.0;
  if (down < info.height && across < info.width) {
    value = x[((image * info.channels + channel) * info.height + down) * info.width + across];
  }
  y[at] = value;
}
