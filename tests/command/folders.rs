//! Folders stand for their photos, and nothing is passed over without a word.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::shell::{UNTRAINED, ends_with, folder, image, lines, score, text};

#[test]
fn folders_stand_for_their_photos() {
    let folder = folder("folders");
    let inner = folder.join("inner");
    let empty = folder.join("empty");
    fs::create_dir_all(&inner).unwrap();
    fs::create_dir_all(&empty).unwrap();
    let photo = image("gray_250x240.png");
    for name in ["b.png", "a.PNG", ".hidden.png", "inner/c.png"] {
        fs::copy(&photo, folder.join(name)).unwrap();
    }
    fs::write(folder.join("notes.txt"), "this is no photo").unwrap();
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

/// Standard error after the warning about the tiny model.
fn said(output: &Output) -> &str {
    text(&output.stderr).strip_prefix(UNTRAINED).unwrap()
}

#[test]
fn content_decides_where_an_ending_says_nothing() {
    let folder = folder("content");
    for (name, photo) in [
        ("a.mpo", "coffee.jpg"),
        ("b.HEIC", "coffee.jpg"),
        ("c", "gray_250x240.png"),
        ("d.part", "lossy_301x231.webp"),
        (".hidden", "gray_250x240.png"),
    ] {
        fs::copy(image(photo), folder.join(name)).unwrap();
    }
    fs::write(folder.join("real.heic"), b"\0\0\0\x18ftypheic\0\0\0\0mif1heic").unwrap();
    fs::write(folder.join("raw.X3F"), b"II*\0\x08\0\0\0\0\0\0\0\0\0\0").unwrap();
    for name in ["notes.txt", "more.txt", "README", ".DS_Store"] {
        fs::write(folder.join(name), "this is no photo").unwrap();
    }
    fs::create_dir(folder.join("inside")).unwrap();
    let output = score(&["--json", folder.to_str().unwrap()]);
    ends_with(&output, 0);
    let names = lines(&output)
        .into_iter()
        .map(|row| row["image"].as_str().unwrap().to_owned());
    let expected = ["a.mpo", "b.HEIC", "c", "d.part"].map(|name| folder.join(name).display().to_string());
    assert_eq!(names.collect::<Vec<_>>(), expected);
    assert_eq!(
        said(&output),
        "gamma: passed over: 5 files that are no photos (2 .txt, 1 without an ending, 1 .heic, 1 .x3f), 1 hidden photo, \
         1 folder (--recursive looks into folders inside)\n"
    );
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_never_opened() {
    let folder = folder("special");
    let fifo = folder.join("a.jpg");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let _listening = std::os::unix::net::UnixListener::bind(folder.join("b.jpg")).unwrap();
    for (link, target) in [("c.jpg", "/dev/zero"), ("d.jpg", "gone.jpg"), ("loop", ".")] {
        std::os::unix::fs::symlink(target, folder.join(link)).unwrap();
    }
    fs::copy(image("coffee.jpg"), folder.join("e.jpg")).unwrap();
    let output = score(&["--json", "-r", folder.to_str().unwrap()]);
    ends_with(&output, 1);
    let rows = lines(&output);
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["error"]["code"], "io", "a dead link");
    assert!(rows[1]["score"].is_f64());
    assert!(
        said(&output).starts_with("gamma: passed over: 1 FIFO, 1 device, 1 socket, 1 link to a folder\n"),
        "{}",
        said(&output)
    );

    let output = score(&["--json", fifo.to_str().unwrap(), "/dev/zero", &image("coffee.jpg")]);
    ends_with(&output, 1);
    let rows = lines(&output);
    for (row, kind) in rows.iter().zip(["a FIFO is not read", "a device is not read"]) {
        assert_eq!(row["error"]["code"], "io");
        assert!(row["error"]["message"].as_str().unwrap().ends_with(kind), "{row}");
    }
    assert!(rows[2]["score"].is_f64());
}
