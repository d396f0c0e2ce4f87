//! What the linker of the browser's modules has to be told.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_CPU_THREADS").is_some() {
        // A memory that is handed in, shared, of at most 4 GiB. The standard library is compiled without atomics, which the linker would
        // refuse: what the helpers run makes no use of it (see ../threads).
        for argument in [
            "--shared-memory",
            "--import-memory",
            "--max-memory=4294967296",
            "--no-check-features",
        ] {
            println!("cargo::rustc-link-arg-cdylib={argument}");
        }
        // What the glue generator needs to give each instance a stack of its own.
        for symbol in [
            "__heap_base",
            "__wasm_init_tls",
            "__tls_size",
            "__tls_align",
            "__tls_base",
        ] {
            println!("cargo::rustc-link-arg-cdylib=--export={symbol}");
        }
    }
}
