//! The command on folders of made photos.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::exif::{Taken, with_exif};
use crate::made::{Made, bursts, sources};

type Row = HashMap<String, String>;

fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("cull").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn cull(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gamma"));
    let output = command.arg("cull").arg(folder).args(arguments).output().unwrap();
    assert!(
        matches!(output.status.code(), Some(0 | 1)),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

fn rows(output: &Output) -> Vec<Row> {
    csv::Reader::from_reader(output.stdout.as_slice())
        .deserialize()
        .collect::<Result<_, _>>()
        .unwrap()
}

fn name(row: &Row) -> &str {
    Path::new(&row["image"]).file_name().unwrap().to_str().unwrap()
}

fn taken(second: u32, fraction: u32, bias: i32) -> Taken {
    const CLOCKS: [&str; 3] = ["2026:11:27 10:20:30", "2026:11:27 10:20:31", "2026:11:27 10:30:00"];
    Taken {
        time: CLOCKS[second as usize],
        fraction: format!("{fraction:02}"),
        bias,
    }
}

/// Two bursts at the same second, told apart by what they show, and a bracket ten minutes later. Names say the reverse
/// of the times.
fn photos(path: &Path) {
    let frames = bursts(&sources(None), 3);
    for (at, frame) in frames.iter().enumerate().filter(|(_, frame)| frame.scene != 1) {
        let burst = if frame.scene == 0 { "dog" } else { "city" };
        let exif = taken(u32::from(frame.scene == 2), 50 + at as u32, 0);
        let kind = if frame.made == Made::Blurred {
            "blurred"
        } else {
            "frame"
        };
        fs::write(
            path.join(format!("{burst}_{kind}_{:02}.jpg", 99 - at)),
            with_exif(&frame.file, &exif),
        )
        .unwrap();
    }
    for (at, (bias, frame)) in [0, -6, 6]
        .iter()
        .zip(frames.iter().filter(|frame| frame.scene == 1))
        .enumerate()
    {
        fs::write(
            path.join(format!("hdr_{at}.jpg")),
            with_exif(&frame.file, &taken(2, at as u32, *bias)),
        )
        .unwrap();
    }
}

/// Each file of a folder and what is in it.
fn contents(path: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<PathBuf> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
        .into_iter()
        .map(|file| (file.clone(), fs::read(&file).unwrap()))
        .collect()
}

#[test]
fn a_dry_run_says_what_to_keep_and_changes_nothing() {
    let path = folder("dry");
    photos(&path);
    fs::write(path.join("broken.jpg"), b"no photo").unwrap();
    let before = contents(&path);
    let output = cull(&path, &["--keep", "2", "--one-per-scene", "--csv"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(contents(&path), before);
    let rows = rows(&output);
    assert_eq!(rows.len(), before.len());
    let of = |part: &str| rows.iter().filter(|row| name(row).contains(part)).collect::<Vec<_>>();
    for burst in ["dog", "city"] {
        let burst = of(burst);
        assert_eq!(burst.len(), 6);
        assert!(
            burst
                .iter()
                .all(|row| row["group"] == burst[0]["group"] && row["set"] == "alike"),
            "{burst:?}"
        );
        // In the order of their times, fractions included, which is not that of their names.
        assert!(burst.is_sorted_by(|a, b| a["captured"] < b["captured"] && name(a) != name(b)));
        let best: Vec<_> = burst.iter().filter(|row| row["best"] == "true").collect();
        assert_eq!(best.len(), 1);
        assert!(!name(best[0]).contains("blurred") && best[0]["keep"] == "true");
        assert!(best[0]["why"].starts_with("highest score of 6: "), "{}", best[0]["why"]);
        assert_eq!(burst.iter().filter(|row| row["keep"] == "true").count(), 1);
    }
    let hdr = of("hdr");
    assert!(
        hdr.iter()
            .all(|row| row["set"] == "bracket" && row["keep"] == "true" && row["best"] == "false")
    );
    assert_eq!(hdr.len(), 3);
    assert_eq!(of("broken")[0]["error_code"], "image-format");
    // The same for people.
    let text = String::from_utf8(cull(&path, &["--keep", "1"]).stdout).unwrap();
    assert!(text.contains("6 photos of the same, 2026-11-27 10:20:30.5"), "{text}");
    assert!(
        text.contains("a bracket of 3, left alone, 2026-11-27 10:30:00"),
        "{text}"
    );
    assert!(
        text.ends_with("1 of 12 photos to keep; 3 more in sets that are left alone\n"),
        "{text}"
    );
    assert_eq!(contents(&path), before);
}

#[test]
fn ratings_go_to_sidecars_and_replace_nothing() {
    let path = folder("xmp");
    photos(&path);
    // A RAW file of a JPEG shares its sidecar; its own bytes are not looked at.
    let dogs: Vec<PathBuf> = contents(&path)
        .into_iter()
        .map(|(file, _)| file)
        .filter(|file| file.to_str().unwrap().contains("dog_frame"))
        .collect();
    fs::write(dogs[0].with_extension("cr2"), b"II*\0").unwrap();
    let mine = "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\
                <rdf:Description xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmp:Rating='4'/></rdf:RDF></x:xmpmeta>";
    let edits = mine.replace(" xmp:Rating='4'", " xmlns:crs='c' crs:Exposure2012='+1'");
    fs::write(dogs[1].with_extension("xmp"), mine).unwrap();
    let mut full = dogs[2].clone().into_os_string();
    full.push(".xmp");
    fs::write(&full, &edits).unwrap();
    fs::write(dogs[3].with_extension("xmp"), "no xmp").unwrap();
    let originals: HashMap<PathBuf, Vec<u8>> = contents(&path).into_iter().collect();

    let output = cull(&path, &["--keep", "2", "--one-per-scene", "--csv", "--xmp"]);
    assert_eq!(output.status.code(), Some(1), "one sidecar is none");
    let after: HashMap<PathBuf, Vec<u8>> = contents(&path).into_iter().collect();
    for (file, bytes) in &originals {
        assert!(
            after[file] == *bytes || file.as_os_str() == full,
            "{} was changed",
            file.display()
        );
    }
    assert!(!after.keys().any(|file| file.extension().unwrap() == "part"));
    let merged = String::from_utf8(after[Path::new(&full)].clone()).unwrap();
    assert!(merged.contains("crs:Exposure2012='+1'") && merged.contains("xmp:Rating=\"") && merged.len() > edits.len());
    for row in rows(&output) {
        let sidecar = path.join(name(&row)).with_extension("xmp");
        let rating = if row["keep"] == "true" {
            "xmp:Rating=\"1\""
        } else {
            "xmp:Rating=\"-1\""
        };
        match row["set"].as_str() {
            "bracket" => assert!(!after.contains_key(&sidecar), "a set is not rated"),
            _ if !originals.contains_key(&sidecar) && path.join(name(&row)) != dogs[2] => {
                let text = String::from_utf8(after[&sidecar].clone()).unwrap();
                assert!(text.contains(rating), "{}: {text}", name(&row));
            }
            _ => {}
        }
    }
    // What is rated stays so.
    cull(&path, &["--keep", "12", "--xmp"]);
    assert_eq!(contents(&path).into_iter().collect::<HashMap<_, _>>(), after);
}

#[test]
fn copies_are_what_is_kept_and_replace_nothing() {
    let path = folder("copy");
    photos(&path);
    let raws: Vec<PathBuf> = contents(&path)
        .into_iter()
        .map(|(file, _)| file.with_extension("CR2"))
        .collect();
    raws.iter()
        .for_each(|raw| fs::write(raw, raw.to_str().unwrap()).unwrap());
    let target = folder("copy_target").join("inside");
    let arguments = [
        "--keep",
        "2",
        "--one-per-scene",
        "--csv",
        "--copy-to",
        target.to_str().unwrap(),
    ];
    let output = cull(&path, &arguments);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut expected: Vec<String> = Vec::new();
    for row in rows(&output).iter().filter(|row| row["keep"] == "true") {
        expected.push(name(row).to_owned());
        expected.push(name(row).replace(".jpg", ".CR2"));
    }
    expected.sort();
    assert_eq!(expected.len(), 2 * (2 + 3));
    let copied = contents(&target);
    let names: Vec<&str> = copied
        .iter()
        .map(|(file, _)| file.file_name().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(names, expected);
    for (file, bytes) in &copied {
        assert_eq!(*bytes, fs::read(path.join(file.file_name().unwrap())).unwrap());
    }
    // The second time all is there; another file of the name stays.
    assert_eq!(cull(&path, &arguments).status.code(), Some(0));
    fs::write(&copied[0].0, b"mine").unwrap();
    assert_eq!(cull(&path, &arguments).status.code(), Some(1));
    assert_eq!(fs::read(&copied[0].0).unwrap(), b"mine");
}
