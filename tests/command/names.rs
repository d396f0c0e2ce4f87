//! Names of files from anywhere.

use std::fs;

use serde_json::json;

use crate::shell::{MODEL, command, csv_rows, ends_with, folder, image, lines, model_with, score, text};

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

#[cfg(unix)]
#[test]
fn no_name_is_a_formula() {
    let folder = folder("formulas");
    let names = ["+1+1.png", "-2+3.png", "=1+1.png", "@SUM(A1).png", "\tx.png", "＝1.png"];
    for name in names {
        fs::copy(image("gray_250x240.png"), folder.join(name)).unwrap();
    }
    fs::write(folder.join("=no photo.png"), "no photo").unwrap();
    // A model can have such a name, too.
    let model = folder.join("model.safetensors");
    model_with(&model, &json!({ "name": "=2*3" }));
    let mut run = command(&["score", "--csv", "--crops", "1", "--weights"]);
    run.arg(&model)
        .arg("--")
        .args(names)
        .args(["=no photo.png", "=missing.png"]);
    let output = run.current_dir(&folder).output().unwrap();
    ends_with(&output, 1);
    let rows = csv_rows(&output);
    for (row, name) in rows.iter().zip(names) {
        assert_eq!(row["image"], format!("./{name}"));
        assert!(folder.join(&row["image"]).exists());
        assert_eq!(row["model"], "'=2*3");
    }
    assert_eq!(rows.len(), names.len() + 2);
    let formula = |field: &String| field.starts_with(['=', '+', '-', '@', '\t', '\r', '＝']);
    for row in &rows {
        assert!(!row.values().any(formula), "{row:?}");
    }
    // Programs that read JSON are told the name itself.
    let mut run = command(&["score", "--json", "--crops", "1", "--weights", MODEL, "--"]);
    let output = run.arg(names[2]).current_dir(&folder).output().unwrap();
    assert_eq!(lines(&output)[0]["image"], names[2]);
}

#[cfg(target_os = "linux")]
#[test]
fn two_names_never_look_the_same() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = folder("looks");
    let names: [&[u8]; 5] = [
        br"a\xFF.png",
        "a\u{202e}gnp.png".as_bytes(),
        "a\u{fffd}.png".as_bytes(),
        b"a\xfe.png",
        b"a\xff.png",
    ];
    for name in names {
        fs::copy(image("gray_250x240.png"), folder.join(OsStr::from_bytes(name))).unwrap();
    }
    let path = folder.to_str().unwrap();
    let output = score(&[path]);
    ends_with(&output, 0);
    let rows = text(&output.stdout).lines().skip(1).take(names.len());
    let shown: Vec<&str> = rows.map(|line| line.rsplit('/').next().unwrap()).collect();
    let expected = [
        r"a\\xFF.png",
        r"a\u{202e}gnp.png",
        "a\u{fffd}.png",
        r"a\xFE.png",
        r"a\xFF.png",
    ];
    assert_eq!(shown, expected);
    let rows = lines(&score(&["--json", path])).into_iter();
    let json: Vec<String> = rows.map(|row| row["image"].as_str().unwrap().to_owned()).collect();
    let as_is = [r"a\xFF.png", "a\u{202e}gnp.png", "a\u{fffd}.png"].map(|name| format!("{path}/{name}"));
    assert_eq!(json[..3], as_is);
    let by_url = ["a%FE.png", "a%FF.png"].map(|name| format!("file://{path}/{name}"));
    assert_eq!(json[3..], by_url);
    let rows = csv_rows(&score(&["--csv", path])).into_iter();
    assert_eq!(rows.map(|row| row["image"].clone()).collect::<Vec<_>>(), json);
}
