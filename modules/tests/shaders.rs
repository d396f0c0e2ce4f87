//! Every shader in each of its variants is valid WGSL, and its patched crates are the ones in use. Needs no adapter.

use naga::{
    front::wgsl,
    valid::{Capabilities, ValidationFlags, Validator},
};

#[test]
fn every_shader_is_valid_wgsl() {
    let shaders = [gamma_wasm::ops::shader_variants(), burn_flex::shader_variants()].concat();
    assert!(shaders.len() >= 30, "{} shaders", shaders.len());
    for (name, text) in shaders {
        assert!(!text.contains("{{"), "{name}: a placeholder is left in\n{text}");
        let module = wgsl::parse_str(&text).unwrap_or_else(|error| panic!("{name}: {}", error.emit_to_string(&text)));
        let mut validator = Validator::new(ValidationFlags::all(), Capabilities::SHADER_FLOAT16);
        if let Err(error) = validator.validate(&module) {
            panic!("{name}: {}", error.emit_to_string(&text));
        }
    }
}

/// A `[patch]` whose version fits no more is left out of the build, and only a warning says so.
#[test]
fn the_stand_ins_are_in_use() {
    let lock = include_str!("../Cargo.lock");
    for name in ["burn-flex", "crc32fast"] {
        let entry = lock
            .split("[[package]]")
            .find(|entry| entry.contains(&format!("name = \"{name}\"")));
        let entry = entry.unwrap_or_else(|| panic!("{name} is in Cargo.lock"));
        assert!(
            !entry.contains("source ="),
            "{name} comes from a registry, not from stand-ins/"
        );
    }
}
