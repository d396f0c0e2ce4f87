//! What follows the products of a linear layer, in a shader.

use gamma_webgpu::Buffer;

use super::kernel::buffer;
use crate::ops::{Activation, Epilogue};

/// `Info`, and `store(row, output, product)`, for a shader that binds `bias`, `onto`, `gate`, `y` and `info`.
pub(super) const EPILOGUE: &str = "
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
";

/// The tensors of an epilogue and what a launch says of them.
pub(super) struct Operands {
    bias: Option<Buffer>,
    onto: Option<Buffer>,
    gate: Option<Buffer>,
    /// The fields of `Info`, but for those of a matrix.
    pub numbers: [usize; 8],
}

impl Operands {
    /// `rows`, `inputs`, `outputs` are those of the layer.
    pub fn new(epilogue: Epilogue, [rows, inputs, outputs]: [usize; 3]) -> Self {
        let Epilogue {
            onto,
            bias,
            activation,
            gate,
        } = epilogue;
        let activation = match activation {
            Activation::None => 0,
            Activation::Relu6 => 1,
            Activation::QuickGelu => 2,
        };
        let (experts, expert) = gate
            .as_ref()
            .map_or((0, 0), |gate| (gate.weights.dims()[1], gate.expert));
        let present = [bias.is_some(), onto.is_some()].map(usize::from);
        Self {
            numbers: [
                rows, inputs, outputs, activation, present[0], present[1], experts, expert,
            ],
            bias: bias.map(buffer),
            onto: onto.map(buffer),
            gate: gate.map(|gate| buffer(gate.weights)),
        }
    }

    /// `bias`, `onto` and `gate`; for one that is absent, `other`, since something has to be bound.
    pub fn buffers<'a>(&'a self, other: &'a Buffer) -> [&'a Buffer; 3] {
        [&self.bias, &self.onto, &self.gate].map(|tensor| tensor.as_ref().unwrap_or(other))
    }
}
