//! The command `gamma`.
fn main() {}
