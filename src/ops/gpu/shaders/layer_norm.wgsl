struct Info { width: u32, rows: u32, epsilon: f32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> gain: array<f32>;
@group(0) @binding(2) var<storage, read> offset: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, read> info: Info;

const LANES = 32u;
var<workgroup> parts: array<f32, LANES>;

fn total() -> f32 {
  var sum = 0.0;
  for (var i = 0u; i < LANES; i++) { sum += parts[i]; }
  return sum;
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.y * groups.x + group.x;
  if (row >= info.rows) { return; }
  let start = row * info.width;
  let count = f32(info.width);
  var sum = 0.0;
  for (var i = lane; i < info.width; i += LANES) { sum += x[start + i]; }
  parts[lane] = sum;
  workgroupBarrier();
  let mean = total() / count;
  workgroupBarrier();
  var squares = 0.0;
  for (var i = lane; i < info.width; i += LANES) { let d = x[start + i] - mean; squares += d * d; }
  parts[lane] = squares;
  workgroupBarrier();
  let factor = inverseSqrt(total() / count + info.epsilon);
  for (var i = lane; i < info.width; i += LANES) { y[start + i] = (x[start + i] - mean) * factor * gain[i] + offset[i]; }
}
