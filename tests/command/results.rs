//! What is said of photos: formats, order, scenes, crops.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::shell::{MODEL, SCENES, UNTRAINED, command, csv_rows, ends_with, folder, gamma, image, lines, score, text};

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

#[test]
fn photos_at_the_same_time_give_the_rows_of_one_after_the_other() {
    let folder = folder("at-once");
    let broken = folder.join("broken.jpg").display().to_string();
    fs::write(&broken, [0xFF, 0xD8, 0xFF]).unwrap();
    // The first one takes longest, the broken one no time.
    let names = [
        "coffee.jpg",
        "gray_250x240.png",
        "lossy_301x231.webp",
        "gray_250x240.png",
    ]
    .map(image);
    let photos: Vec<&str> = names
        .iter()
        .map(String::as_str)
        .chain([broken.as_str()])
        .cycle()
        .take(14)
        .collect();
    let rows = |options: &[&str]| {
        let output = score(&[&["--json", "--crops", "2"], options, photos.as_slice()].concat());
        ends_with(&output, 1);
        let mut rows = lines(&output);
        for row in &mut rows {
            row.as_object_mut().unwrap().remove("seconds");
        }
        rows
    };
    let alone = rows(&["--workers", "1"]);
    assert_eq!(
        alone
            .iter()
            .map(|row| row["image"].as_str().unwrap())
            .collect::<Vec<_>>(),
        photos
    );
    let one_thread = ["--workers", "1", "--threads", "1"];
    for options in [
        &["--workers", "3"][..],
        &["--workers", "20"],
        &["--threads", "3"],
        &one_thread,
    ] {
        assert_eq!(rows(options), alone, "{options:?}");
    }
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

#[test]
fn the_default_model_puts_the_samples_of_the_page_in_their_order() {
    let root = env!("CARGO_MANIFEST_DIR");
    let faults = ["", "-noisy", "-compressed", "-blurred"];
    let photos = faults.map(|fault| {
        let ending = if matches!(fault, "-noisy" | "-compressed") {
            "jpg"
        } else {
            "webp"
        };
        format!("{root}/www/samples/lighthouse{fault}.{ending}")
    });
    let photos = photos.each_ref().map(String::as_str);
    let output = gamma(&[&["score", "--json"], photos.as_slice()].concat());
    ends_with(&output, 0);
    let scores: Vec<f64> = lines(&output)
        .iter()
        .map(|row| row["score"].as_f64().unwrap())
        .collect();
    assert!(scores.is_sorted_by(|better, worse| better > worse), "{scores:?}");
}
