struct Info {
  rows: u32,
  inputs: u32,
  outputs: u32,
  activation: u32,
  has_bias: u32,
  has_onto: u32,
  // The number of experts, none without a gate.
  experts: u32,
  expert: u32,
  // Of a matrix in codes: its first row among those that are stored, and how many neighbours share a scale.
  first: u32,
  group: u32,
}

fn activate(v: f32) -> f32 {
  if (info.activation == 1u) { return clamp(v, 0.0, 6.0); }
  if (info.activation == 2u) { return v / (1.0 + exp(-1.702 * v)); }
  return v;
}

fn store(row: u32, output: u32, product: f32) {
  if (row >= info.rows || output >= info.outputs) { return; }
  let at = row * info.outputs + output;
  var sum = product;
  if (info.has_bias != 0u) { sum += bias[output]; }
  if (info.experts != 0u) {
    sum = activate(sum) * gate[row * info.experts + info.expert];
    if (info.has_onto != 0u) { sum += onto[at]; }
  } else {
    if (info.has_onto != 0u) { sum += onto[at]; }
    sum = activate(sum);
  }
  y[at] = sum;
}
