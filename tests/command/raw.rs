//! Camera RAW files: found in folders, scored by their preview, and said to be.

use std::fs;

use serde_json::json;

use crate::shell::{ends_with, folder, lines, score, text};

#[path = "../common/raw/mod.rs"]
mod files;

/// What a sensor of 30 megapixels gives. On disk it is a hole.
const SENSOR: u64 = 60_000_000;

#[test]
fn a_raw_file_is_scored_by_its_preview_and_that_is_said() {
    let folder = folder("raw");
    for (model, ending, build) in files::MODELS {
        build(SENSOR, 6)
            .write(&folder.join(format!("{model}.{ending}")))
            .unwrap();
    }
    let place = folder.to_str().unwrap();
    let output = score(&["--json", "--policy", "center", place]);
    ends_with(&output, 0);
    let rows = lines(&output);
    assert_eq!(rows.len(), files::MODELS.len());
    for row in &rows {
        assert_eq!(row["source"], "raw-preview", "{row}");
        assert_eq!(row["preview"], json!({ "width": 600, "height": 800 }), "{row}");
        assert_eq!((&row["width"], &row["height"]), (&json!(600), &json!(800)), "{row}");
        assert_eq!(row["score"], rows[0]["score"], "the previews are the same picture");
    }
    let one = folder.join("nikon-d850.nef");
    let output = score(&["--policy", "center", one.to_str().unwrap()]);
    ends_with(&output, 0);
    let table = text(&output.stdout);
    assert!(
        table.ends_with("nikon-d850.nef  (preview of 600x800 in the RAW file)\n"),
        "{table}"
    );
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_raw_file_without_a_preview_is_named() {
    let folder = folder("raw-bare");
    let path = folder.join("bare.nef");
    let mut bytes = files::MODELS[0].2(1_000, 1).bytes();
    let preview = files::jpeg(files::Picture::Large);
    let at = bytes.windows(200).position(|window| window == &preview[..200]).unwrap();
    bytes[at..at + 200].fill(0);
    fs::write(&path, bytes).unwrap();
    let output = score(&["--csv", path.to_str().unwrap()]);
    ends_with(&output, 1);
    assert!(
        text(&output.stdout).contains(",image-format,"),
        "{}",
        text(&output.stdout)
    );
    let said = text(&output.stderr);
    assert!(
        said.contains("a camera RAW file of Nikon (NEF)") && said.contains("480x320"),
        "{said}"
    );
}
