//! WebGPU: tensors are buffers on the device, row by row, shared by their clones. Operations are shaders, views copies: those of the
//! forward pass are small, and what is large goes through the shaders of `gamma-wasm`.

mod copy;
mod elementwise;
mod float;
mod module;
mod reduce;
mod tensor;

pub use tensor::FlexTensor;

/// As burn shows the device.
pub(crate) const NAME: &str = "WebGpu";

/// Invocations of a workgroup.
const WORKGROUP: usize = 64;

/// Axes of a tensor, at most.
const AXES: usize = 6;

/// `values`, of one number for each axis, with `fill` for those axes before them that a shader counts and the tensor has not.
fn padded(values: &[usize], fill: usize) -> [usize; AXES] {
    assert!(
        values.len() <= AXES,
        "the browser's backend has tensors of {AXES} axes at most"
    );
    let mut all = [fill; AXES];
    all[AXES - values.len()..].copy_from_slice(values);
    all
}

/// The beginning of a shader whose invocations each make one number: `at` is its place.
macro_rules! each {
    () => {
        "
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.y * groups.x * 64u + id.x;
  if (at >= info.count) { return; }
"
    };
}
use each;
