//! The header of a safetensors file, and what our own metadata in it say: any JSON, or none.
#![no_main]

use gamma_wasm::weights::{Contents, Header};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|json: &[u8]| {
    let Ok(header) = Header::parse(json) else { return };
    // Tensors follow each other without hole or overlap, whatever was accepted.
    let sum: u64 = header.tensors.iter().map(|tensor| tensor.bytes as u64).sum();
    assert_eq!(sum, header.data_bytes());
    if let Ok(contents) = Contents::read(&header) {
        let _ = contents.check_complete();
    }
});
