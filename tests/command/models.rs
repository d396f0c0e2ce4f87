//! Models: the one that comes with the command, others, and none.

use std::fs;

use serde_json::json;

use crate::shell::{MODEL, SCENES, UNTRAINED, ends_with, folder, gamma, image, lines, model_with, text};

#[test]
fn without_weights_the_default_model_is_taken() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/weights/gamma-lite.safetensors");
    let photo = image("coffee.jpg");
    let output = gamma(&["score", "--json", &photo]);
    ends_with(&output, 0);
    assert_eq!(text(&output.stderr), "");
    let row = &lines(&output)[0];
    assert_eq!(
        (row["model"].as_str(), row["scene"].as_str()),
        (Some("gamma-lite"), Some("natural-quality"))
    );
    for weights in ["default", file] {
        let again = &lines(&gamma(&["score", "--json", "--weights", weights, &photo]))[0];
        assert_eq!(
            (&again["score"], &again["crops"]),
            (&row["score"], &row["crops"]),
            "{weights}"
        );
    }
    // As its file states, unless the caller says otherwise.
    let report = &lines(&gamma(&["inspect", "--json"]))[0];
    assert_eq!(
        (&report["file"], &report["trained"], &report["bytes"]),
        (
            &json!("default"),
            &json!(true),
            &json!(fs::metadata(file).unwrap().len())
        )
    );
    let stated = &report["photo"];
    let short_side = row["width"].as_u64().min(row["height"].as_u64());
    assert_eq!(
        (short_side, &row["policy"]),
        (stated["short_side"].as_u64(), &stated["policy"])
    );
    let own = &lines(&gamma(&["score", "--json", "--policy", "center", &photo]))[0];
    assert_eq!(
        (&own["policy"], own["crops"].as_array().unwrap().len()),
        (&json!("center"), 1)
    );

    let output = gamma(&["inspect"]);
    ends_with(&output, 0);
    for words in ["gamma-lite", "EfficientNet-Lite0", "natural-quality", "short side of"] {
        assert!(
            text(&output.stdout).contains(words),
            "{words}: {}",
            text(&output.stdout)
        );
    }
    let output = gamma(&["verify"]);
    ends_with(&output, 0);
    assert!(text(&output.stdout).contains("every tensor has the hash that its file says"));
    assert!(text(&gamma(&["score", "--help"]).stdout).contains("[default: default]"));
}

#[test]
fn the_scene_file_of_ai_pictures_adds_a_scene_to_the_default_model() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/weights/gamma-lite-ai.safetensors");
    let (photo, scene) = (image("coffee.jpg"), "ai-generated-quality");
    let plain = &lines(&gamma(&["score", "--json", &photo]))[0];
    for weights in ["ai", file] {
        let natural = &lines(&gamma(&["score", "--json", "-w", weights, &photo]))[0];
        assert_eq!(
            (&natural["score"], &natural["model"]),
            (&plain["score"], &json!("gamma-lite-ai"))
        );
        let made = &lines(&gamma(&["score", "--json", "-w", weights, "--scene", scene, &photo]))[0];
        assert_eq!(made["scene"], scene);
        for command in ["inspect", "verify"] {
            ends_with(&gamma(&[command, weights]), 0);
        }
    }
    let output = gamma(&["inspect", file]);
    let found = text(&output.stdout);
    for words in ["gamma-lite-ai", "non-commercial", "a scene file", scene] {
        assert!(found.contains(words), "{words}: {found}");
    }
    let output = gamma(&["verify", file]);
    let verified = text(&output.stdout);
    assert!(
        verified.contains("gamma-lite-ai.safetensors") && verified.contains("default"),
        "{verified}"
    );

    // Of another model.
    let path = folder("scene_file").join("scenes.safetensors");
    let mut bytes = fs::read(file).unwrap();
    let key = b"\"extends\":\"";
    let at = bytes.windows(key.len()).position(|part| part == key).unwrap() + key.len();
    bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
    fs::write(&path, bytes).unwrap();
    let output = gamma(&["score", "-w", path.to_str().unwrap(), &photo]);
    ends_with(&output, 3);
    let error = text(&output.stderr);
    assert!(
        error.contains("scene file") && error.contains("(weights-scenes)"),
        "{error}"
    );
}

#[test]
fn a_model_without_natural_quality_is_asked_about_its_first_scene() {
    let path = folder("scenes").join("model.safetensors");
    let scenes = json!({ "face-quality": "face {level}-quality image", "underwater-quality": "{level} water" });
    model_with(&path, &json!({ "scenes": scenes.to_string() }));
    let output = gamma(&[
        "score",
        "--weights",
        path.to_str().unwrap(),
        "--crops",
        "1",
        "--json",
        &image("gray_250x240.png"),
    ]);
    ends_with(&output, 0);
    assert_eq!(lines(&output)[0]["scene"], "face-quality");
}

#[test]
fn no_model_ends_with_3() {
    let folder = folder("no_model");
    let photo = image("coffee.jpg");
    let bytes = fs::read(MODEL).unwrap();
    let files: [(&str, &[u8], &str); 4] = [
        ("cut.safetensors", &bytes[..bytes.len() / 2], "(header-range)"),
        ("empty.safetensors", b"", "(weights-truncated)"),
        ("model.pth", b"PK\x03\x04\0\0\x08\x08\0\0archive/data.pkl", "PyTorch"),
        ("text.safetensors", b"no weights at all", "(header-too-large)"),
    ];
    let written = files.map(|(name, bytes, reason)| {
        fs::write(folder.join(name), bytes).unwrap();
        (folder.join(name), reason)
    });
    let others = [(folder.join("missing"), "(io)"), (folder.clone(), "(io)")];
    for (path, reason) in written.iter().chain(&others) {
        let path = path.to_str().unwrap();
        let output = gamma(&["score", "--weights", path, &photo]);
        ends_with(&output, 3);
        let error = text(&output.stderr);
        assert!(
            error.contains(path) && error.contains(reason) && error.lines().count() == 1,
            "{error}"
        );
    }
}

#[test]
fn wrong_usage_ends_with_2() {
    let photo = image("coffee.jpg");
    for arguments in [
        vec![],
        vec!["score"],
        vec!["score", "--weights", MODEL],
        vec!["score", "--weights", MODEL, "--crops", "0", &photo],
        vec!["score", "--weights", MODEL, "--crops", "101", &photo],
        vec!["score", "--weights", MODEL, "--policy", "best", &photo],
        vec!["score", "--weights", MODEL, "--seed", "-1", &photo],
        vec!["score", "--weights", MODEL, "--json", "--csv", &photo],
        vec!["score", "--weights", MODEL, "--scene", "portrait", &photo],
        vec!["admire", &photo],
    ] {
        let output = gamma(&arguments);
        ends_with(&output, 2);
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
        assert_ne!(text(&output.stderr), "", "{arguments:?}");
    }
    let output = gamma(&["score", "--weights", MODEL, "--scene", "portrait", &photo]);
    assert!(
        SCENES.iter().all(|scene| text(&output.stderr).contains(scene)),
        "{}",
        text(&output.stderr)
    );
    ends_with(&gamma(&["--help"]), 0);
    ends_with(&gamma(&["score", "--help"]), 0);
}

#[test]
fn an_untrained_model_says_so_once() {
    let path = folder("untrained").join("model.safetensors");
    model_with(
        &path,
        &json!({ "name": "sample", "trained": "false", "licence": "CC0-1.0", "source": "random numbers" }),
    );
    let path = path.to_str().unwrap();
    let photo = image("gray_250x240.png");
    let output = gamma(&["score", "--weights", path, "--crops", "1", "--json", &photo, &photo]);
    ends_with(&output, 0);
    assert_eq!(text(&output.stderr), UNTRAINED);
    assert_eq!(lines(&output)[0]["model"], "sample");

    let output = gamma(&["inspect", path]);
    ends_with(&output, 0);
    for words in ["sample", "CC0-1.0", "random numbers", "scores mean nothing"] {
        assert!(
            text(&output.stdout).contains(words),
            "{words} in {}",
            text(&output.stdout)
        );
    }
    let report = &lines(&gamma(&["inspect", "--json", path]))[0];
    assert_eq!(report["trained"], false);
    assert_eq!(report["metadata"]["source"], "random numbers");
}
