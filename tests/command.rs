//! The command as a shell meets it: arguments, output, exit status (`docs/command.md`).

#![cfg(feature = "cli")]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/tiny/model.safetensors");
const IMAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/preprocess/images");
const SCENES: [&str; 6] = [
    "generic",
    "natural-quality",
    "ai-generated-quality",
    "underwater-quality",
    "face-quality",
    "natural-aesthetics",
];

const UNTRAINED: &str = "gamma: warning: this model is not trained; its scores mean nothing\n";

fn image(name: &str) -> String {
    format!("{IMAGES}/{name}")
}

/// An empty folder of a test's own.
fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("command").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gamma"));
    command.args(arguments);
    command
}

fn gamma(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// `gamma score` with the tiny model and one crop.
fn score(arguments: &[&str]) -> Output {
    gamma(&[&["score", "--weights", MODEL, "--crops", "1"], arguments].concat())
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[track_caller]
fn ends_with(output: &Output, status: i32) {
    assert_eq!(
        output.status.code(),
        Some(status),
        "standard error: {}",
        text(&output.stderr)
    );
}

#[track_caller]
fn lines(output: &Output) -> Vec<Value> {
    text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The tiny model with other metadata.
fn model_with(path: &Path, metadata: &Value) {
    rewrite(path, |header| {
        header["__metadata__"] = metadata.clone();
    });
}

fn rewrite(path: &Path, change: impl Fn(&mut Value)) {
    let bytes = fs::read(MODEL).unwrap();
    let (length, rest) = bytes.split_first_chunk::<8>().unwrap();
    let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
    let mut header: Value = serde_json::from_slice(header).unwrap();
    change(&mut header);
    let header = serde_json::to_vec(&header).unwrap();
    fs::write(
        path,
        [&(header.len() as u64).to_le_bytes(), header.as_slice(), data].concat(),
    )
    .unwrap();
}

#[test]
fn json_has_a_line_for_each_photo_in_their_order() {
    let names = ["coffee.jpg", "gray_250x240.png", "lossy_301x231.webp"].map(image);
    let output = score(&["--json", "--crops", "2", "--seed", "5", &names[0], &names[1], &names[2]]);
    ends_with(&output, 0);
    let rows = lines(&output);
    assert_eq!(
        rows.iter()
            .map(|row| row["image"].as_str().unwrap())
            .collect::<Vec<_>>(),
        names
    );
    for row in &rows {
        let levels = ["bad", "poor", "fair", "good", "perfect"].map(|level| row["levels"][level].as_f64().unwrap());
        assert!((levels.iter().sum::<f64>() - 1.0).abs() < 1e-5, "{row}");
        let crops = row["crops"].as_array().unwrap();
        let scores: Vec<f64> = crops.iter().map(|crop| crop["score"].as_f64().unwrap()).collect();
        assert_eq!(scores.len(), 2);
        assert!((scores.iter().sum::<f64>() / 2.0 - row["score"].as_f64().unwrap()).abs() < 1e-6);
        assert!(((scores[0] - scores[1]).abs() / 2.0 - row["spread"].as_f64().unwrap()).abs() < 1e-6);
        // 0.18994 and 1.01953 are what the tiny model's lowest and highest level are worth (its config.json).
        let percent = 100.0 * (row["score"].as_f64().unwrap() - 0.189_941_41) / (1.019_531_25 - 0.189_941_41);
        assert!((percent - row["percent"].as_f64().unwrap()).abs() < 1e-3, "{row}");
        assert!(row["seconds"].as_f64().unwrap() >= 0.0);
        let expected =
            json!({ "scene": "natural-quality", "model": "untrained tiny sample", "policy": "random", "seed": 5 });
        for (key, value) in expected.as_object().unwrap() {
            assert_eq!(&row[key], value, "{key}");
        }
    }
    assert_eq!(
        ["width", "height", "scale", "enlarged"].map(|key| &rows[1][key]),
        [&json!(250), &json!(240), &json!(1.0), &json!(false)]
    );
}

#[test]
fn a_bad_file_is_named_and_the_others_are_scored() {
    let folder = folder("bad");
    let [text_file, missing] = ["notes.jpg", "missing.jpg"].map(|name| folder.join(name).display().to_string());
    fs::write(&text_file, "this is no photo").unwrap();
    let good = [image("coffee.jpg"), image("gray_250x240.png")];
    let arguments = [good[0].as_str(), &text_file, &missing, &good[1]];

    let output = score(&[&["--json"], arguments.as_slice()].concat());
    ends_with(&output, 1);
    let rows = lines(&output);
    assert_eq!(
        rows.iter()
            .map(|row| row["image"].as_str().unwrap())
            .collect::<Vec<_>>(),
        arguments
    );
    assert_eq!(rows[1]["error"]["code"], "image-format");
    assert_eq!(rows[2]["error"]["code"], "io");
    assert!(
        rows[1]["error"]["message"]
            .as_str()
            .is_some_and(|message| !message.is_empty())
    );
    assert!(rows[0]["score"].is_f64() && rows[3]["score"].is_f64() && rows[1].get("score").is_none());
    let errors: Vec<&str> = text(&output.stderr).strip_prefix(UNTRAINED).unwrap().lines().collect();
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(
        errors[0].contains(&text_file) && errors[0].ends_with("(image-format)"),
        "{errors:?}"
    );
    assert_eq!(errors[1].matches(&missing).count(), 1, "{errors:?}");

    let output = score(&[&["--csv"], arguments.as_slice()].concat());
    ends_with(&output, 1);
    let rows = csv_rows(&output);
    assert_eq!(
        rows.iter().map(|row| row["image"].as_str()).collect::<Vec<_>>(),
        arguments
    );
    assert_eq!(
        (rows[1]["error_code"].as_str(), rows[1]["score"].as_str()),
        ("image-format", "")
    );
    assert_eq!((rows[3]["error_code"].as_str(), rows[3]["crops"].as_str()), ("", "1"));

    let output = score(&arguments);
    ends_with(&output, 1);
    assert!(
        text(&output.stdout)
            .lines()
            .last()
            .unwrap()
            .starts_with("2 photos scored, 2 failed; mean ")
    );
}

type CsvRow = std::collections::HashMap<String, String>;

fn csv_rows(output: &Output) -> Vec<CsvRow> {
    csv::Reader::from_reader(output.stdout.as_slice())
        .deserialize()
        .collect::<Result<_, _>>()
        .unwrap()
}

#[test]
fn the_same_photo_gets_the_same_score_in_every_format() {
    let photo = image("coffee.jpg");
    let rows = lines(&score(&["--json", "--crops", "2", &photo, &photo]));
    assert_eq!(rows[0]["crops"], rows[1]["crops"]);
    let again = &lines(&score(&["--json", "--crops", "2", &photo]))[0];
    assert_eq!(
        (&rows[0]["score"], &rows[0]["levels"]),
        (&again["score"], &again["levels"])
    );
    let other = &lines(&score(&["--json", "--crops", "2", "--seed", "1", &photo]))[0];
    assert_ne!(rows[0]["crops"], other["crops"]);

    let row = &csv_rows(&score(&["--csv", "--crops", "2", &photo]))[0];
    for number in ["score", "percent", "spread"] {
        assert_eq!(row[number], again[number].to_string(), "{number}");
    }
    assert_eq!(row["perfect"], again["levels"]["perfect"].to_string());
    let output = score(&["--crops", "2", &photo]);
    let table: Vec<&str> = text(&output.stdout).lines().collect();
    assert_eq!(table.len(), 2, "a single photo needs no summary: {table:?}");
    let columns: Vec<&str> = table[1].split_whitespace().collect();
    assert_eq!(columns[0], format!("{:.1}", again["percent"].as_f64().unwrap()));
    assert_eq!(columns[1], format!("{:.4}", again["score"].as_f64().unwrap()));
    assert_eq!((columns[3].chars().count(), columns[4]), (5, photo.as_str()));
}

#[test]
fn policies_choose_their_crops() {
    // A grid of three crops in a photo of 301 x 231 is a row.
    for (policy, crops) in [("random", 3), ("five", 5), ("center", 1), ("grid", 3)] {
        let row = &lines(&score(&[
            "--json",
            "--crops",
            "3",
            "--policy",
            policy,
            &image("yuv420_odd_301x231.jpg"),
        ]))[0];
        assert_eq!(row["crops"].as_array().unwrap().len(), crops, "{policy}");
        assert_eq!(row["policy"], policy);
    }
}

#[test]
fn all_scenes_are_answered_at_once() {
    let photo = image("coffee.jpg");
    let output = score(&["--json", "--scene", "all", &photo]);
    ends_with(&output, 0);
    let rows = lines(&output);
    assert_eq!(
        rows.iter()
            .map(|row| row["scene"].as_str().unwrap())
            .collect::<Vec<_>>(),
        SCENES
    );
    assert_eq!(
        rows.iter()
            .map(|row| row["score"].to_string())
            .collect::<std::collections::BTreeSet<_>>()
            .len(),
        6
    );
    let alone = &lines(&score(&["--json", "--scene", "face-quality", &photo]))[0];
    assert_eq!(alone["levels"], rows[4]["levels"]);
    assert_eq!(csv_rows(&score(&["--csv", "--scene", "all", &photo])).len(), 6);
    let output = score(&["--scene", "all", &photo]);
    for (line, scene) in text(&output.stdout).lines().skip(1).zip(SCENES) {
        assert!(line.contains(scene), "{line}");
    }
}

#[test]
fn folders_stand_for_their_photos() {
    let folder = folder("folders");
    let inner = folder.join("inner");
    let empty = folder.join("empty");
    fs::create_dir_all(&inner).unwrap();
    fs::create_dir_all(&empty).unwrap();
    let photo = image("gray_250x240.png");
    for name in ["b.png", "a.PNG", ".hidden.png", "notes.txt", "inner/c.png"] {
        fs::copy(&photo, folder.join(name)).unwrap();
    }
    let names = |output: &Output| -> Vec<String> {
        let name = |row: &Value| {
            let path = Path::new(row["image"].as_str().unwrap());
            path.strip_prefix(&folder).unwrap().display().to_string()
        };
        lines(output).iter().map(name).collect()
    };
    let path = folder.to_str().unwrap();
    let output = score(&["--json", path]);
    ends_with(&output, 0);
    assert_eq!(names(&output), ["a.PNG", "b.png"]);
    let output = score(&["--json", path, "-r"]);
    ends_with(&output, 0);
    assert_eq!(names(&output), ["a.PNG", "b.png", "inner/c.png"]);
    let output = score(&["--json", empty.to_str().unwrap(), inner.to_str().unwrap()]);
    ends_with(&output, 1);
    assert_eq!(names(&output), ["empty", "inner/c.png"]);
    assert!(
        text(&output.stderr).contains("the folder holds no photos"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn small_photos_are_scaled_up_unless_parity_forbids_it() {
    let small = image("small_61x90.png");
    let row = &lines(&score(&["--json", &small]))[0];
    assert_eq!(
        (&row["enlarged"], &row["width"], &row["height"]),
        (&json!(true), &json!(224), &json!(330))
    );
    let output = score(&["--json", "--parity", &small]);
    ends_with(&output, 1);
    assert_eq!(lines(&output)[0]["error"]["code"], "image-too-small");
    // Parity leaves a turned photo as it is stored.
    let turned = image("exif_orient6_320x230.jpg");
    assert_eq!(lines(&score(&["--json", &turned]))[0]["width"], 230);
    assert_eq!(lines(&score(&["--json", "--parity", &turned]))[0]["width"], 320);
}

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
fn a_reader_that_leaves_is_no_error() {
    let photo = image("gray_250x240.png");
    let mut arguments = vec!["score", "--weights", MODEL, "--crops", "1", "--json"];
    arguments.extend(std::iter::repeat_n(photo.as_str(), 12));
    let mut child = command(&arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::with_capacity(1, child.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    assert!(serde_json::from_str::<Value>(&first).unwrap()["score"].is_f64());
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert_eq!((child.wait().unwrap().code(), errors.as_str()), (Some(0), UNTRAINED));
}

#[cfg(unix)]
#[test]
fn names_cannot_break_a_line() {
    let folder = folder("names");
    let path = folder.join("a\n\u{1b}[2Jb.png");
    fs::copy(image("gray_250x240.png"), &path).unwrap();
    let path = path.to_str().unwrap();
    let output = score(&[path]);
    assert_eq!(text(&output.stdout).lines().count(), 2);
    assert!(
        text(&output.stdout).trim_end().ends_with(r"a\n\u{1b}[2Jb.png"),
        "{}",
        text(&output.stdout)
    );
    assert_eq!(lines(&score(&["--json", path]))[0]["image"], path);
    assert_eq!(csv_rows(&score(&["--csv", path]))[0]["image"], path);
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
