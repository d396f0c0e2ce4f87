struct Info { count: u32, start: u32, begin: u32, sides: array<u32, 6>, strides: array<u32, 6>, onto: array<u32, 6> }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<storage, read> info: Info;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.y * groups.x * 64u + id.x;
  if (at >= info.count) { return; }
  var rest = at;
  var from_ = info.start;
  var onto = info.begin;
  for (var axis = 6u; axis > 0u; axis--) {
    let place = rest % info.sides[axis - 1u];
    rest /= info.sides[axis - 1u];
    from_ += place * info.strides[axis - 1u];
    onto += place * info.onto[axis - 1u];
  }
  y[onto] = x[from_];
}
