//! `gamma eval` as a shell meets it (`docs/command.md`).

#![cfg(feature = "cli")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use gamma_wasm::metrics::{Protocol, kendall, pearson, spearman};
use serde_json::{Value, json};

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/tiny/model.safetensors");
const IMAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/preprocess/images");
/// Photos with invented labels.
const ROWS: [(&str, f64); 6] = [
    ("coffee.jpg", 71.5),
    ("gray_250x240.png", 20.0),
    ("lossy_301x231.webp", 55.0),
    ("small_61x90.png", 20.0),
    ("yuv420_odd_301x231.jpg", 90.0),
    ("exif_orient6_320x230.jpg", 34.0),
];

/// An empty folder of a test's own.
fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("eval").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn table(path: &Path, rows: &[(&str, f64)]) -> String {
    let rows: String = rows.iter().map(|(image, mos)| format!("{image},{mos}\n")).collect();
    fs::write(path, format!("image,mos\n{rows}")).unwrap();
    path.display().to_string()
}

/// `gamma eval` on the golden photos with the tiny model and one crop.
fn eval(arguments: &[&str]) -> Output {
    let fixed = ["eval", "--weights", MODEL, "--images", IMAGES, "--crops", "1"];
    gamma(&[&fixed, arguments].concat())
}

fn gamma(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gamma"))
        .args(arguments)
        .output()
        .unwrap()
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

/// The one object that `--json` prints.
#[track_caller]
fn object(output: &Output) -> Value {
    assert_eq!(text(&output.stdout).lines().count(), 1, "{}", text(&output.stdout));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What `gamma score` says of the photos, in their order.
fn scores(rows: &[(&str, f64)]) -> Vec<f64> {
    let mut arguments = ["score", "--weights", MODEL, "--crops", "1", "--json"]
        .map(str::to_owned)
        .to_vec();
    arguments.extend(rows.iter().map(|(image, _)| format!("{IMAGES}/{image}")));
    let output = gamma(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    ends_with(&output, 0);
    let score = |line: &str| serde_json::from_str::<Value>(line).unwrap()["score"].as_f64().unwrap();
    text(&output.stdout).lines().map(score).collect()
}

#[track_caller]
fn close(found: &Value, expected: Option<f64>) {
    let (found, expected) = (found.as_f64().unwrap(), expected.unwrap());
    assert!((found - expected).abs() < 1e-6, "{found}, not {expected}");
}

#[test]
fn figures_are_those_of_the_scores_that_gamma_score_prints() {
    let csv = table(&folder("figures").join("labels.csv"), &ROWS);
    let output = eval(&["--csv", &csv, "--json"]);
    ends_with(&output, 0);
    let report = object(&output);
    let (scores, labels) = (scores(&ROWS), ROWS.map(|(_, label)| label));
    let dataset = &report["datasets"][0];
    assert_eq!((&dataset["photos"], &dataset["failed"]), (&json!(6), &json!([])));
    close(&dataset["model"]["srcc"]["value"], spearman(&scores, &labels));
    close(&dataset["model"]["plcc"]["value"], pearson(&scores, &labels));
    close(&dataset["model"]["krcc"]["value"], kendall(&scores, &labels));
    let srcc = &dataset["model"]["srcc"];
    assert!(srcc["low"].as_f64() <= srcc["value"].as_f64() && srcc["value"].as_f64() <= srcc["high"].as_f64());
    for (key, value) in [
        ("policy", json!("random")),
        ("crops", json!(1)),
        ("seed", json!(0)),
        ("resamples", json!(1000)),
        ("model", json!({ "name": "untrained tiny sample", "trained": false })),
        ("overall", Value::Null),
        ("against", Value::Null),
    ] {
        assert_eq!(report[key], value, "{key}");
    }

    let output = eval(&["--csv", &csv]);
    ends_with(&output, 0);
    let shown = format!("{:<12}  {:>7.4} [", "SRCC", srcc["value"].as_f64().unwrap());
    assert!(
        text(&output.stdout).contains(&shown),
        "{shown} in {}",
        text(&output.stdout)
    );
    assert!(text(&output.stderr).contains("not trained"));
}

#[test]
fn random_fifths_are_those_that_training_holds_out() {
    let csv = folder("splits").join("labels.csv");
    let rows: String = ROWS
        .iter()
        .map(|(image, mos)| format!("{image},{mos},group of {mos}\n"))
        .collect();
    fs::write(&csv, format!("image,mos,group\n{rows}")).unwrap();
    let held_out = |seed: u64| -> Vec<usize> {
        let split = Protocol::Splits(1).runs(seed).unwrap()[0];
        let group = |at: &usize| split.holds_out(&format!("group of {}", ROWS[*at].1));
        (0..ROWS.len()).filter(group).collect()
    };
    // Of so few photos most fifths hold too few; the two labels of 20 are one group.
    let seed = (0..500).find(|&seed| held_out(seed).len() == 3).expect("a seed");
    let (csv, text_of_seed) = (csv.display().to_string(), seed.to_string());
    let arguments = [
        "--csv",
        &csv,
        "--splits",
        "1",
        "--group-column",
        "group",
        "--seed",
        &text_of_seed,
    ];
    let output = eval(&[&arguments[..], &["--json"]].concat());
    ends_with(&output, 0);
    let output = object(&output);
    let splits = &output["datasets"][0]["splits"];
    let scores: Vec<f64> = held_out(seed)
        .iter()
        .map(|&at| score_of(ROWS[at].0, &text_of_seed))
        .collect();
    let labels: Vec<f64> = held_out(seed).iter().map(|&at| ROWS[at].1).collect();
    for (figure, expected) in [
        ("srcc", spearman(&scores, &labels)),
        ("plcc", pearson(&scores, &labels)),
    ] {
        for part in ["median", "low", "high"] {
            close(&splits[figure][part], expected);
        }
    }
    assert!(text(&eval(&arguments).stdout).contains("1 random fifths: median"));
    ends_with(&eval(&["--csv", &csv, "--splits", "3", "--group-column", "none"]), 2);
}

/// What `gamma score` says of one photo.
fn score_of(image: &str, seed: &str) -> f64 {
    let photo = format!("{IMAGES}/{image}");
    let output = gamma(&[
        "score",
        "--weights",
        MODEL,
        "--crops",
        "1",
        "--json",
        "--seed",
        seed,
        &photo,
    ]);
    ends_with(&output, 0);
    serde_json::from_slice::<Value>(&output.stdout).unwrap()["score"]
        .as_f64()
        .unwrap()
}

#[test]
fn what_cannot_be_scored_is_named_and_left_out() {
    let csv = folder("failures").join("labels.csv");
    let rows = "coffee.jpg,71.5\nmissing.jpg,3\ngray_250x240.png,none\nlossy_301x231.webp,55\ncoffee.jpg,2\n,4\nshort\n\
        gray_250x240.png,NaN\nyuv420_odd_301x231.jpg,90\n";
    fs::write(&csv, format!("image,mos\n{rows}")).unwrap();
    let output = eval(&["--csv", csv.to_str().unwrap(), "--json"]);
    ends_with(&output, 1);
    let dataset = &object(&output)["datasets"][0];
    assert_eq!(dataset["photos"], 3);
    let failed = dataset["failed"].as_array().unwrap();
    let codes: Vec<&str> = failed
        .iter()
        .map(|failure| failure["error"]["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["option", "option", "option", "option", "option", "io"]);
    let errors = text(&output.stderr);
    for words in [
        "row 3",
        "`none` is no label",
        "row already",
        "names no photo",
        "row 7",
        "`NaN`",
        "missing.jpg",
    ] {
        assert!(errors.contains(words), "{words} in {errors}");
    }
    let kept = [ROWS[0], ROWS[2], ROWS[4]];
    close(
        &dataset["model"]["srcc"]["value"],
        spearman(&scores(&kept), &kept.map(|(_, label)| label)),
    );
    let output = eval(&["--csv", csv.to_str().unwrap(), "--limit", "1", "--json"]);
    ends_with(&output, 0);
    let dataset = &object(&output)["datasets"][0];
    assert_eq!(
        (&dataset["photos"], &dataset["model"]["srcc"]),
        (&json!(1), &json!({ "value": null }))
    );
}

#[test]
fn other_columns_and_directions_can_be_given() {
    let folder = folder("columns");
    let straight = table(&folder.join("straight.csv"), &ROWS);
    let rows: String = ROWS
        .iter()
        .map(|(image, label)| format!("{},{image}\n", 100.0 - label))
        .collect();
    let turned = folder.join("turned.csv");
    // As a spreadsheet may save it: with a byte order mark and spaces.
    fs::write(&turned, format!("\u{feff}dmos , file name\n{rows}")).unwrap();
    let turned = turned.to_str().unwrap();
    let columns = ["--image-column", "file name", "--label-column", "dmos"];
    let figures = |arguments: &[&str]| {
        let output = eval(&[&["--json"], arguments].concat());
        ends_with(&output, 0);
        object(&output)["datasets"][0]["model"].clone()
    };
    let found = figures(&[&["--csv", turned, "--lower-better"], columns.as_slice()].concat());
    let expected = figures(&["--csv", &straight]);
    for figure in ["srcc", "plcc", "krcc", "plcc_fitted"] {
        close(&found[figure]["value"], expected[figure]["value"].as_f64());
    }
    let unturned = figures(&[&["--csv", turned], columns.as_slice()].concat());
    close(
        &unturned["srcc"]["value"],
        expected["srcc"]["value"].as_f64().map(|srcc| -srcc),
    );
}

#[test]
fn several_datasets_are_reported_apart_and_together() {
    let folder = folder("several");
    let (first, second) = (
        table(&folder.join("a.csv"), &ROWS[..3]),
        table(&folder.join("b.csv"), &ROWS[2..]),
    );
    let arguments = [
        "--csv",
        &first,
        "--csv",
        &second,
        "--scene",
        "natural-quality",
        "--scene",
        "face-quality",
    ];
    let output = eval(
        &[
            &arguments[..],
            &["--dataset", "clive", "--dataset", "GFIQA-20k", "--json"],
        ]
        .concat(),
    );
    ends_with(&output, 0);
    let report = object(&output);
    let datasets = report["datasets"].as_array().unwrap();
    assert_eq!(
        datasets.iter().map(|set| &set["scene"]).collect::<Vec<_>>(),
        ["natural-quality", "face-quality"]
    );
    // The paper's table: `paper.rs`.
    assert_eq!(
        (&datasets[0]["paper"]["name"], &datasets[0]["paper"]["srcc"]),
        (&json!("LIVEC"), &json!(0.891))
    );
    let srcc = |index: usize| datasets[index]["model"]["srcc"]["value"].as_f64().unwrap();
    close(
        &report["overall"]["mean"]["model"]["srcc"]["value"],
        Some((srcc(0) + srcc(1)) / 2.0),
    );
    close(
        &report["overall"]["weighted"]["model"]["srcc"]["value"],
        Some((3.0 * srcc(0) + 4.0 * srcc(1)) / 7.0),
    );
    assert!(report["overall"]["pooled"]["model"]["srcc"]["value"].is_f64());

    let output = eval(&[&arguments[..], &["--dataset", "LIVEC", "--dataset", "other"]].concat());
    ends_with(&output, 0);
    let shown = text(&output.stdout);
    assert!(
        shown.contains("over all 2 datasets, 7 photos") && shown.contains("LIVEC: SRCC 0.891"),
        "{shown}"
    );
    assert!(!shown.contains("pooled"), "the second range is not known: {shown}");
}

#[test]
fn two_models_are_compared_on_the_same_crops() {
    let folder = folder("against");
    let csv = table(&folder.join("labels.csv"), &ROWS);
    let output = eval(&["--csv", &csv, "--against", MODEL, "--json"]);
    ends_with(&output, 0);
    let dataset = &object(&output)["datasets"][0];
    let apart = &dataset["deviations"];
    for of in ["crops", "photos"] {
        assert_eq!(
            apart[of],
            json!({ "largest": 0.0, "rms": 0.0 }),
            "a model is like itself"
        );
    }
    assert_eq!(apart["srcc"], 1.0);
    assert_eq!(dataset["model"], dataset["against"]);

    // One level is worth 0.25 more: as many scores are off as see something of that level, by a quarter of how much.
    let other = folder.join("other.safetensors");
    let mut bytes = fs::read(MODEL).unwrap();
    let length = u64::from_le_bytes(*bytes.first_chunk::<8>().unwrap()) as usize;
    let header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let start = 8 + length + header["score_level"]["data_offsets"][0].as_u64().unwrap() as usize;
    let perfect = &mut bytes[start + 8..start + 10];
    let worth = half::f16::from_le_bytes([perfect[0], perfect[1]]) + half::f16::from_f32(0.25);
    perfect.copy_from_slice(&worth.to_le_bytes());
    fs::write(&other, bytes).unwrap();
    let output = eval(&["--csv", &csv, "--against", other.to_str().unwrap(), "--json"]);
    ends_with(&output, 0);
    let dataset = &object(&output)["datasets"][0];
    let largest = dataset["deviations"]["photos"]["largest"].as_f64().unwrap();
    let crop = dataset["deviations"]["crops"]["largest"].as_f64().unwrap();
    assert!(largest > 1e-4 && largest < 0.25, "{largest}");
    assert!((crop - largest).abs() < 1e-9, "with one crop a photo is its crop");
    let worst = dataset["deviations"]["worst_photo"].as_str().unwrap();
    assert!(ROWS.iter().any(|(image, _)| *image == worst), "{worst}");
    let value = |column: &str| dataset[column]["plcc"]["value"].as_f64().unwrap();
    assert!((value("difference") - (value("against") - value("model"))).abs() < 1e-12);

    let output = eval(&["--csv", &csv, "--against", other.to_str().unwrap()]);
    for words in ["against - model", "crops apart", "same order"] {
        assert!(
            text(&output.stdout).contains(words),
            "{words} in {}",
            text(&output.stdout)
        );
    }
}

#[test]
fn the_plot_shows_every_photo_without_a_script() {
    let folder = folder("plot");
    let csv = table(&folder.join("labels.csv"), &ROWS);
    let svg = folder.join("plot.svg");
    ends_with(&eval(&["--csv", &csv, "--svg", svg.to_str().unwrap()]), 0);
    let svg = fs::read_to_string(svg).unwrap();
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    assert_eq!(svg.matches("<circle ").count(), ROWS.len());
    assert_eq!(svg.matches("<polyline ").count(), 1, "the fitted curve");
    assert!(
        svg.contains("SRCC") && svg.contains("prefers-color-scheme:dark") && svg.contains("mos (higher is better)")
    );
    assert!(!svg.contains("<script") && !svg.contains("href"));
}

#[test]
fn without_weights_the_default_model_is_judged_with_the_crops_that_it_states() {
    let csv = table(&folder("default").join("labels.csv"), &ROWS);
    let found = object(&gamma(&["eval", "--images", IMAGES, "--csv", &csv, "--json"]));
    let stated = &object(&gamma(&["inspect", "--json"]))["photo"];
    assert_eq!(found["model"]["name"], "gamma-lite");
    assert_eq!(
        (&found["policy"], &found["crops"]),
        (&stated["policy"], &stated["crops"])
    );
    assert_eq!(found["datasets"][0]["scene"], "natural-quality");
}

#[test]
fn wrong_usage_ends_with_2_before_a_model_is_loaded() {
    let folder = folder("usage");
    let csv = table(&folder.join("labels.csv"), &ROWS);
    let empty = table(&folder.join("empty.csv"), &[]);
    let missing = folder.join("missing.csv").display().to_string();
    let inside = folder.join("no/plot.svg").display().to_string();
    let base = ["eval", "--images", IMAGES];
    for (arguments, words) in [
        (vec![], "--csv"),
        (vec!["--csv", &missing], "missing.csv"),
        (vec!["--csv", &empty], "no rows"),
        (
            vec!["--csv", &csv, "--label-column", "dmos"],
            "no column `dmos`; its columns are `image`, `mos`",
        ),
        (
            vec!["--csv", &csv, "--scene", "generic", "--scene", "generic"],
            "2 values for 1 CSVs",
        ),
        (vec!["--csv", &csv, "--dataset", "LIVEX"], "KonIQ-10k"),
        (vec!["--csv", &csv, "--svg", &inside], "plot.svg"),
        (vec!["--csv", &csv, "--limit", "0"], "--limit"),
    ] {
        let output = gamma(&[&base, arguments.as_slice()].concat());
        ends_with(&output, 2);
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
        assert!(
            text(&output.stderr).contains(words),
            "{words} in {}",
            text(&output.stderr)
        );
    }
    let output = eval(&["--csv", &csv, "--scene", "portrait"]);
    ends_with(&output, 2);
    assert!(text(&output.stderr).contains("natural-quality"));
    let output = gamma(&[base.as_slice(), &["--csv", &csv, "--weights", &missing]].concat());
    ends_with(&output, 3);
    // It scales photos as its file says, and so has other crops.
    let output = eval(&["--csv", &csv, "--against", "default"]);
    ends_with(&output, 2);
    assert!(text(&output.stderr).contains("short side"), "{}", text(&output.stderr));
    let output = eval(&["--csv", &csv, "--against", &missing]);
    ends_with(&output, 3);
    assert!(text(&output.stderr).contains("missing.csv"), "{}", text(&output.stderr));
}

/// Photos with invented labels, kinds and strengths: two ladders of the kind `a`, one of the kind `b`, and a clean photo.
const RUNGS: [(&str, f64, &str, f64, u32, &str); 6] = [
    ("coffee.jpg", 0.9, "a", 0.2, 1, "one"),
    ("gray_250x240.png", 0.5, "a", 0.4, 1, "one"),
    ("lossy_301x231.webp", 0.2, "a", 0.9, 1, "one"),
    ("small_61x90.png", 0.7, "b", 0.3, 2, "one"),
    ("yuv420_odd_301x231.jpg", 0.4, "b", 0.5, 2, "one"),
    ("exif_orient6_320x230.jpg", 1.0, "clean", 0.0, 0, "one"),
];

fn ladders(path: &Path) -> String {
    let rows = RUNGS
        .map(|(image, mos, kind, strength, seed, photo)| format!("{image},{mos},{kind},{strength},{seed},{photo}\n"));
    fs::write(path, format!("image,mos,kind,strength,seed,photo\n{}", rows.concat())).unwrap();
    path.display().to_string()
}

#[test]
fn ladders_are_judged_by_the_scores_that_gamma_score_prints() {
    let folder = folder("ladders");
    let csv = ladders(&folder.join("labels.csv"));
    let output = eval(&["--csv", &csv, "--ladders", "--json"]);
    ends_with(&output, 0);
    let found = &object(&output)["datasets"][0]["ladders"]["model"];
    let scores = scores(&RUNGS.map(|(image, mos, ..)| (image, mos)));
    let right = |pairs: &[usize]| pairs.iter().filter(|&&at| scores[at + 1] < scores[at]).count();
    let (a, b) = (right(&[0, 1]), right(&[3]));
    assert_eq!(found["ladders"], 2);
    assert_eq!((&found["pairs"], &found["right"]), (&json!(3), &json!(a + b)));
    let kinds = found["kinds"].as_array().unwrap();
    let names: Vec<&str> = kinds.iter().map(|kind| kind["kind"].as_str().unwrap()).collect();
    assert_eq!(names, ["a", "b", "clean"]);
    assert_eq!(
        (&kinds[0]["pairs"], &kinds[0]["right"], &kinds[0]["photos"]),
        (&json!(2), &json!(a), &json!(3))
    );
    close(&kinds[0]["srcc"], spearman(&scores[..3], &[0.9, 0.5, 0.2]));
    assert_eq!(kinds[2]["srcc"], Value::Null);

    // Another model, here the same one, climbs beside it.
    let output = eval(&["--csv", &csv, "--ladders", "--against", MODEL]);
    ends_with(&output, 0);
    let shown = format!(
        "ladders       {:.4} ({} of 3 pairs, 2 ladders); against: ",
        (a + b) as f64 / 3.0,
        a + b
    );
    assert!(
        text(&output.stdout).contains(&shown),
        "{shown} in {}",
        text(&output.stdout)
    );

    let plain = table(&folder.join("plain.csv"), &ROWS);
    let output = eval(&["--csv", &plain, "--ladders"]);
    ends_with(&output, 2);
    assert!(
        text(&output.stderr).contains("no column `photo`"),
        "{}",
        text(&output.stderr)
    );
}
