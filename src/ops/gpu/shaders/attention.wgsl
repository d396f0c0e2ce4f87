// `{{part}}` is a vector of four where heads are made of whole ones, as those of CLIP are, else a number.
struct Info { queries: u32, tokens: u32, width: u32, masked: u32 }
@group(0) @binding(0) var<storage, read> q: array<{{part}}>;
@group(0) @binding(1) var<storage, read> key_value: array<{{part}}>;
@group(0) @binding(2) var<storage, read> mask: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<{{part}}>;
@group(0) @binding(4) var<storage, read> info: Info;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= info.queries) { return; }
  let stride = info.width / {{width}}u;
  let head = id.y * {{parts}}u;
  let place = (id.z * info.queries + id.x) * stride + head;
  let factor = inverseSqrt({{head}}.0);
  var top = -3.0e38;
  var sum = 0.0;
  // The parts q0, q1, ... of the query and y0, y1, ... of what is gathered.
  {{begin}}
  for (var t = 0u; t < info.tokens; t++) {
    let key = (id.z * info.tokens + t) * 2u * stride + head;
    let value = key + stride;
    var score = 0.0;
    if (info.masked != 0u) { score = mask[id.x * info.tokens + t]; }
    {{score}}
    // What was gathered is scaled anew only when a score exceeds all before it.
    if (score > top) {
      let old = exp(top - score);
      top = score;
      sum *= old;
      {{rescale}}
    }
    let p = exp(score - top);
    sum += p;
    {{gather}}
  }
  {{end}}
}
