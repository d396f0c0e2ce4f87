@group(0) @binding({{bias}}) var<storage, read> bias: array<f32>;
@group(0) @binding({{onto}}) var<storage, read> onto: array<f32>;
@group(0) @binding({{gate}}) var<storage, read> gate: array<f32>;
@group(0) @binding({{y}}) var<storage, read_write> y: array<f32>;
@group(0) @binding({{info}}) var<storage, read> info: Info;

@compute @workgroup_size({{across}}, {{down}})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y * {{rows}}u;
  let output = id.x * {{outputs}}u;
  if (row >= info.rows || output >= info.outputs) { return; }
  // The rows x0, x1, ... of the tile, clamped to the last one; the rows w0, w1, ... of the weights.
  {{rows_and_weights}}
  // The sums s0_0, s0_1, ...
  {{declarations}}
  {{sum}}
  // One call in a loop, not one for each sum: text that has to be compiled.
  var sums = array<f32, {{count}}>({{sums}});
  for (var i = 0u; i < {{count}}u; i++) { store(row + i / {{outputs}}u, output + i % {{outputs}}u, sums[i]); }
}
