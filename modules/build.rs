//! What the linker of the browser's modules has to be told.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm") {
        // Otherwise each call from JavaScript would run all static constructors again, those of the GPU's runtime thousands of them.
        // The glue generator makes them the module's start function.
        println!("cargo::rustc-link-arg-cdylib=--export=__wasm_call_ctors");
    }
}
