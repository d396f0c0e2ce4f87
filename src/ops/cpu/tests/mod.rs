//! The kernels on random shapes, against plain burn.

mod activation;
mod attention;
mod integer;
mod layer_norm;
mod linear;
mod oracle;
