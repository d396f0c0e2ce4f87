@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;
fn x_at(row: u32, k: u32) -> vec4f { return x[row * (info.inputs / 4u) + k]; }
fn weight_at(row: u32, k: u32) -> vec4f { return weight[row * (info.inputs / 4u) + k]; }
