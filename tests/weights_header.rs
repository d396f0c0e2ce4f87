//! Each way in which a header can lie has its own error code, found before any data is waited for.

mod common;

use burn::tensor::Device;
use common::file::{File, smallest};
use gamma_wasm::{
    Result,
    weights::{Assembly, Header},
};
use serde_json::{Value, json};

const FIRST: &str = "clip_model.visual.conv1.weight";
const SECOND: &str = "clip_model.visual.class_embedding";

fn with_json(json: &[u8]) -> Vec<u8> {
    [&(json.len() as u64).to_le_bytes(), json].concat()
}

/// The smallest model with another header, and no data behind it.
fn with_header(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let file = smallest(false).bytes();
    let end = 8 + u64::from_le_bytes(*file.first_chunk().expect("a length")) as usize;
    let mut header = serde_json::from_slice(&file[8..end]).expect("a header");
    change(&mut header);
    with_json(header.to_string().as_bytes())
}

fn push(bytes: &[u8], length: Option<u64>) -> Result<()> {
    let mut assembly = Assembly::new(Device::flex());
    assembly.begin("model.safetensors", length)?;
    assembly.push(bytes).map(drop)
}

/// The code of the first error when the bytes arrive from a source of unknown length.
fn code(bytes: &[u8]) -> &'static str {
    push(bytes, None).err().map_or("accepted", |error| error.code())
}

fn of_json(json: &str) -> &'static str {
    code(&with_json(json.as_bytes()))
}

fn of_header(change: impl FnOnce(&mut Value)) -> &'static str {
    code(&with_header(change))
}

fn row(shape: &str, offsets: &str) -> String {
    format!(r#"{{"a": {{"dtype": "U8", "shape": {shape}, "data_offsets": {offsets}}}}}"#)
}

#[test]
fn lengths_that_no_header_has() {
    for length in [0u64, 1] {
        assert_eq!(code(&length.to_le_bytes()), "header-empty");
    }
    for length in [100_000_001, 1 << 40, u64::MAX] {
        assert_eq!(code(&length.to_le_bytes()), "header-too-large");
    }
    let claim = [&500u64.to_le_bytes()[..], b"{}"].concat();
    assert_eq!(
        push(&claim, Some(10)).err().map(|error| error.code()),
        Some("header-beyond-file")
    );
    // A stream of unknown length may go on.
    assert_eq!(code(&claim), "accepted");
}

#[test]
fn other_kinds_of_files_are_named() {
    for (start, says) in [
        (&b"PK\x03\x04\x14\0\0\0\0\0"[..], "zip"),
        (b"\x80\x02}q\x00(X\x04", "pickle"),
        (b"GGUF\x03\0\0\0\x01", "GGUF"),
        (b"version https://git-lfs.github.com/spec/v1", "LFS"),
        (b"<!doctype html><title>404</title>", "web page"),
        (b"{\"metadata\": {}}", "index"),
    ] {
        let error = push(start, None).expect_err("no weights");
        assert_eq!(error.code(), "weights-format", "{says}");
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn json_that_is_no_header() {
    assert_eq!(code(&with_json(b"{\"a\xff\": 1}")), "header-utf8");
    for json in [
        "[]",
        "12",
        "{]",
        "{\"a\": 1}",
        "{\"a\": {}}",
        " {}",
        "{} x",
        "{\"__metadata__\": {\"a\": 1}}",
        "<html></html>",
    ] {
        assert_eq!(of_json(json), "header-json", "{json}");
    }
    assert_eq!(of_header(|h| h[FIRST]["more"] = 1.into()), "header-json");
    assert_eq!(of_json(&row("[]", "[0]")), "header-json");
    assert_eq!(of_json(&"[".repeat(5000)), "header-nesting");
    assert_eq!(of_json(&"{\"a\":".repeat(5000)), "header-nesting");
    assert_eq!(of_json(&row("[[1]]", "[0, 1]")), "header-nesting");
    // Brackets in a string are no nesting.
    assert_eq!(of_header(|h| h["__metadata__"]["note"] = "[[[[[[".into()), "accepted");
}

#[test]
fn keys_that_stand_twice() {
    let twice = r#"{"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}, "a": {"dtype": "U8", "shape": [1], "data_offsets": [1, 2]}}"#;
    assert_eq!(of_json(twice), "header-duplicate");
    assert_eq!(of_json(r#"{"__metadata__": {"a": "1", "a": "2"}}"#), "header-duplicate");
    assert_eq!(
        of_json(r#"{"__metadata__": {}, "__metadata__": {}}"#),
        "header-duplicate"
    );
    assert_eq!(
        of_json(r#"{"a": {"dtype": "U8", "dtype": "I8", "shape": [1], "data_offsets": [0, 1]}}"#),
        "header-duplicate"
    );
}

#[test]
fn offsets_that_are_no_offsets() {
    for offsets in [
        "[-1, 1]",
        "[0.5, 1]",
        "[0, 18446744073709551616]",
        "[0, 1e400]",
        "[0, 1e3]",
    ] {
        assert_eq!(of_json(&row("[1]", offsets)), "header-offsets", "{offsets}");
    }
    assert_eq!(of_json(&row("[1]", "[1, 0]")), "header-range");
    assert_eq!(of_json(&row("[2]", "[0, 1]")), "header-size");
    assert_eq!(of_json(&row("[1]", "[1, 2]")), "header-hole");
    for shape in [
        "[18446744073709551615, 2]",
        "[1099511627776, 1099511627776]",
        "[18446744073709551616]",
        "[-1]",
        "[0.5]",
    ] {
        assert_eq!(of_json(&row(shape, "[0, 1]")), "header-shape", "{shape}");
    }
}

#[test]
fn tensors_that_share_bytes_or_leave_some_out() {
    let shift = |by: i64| {
        move |h: &mut Value| {
            let offsets = h[SECOND]["data_offsets"].as_array_mut().expect("two");
            offsets
                .iter_mut()
                .for_each(|offset| *offset = (offset.as_i64().expect("whole") + by).into());
        }
    };
    assert_eq!(of_header(shift(-2)), "header-overlap");
    assert_eq!(of_header(shift(2)), "header-hole");
    let end = |h: &mut Value| h.as_object_mut().expect("a table").remove(FIRST);
    assert_eq!(of_header(|h| drop(end(h))), "header-hole");
}

#[test]
fn tensors_outside_of_a_file_whose_length_is_known() {
    let file = smallest(false).bytes();
    let length = file.len() as u64;
    let code = |length| push(&file, Some(length)).err().map(|error| error.code());
    assert_eq!(code(length), None);
    assert_eq!(code(length - 1), Some("header-range"));
    assert_eq!(code(length + 1), Some("weights-trailing"));
}

#[test]
fn tensors_that_are_not_the_models() {
    assert_eq!(of_header(|h| h[FIRST]["dtype"] = "F17".into()), "tensor-dtype");
    assert_eq!(of_header(|h| h[FIRST]["dtype"] = "I16".into()), "tensor-dtype");
    assert_eq!(of_header(|h| h[SECOND]["shape"] = json!([8, 8])), "tensor-shape");
    let renamed = |from: &'static str, to: &'static str| {
        move |h: &mut Value| {
            let table = h.as_object_mut().expect("a table");
            let row = table.remove(from).expect("the tensor");
            table.insert(to.into(), row);
        }
    };
    assert_eq!(of_header(renamed(FIRST, "other")), "tensor-missing");
    assert_eq!(of_header(renamed(SECOND, "other")), "tensor-extra");
    assert_eq!(
        of_header(renamed("text_features.generic", "text_features.unknown")),
        "tensor-extra"
    );
    // Five rows for each domain of a scene.
    for (rows, expected) in [
        (4, Some("tensor-shape")),
        (7, Some("tensor-shape")),
        (0, Some("tensor-shape")),
        (5 * 65, Some("tensor-shape")),
        (10, None),
    ] {
        let mut file = smallest(false);
        let features = file
            .tensors
            .iter_mut()
            .find(|tensor| tensor.name == "text_features.generic");
        let features = features.expect("the features of its scene");
        let row = features.data.len() / features.shape[0];
        features.data = features.data[..row].repeat(rows);
        features.shape[0] = rows;
        assert_eq!(
            push(&file.bytes(), None).err().map(|error| error.code()),
            expected,
            "{rows} rows"
        );
    }
    let mut file = smallest(false);
    file.tensors.retain(|tensor| tensor.name != SECOND);
    assert_eq!(code(&file.bytes()), "tensor-missing");
    let mut half_a_text_tower = smallest(true);
    half_a_text_tower
        .tensors
        .retain(|tensor| tensor.name != "clip_model.text_projection");
    assert_eq!(code(&half_a_text_tower.bytes()), "tensor-missing");
}

#[test]
fn a_header_is_read_from_a_file_without_its_data() {
    let file = smallest(true);
    let bytes = file.bytes();
    let header = Header::read(bytes.as_slice(), Some(bytes.len() as u64), "model").expect("a header");
    assert_eq!(header.file_bytes(), bytes.len() as u64);
    assert_eq!(header.tensors.len(), file.tensors.len());
    assert_eq!(header.shape(FIRST), Some(&[64, 3, 32, 32][..]));
    assert_eq!(header.shape("none"), None);
    let cut = Header::read(&bytes[..100], None, "model")
        .err()
        .map(|error| error.code());
    assert_eq!(cut, Some("weights-truncated"));
    let cut = Header::read(&bytes[..7], None, "model").err().map(|error| error.code());
    assert_eq!(cut, Some("weights-truncated"));
    // Written again, it is the same file.
    assert_eq!(File::parse(&bytes).bytes(), bytes);
}
