//! What follows the products of a linear layer, in a shader.

use gamma_webgpu::Buffer;

use super::kernel::buffer;
use crate::ops::{Activation, Epilogue};

/// `Info`, and `store(row, output, product)`, for a shader that binds `bias`, `onto`, `gate`, `y` and `info`.
pub(super) const EPILOGUE: &str = include_str!("shaders/epilogue.wgsl");

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
