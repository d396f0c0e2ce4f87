//! `gamma inspect`.

use std::fs;

use serde_json::{Value, json};

use crate::shell::{MODEL, SCENES, ends_with, folder, gamma, lines, rewrite, text};

#[test]
fn inspect_says_what_a_model_is() {
    let output = gamma(&["inspect", MODEL]);
    ends_with(&output, 0);
    let shown = text(&output.stdout);
    for words in [
        "9,256,694",
        "485",
        "F16",
        "18.6 MB",
        "224 x 224",
        "width 128",
        "vocabulary of 49,408",
    ] {
        assert!(shown.contains(words), "{words} in {shown}");
    }
    assert!(shown.contains(&SCENES.join(", ")), "{shown}");

    let output = gamma(&["inspect", MODEL, "--json", "--tensors"]);
    ends_with(&output, 0);
    let report = &lines(&output)[0];
    assert_eq!(report["parameters"], 9_256_694);
    assert_eq!(report["bytes"], fs::metadata(MODEL).unwrap().len());
    assert_eq!(report["dtypes"]["F16"]["tensors"], 485);
    assert_eq!(report["config"]["vision"]["width"], 128);
    assert_eq!(report["scenes"][1]["template"], "natural {level}-quality image");
    let tensors = report["tensor_list"].as_array().unwrap();
    assert_eq!(tensors.len(), 485);
    let level = tensors.iter().find(|tensor| tensor["name"] == "score_level").unwrap();
    assert_eq!((&level["dtype"], &level["shape"]), (&json!("F16"), &json!([5])));

    let output = gamma(&["inspect", MODEL, "--tensors"]);
    assert!(
        text(&output.stdout)
            .lines()
            .any(|line| line.starts_with("score_level ") && line.ends_with("F16   [5]"))
    );
}

#[test]
fn inspect_says_what_the_class_token_knows_and_how_many_domains_a_scene_has() {
    let output = gamma(&["inspect"]);
    ends_with(&output, 0);
    let shown = text(&output.stdout);
    assert!(shown.contains("class token   with 1,568 means"), "{shown}");
    assert!(
        shown.contains("natural-quality of 4 domains, underwater-quality"),
        "{shown}"
    );
    assert!(!text(&gamma(&["inspect", MODEL]).stdout).contains("class token"));
}

#[test]
fn inspect_says_why_a_file_is_no_model() {
    let folder = folder("inspect");
    let bytes = fs::read(MODEL).unwrap();
    fs::write(folder.join("cut.safetensors"), &bytes[..bytes.len() - 1]).unwrap();
    fs::write(folder.join("header.safetensors"), &bytes[..100]).unwrap();
    fs::write(folder.join("text"), "no weights at all").unwrap();
    let other = json!({ "weight": { "dtype": "F32", "shape": [1], "data_offsets": [0, 4] } }).to_string();
    let other = [&(other.len() as u64).to_le_bytes(), other.as_bytes(), &[0; 4]].concat();
    fs::write(folder.join("other.safetensors"), other).unwrap();
    rewrite(&folder.join("bytes.safetensors"), |header| {
        header["score_level"]["dtype"] = "I16".into()
    });
    for (name, code, tensors) in [
        ("cut.safetensors", "header-range", json!(485)),
        ("header.safetensors", "header-beyond-file", Value::Null),
        ("text", "header-too-large", Value::Null),
        ("other.safetensors", "tensor-missing", json!(1)),
        ("bytes.safetensors", "tensor-dtype", json!(485)),
        ("missing", "io", Value::Null),
    ] {
        let path = folder.join(name);
        let output = gamma(&["inspect", "--json", path.to_str().unwrap()]);
        ends_with(&output, 3);
        let report = &lines(&output)[0];
        assert_eq!(
            (&report["error"]["code"], &report["tensors"]),
            (&json!(code), &tensors),
            "{name}"
        );
        let output = gamma(&["inspect", path.to_str().unwrap()]);
        ends_with(&output, 3);
        assert!(text(&output.stdout).starts_with("file"), "{name}");
        assert!(text(&output.stderr).contains(code), "{name}: {}", text(&output.stderr));
    }
}

#[test]
fn inspect_says_what_a_photo_declares() {
    let photo = |name: &str| format!("{}/tests/fixtures/provenance/{name}", env!("CARGO_MANIFEST_DIR"));
    let path = photo("c2pa-filled.jpg");
    let output = gamma(&["inspect", &path, "--json"]);
    ends_with(&output, 0);
    let report = &lines(&output)[0];
    assert_eq!(report["file"], path.as_str());
    assert_eq!(report["bytes"], fs::metadata(&path).unwrap().len());
    let provenance = &report["provenance"];
    assert_eq!(
        (&provenance["source"], &provenance["c2pa"], &provenance["verified"]),
        (&json!("composite"), &json!("present"), &json!(false))
    );
    assert_eq!(
        provenance["evidence"][0],
        json!({ "kind": "c2pa-claim-generator", "value": "Example Studio 2.1" })
    );

    for (name, words) in [
        (
            "a1111.png",
            [
                "made by a generative model, by its own account",
                "no manifest",
                "png-text parameters: ",
            ],
        ),
        (
            "iptc-capture.jpg",
            [
                "captured by a camera",
                "no manifest",
                "digitalsourcetype/digitalCapture",
            ],
        ),
        (
            "c2pa-no-training.jpg",
            ["nothing is declared", "not verified", "c2pa-claim-generator"],
        ),
        (
            "plain.webp",
            ["nothing is declared, which means nothing", "no manifest", "plain.webp"],
        ),
    ] {
        let output = gamma(&["inspect", &photo(name)]);
        ends_with(&output, 0);
        let shown = text(&output.stdout);
        for words in words {
            assert!(shown.contains(words), "{words} in {shown}");
        }
    }
}
