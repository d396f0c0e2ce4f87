//! `model.safetensors.index.json`: any JSON, or none.
#![no_main]

use gamma_wasm::weights::Index;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|json: &[u8]| {
    if let Ok(index) = Index::parse(json) {
        // What it says must hold together: every file is found under its own name.
        assert!(index.files.iter().all(|file| index.file(&file.name) == Some(file)));
    }
});
