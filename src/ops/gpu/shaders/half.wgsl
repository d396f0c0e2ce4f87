enable f16;
// Products that are added in half precision before their sum is.
const RUN = 16u;
const LARGEST = 4000.0;
const UNIT = 1.0 / 128.0;
fn half_of(v: vec4f) -> vec4h { return vec4h(clamp(v, vec4f(-LARGEST), vec4f(LARGEST))); }
