//! One piece of work on several threads of a browser: a worker forks, its helpers join in, and it goes on when all is done.
//!
//! The helpers are workers that instantiate the same module over the same memory and call [`serve`], which never returns. What
//! runs there is numerical code: it reads slices, writes chunks of its own, and may allocate ([`Allocator`]). It must not use what the
//! standard library has for threads, thread-local variables and locks among it, since that library is compiled without them.
//!
//! One function of this crate names the WebAssembly feature `atomics`. A module that is optimised as a whole has the features of all its
//! functions, so that every atomic operation in it becomes one, those of crates compiled without the feature too.

#![cfg_attr(
    target_arch = "wasm32",
    feature(stdarch_wasm_atomic_wait, thread_local, wasm_target_feature)
)]
#![warn(missing_docs)]

mod allocator;
mod crew;

pub use allocator::Allocator;
pub use crew::{for_each_chunk, meet, serve, threads};
