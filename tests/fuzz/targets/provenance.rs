//! What photos declare about their origin: any bytes, and those of a damaged photo.
#![no_main]

use gamma_wasm::image::{SourceType, may_declare, provenance};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let found = provenance(bytes);
    assert!(!found.verified);
    assert!(found.evidence.len() <= 32 && found.evidence.iter().all(|evidence| evidence.value.len() <= 300));
    // Nothing is said of a file of another kind, and nothing without a piece of evidence.
    assert!(may_declare(bytes) || found == Default::default());
    assert!(found.source == SourceType::Unknown || !found.evidence.is_empty());
});
