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

/// The text of every shader in each of its variants, by name: what a compiler of WGSL has to take.
pub fn shader_variants() -> Vec<(String, String)> {
    let shader = |name: &str, text: String| (name.to_owned(), text);
    let static_ones = [
        shader("copy", copy::source()),
        shader("embedding", module::source()),
        shader("sum", reduce::source()),
    ];
    [static_ones.as_slice(), &elementwise::variants()].concat()
}
