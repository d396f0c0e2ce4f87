struct Info { count: u32, sides: array<u32, 6>, left: array<u32, 6>, right: array<u32, 6> }
@group(0) @binding(0) var<storage, read> left: array<f32>;
@group(0) @binding(1) var<storage, read> right: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read> info: Info;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.y * groups.x * 64u + id.x;
  if (at >= info.count) { return; }
  var rest = at;
  var l = 0u;
  var r = 0u;
  for (var axis = 6u; axis > 0u; axis--) {
    let place = rest % info.sides[axis - 1u];
    rest /= info.sides[axis - 1u];
    l += place * info.left[axis - 1u];
    r += place * info.right[axis - 1u];
  }
  y[at] = left[l] {{operator}} right[r];
}
