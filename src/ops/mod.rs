//! The few operations worth code of our own. [`reference`] composes plain burn operations: it runs everywhere,
//! training differentiates it, and every faster kernel is tested against it.

pub mod reference;
mod self_test;

pub use reference::{attention, linear, quick_gelu};
pub(crate) use self_test::read;
pub use self_test::self_test;
