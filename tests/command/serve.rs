//! `gamma score --serve`: requests on standard input, answers on standard output.

use std::fs;
#[cfg(feature = "train")]
use std::io::Write;
use std::path::Path;
#[cfg(feature = "train")]
use std::process::Stdio;

use serde_json::{Value, json};

use crate::client::{base64, frame, input_of, serve};
#[cfg(feature = "train")]
use crate::shell::command;
use crate::shell::{MODEL, ends_with, folder, gamma, image, lines, score, text};

/// What a result says, but for the time that it took.
fn result(row: &Value) -> Value {
    let mut row = row.clone();
    for key in ["id", "image", "request", "seconds"] {
        row.as_object_mut().unwrap().remove(key);
    }
    row
}

#[test]
fn answers_are_those_of_the_command_and_in_the_order_of_requests() {
    let photos = [
        "coffee.jpg",
        "gray_250x240.png",
        "lossy_301x231.webp",
        "small_61x90.png",
        "short_333x150.png",
    ]
    .map(image);
    let plain = lines(&score(
        &[["--json"].as_slice(), &photos.each_ref().map(String::as_str)].concat(),
    ));
    let mut requests = Vec::new();
    for (number, photo) in photos.iter().cycle().take(30).enumerate() {
        requests.push(match number % 3 {
            0 => json!({ "id": number, "path": photo }),
            1 => json!({ "id": number, "bytes": base64(photo) }),
            _ => json!({ "id": number, "url": format!("file://{photo}") }),
        });
    }
    for workers in ["1", "3"] {
        let output = serve(&["--serve", "--workers", workers, "--queue", "5"], input_of(&requests));
        ends_with(&output, 0);
        let rows = lines(&output);
        assert_eq!(rows.len(), requests.len());
        for (number, row) in rows.iter().enumerate() {
            assert_eq!(row["id"], number, "{workers} workers");
            assert_eq!(result(row), result(&plain[number % photos.len()]), "{workers} workers");
        }
        assert_eq!((&rows[0]["image"], rows[1].get("image")), (&json!(photos[0]), None));
    }
}

/// The default model scales photos down, and a large JPEG file is decoded on a coarser grid for it.
#[cfg(feature = "train")]
#[test]
fn a_large_photo_is_decoded_as_by_the_command() {
    let path = folder("serve_large").join("large.jpg");
    let side = 2000_usize;
    let pixels: Vec<u8> = (0..side * side * 3).map(|at| (at * at / 977 % 251) as u8).collect();
    let encoder = jpeg_encoder::Encoder::new_file(&path, 90).unwrap();
    encoder
        .encode(&pixels, side as u16, side as u16, jpeg_encoder::ColorType::Rgb)
        .unwrap();
    let path = path.to_str().unwrap();
    let plain = lines(&gamma(&["score", "--json", path]));
    assert!(plain[0]["scale"].as_f64().unwrap() < 0.5, "{}", plain[0]);
    let input = [
        frame(&json!({ "path": path }), b""),
        frame(&json!({}), &fs::read(path).unwrap()),
    ]
    .concat();
    let mut child = command(&["score", "--serve=frames"]);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&input).unwrap();
    let rows = lines(&child.wait_with_output().unwrap());
    assert_eq!(rows.iter().map(result).collect::<Vec<_>>(), vec![result(&plain[0]); 2]);
}

#[test]
fn requests_have_options_of_their_own() {
    let photo = image("coffee.jpg");
    let requests = [
        json!({ "id": "a", "path": photo }),
        json!({ "id": "b", "path": photo, "options": { "scene": "face-quality", "policy": "grid", "crops": 3 } }),
        json!({ "id": null, "path": photo, "options": { "scene": "all", "seed": 7 } }),
        json!({ "path": image("small_61x90.png"), "options": { "parity": true } }),
        json!({ "id": -3, "path": photo, "options": { "crops": 9, "tolerance": 0.05 } }),
    ];
    let output = serve(&["--serve=lines", "--seed", "5"], input_of(&requests));
    ends_with(&output, 0);
    let rows = lines(&output);
    let plain = |arguments: &[&str]| lines(&score(&[&["--json"], arguments, &[photo.as_str()]].concat()));
    assert_eq!(result(&rows[0]), result(&plain(&["--seed", "5"])[0]));
    let face = plain(&[
        "--seed",
        "5",
        "--scene",
        "face-quality",
        "--policy",
        "grid",
        "--crops",
        "3",
    ]);
    assert_eq!(result(&rows[1]), result(&face[0]));
    assert_eq!(rows[2]["id"], Value::Null);
    let all = plain(&["--seed", "7", "--scene", "all"]);
    let scenes = rows[2]["scenes"].as_array().unwrap();
    assert_eq!(
        scenes.iter().map(result).collect::<Vec<_>>(),
        all.iter().map(result).collect::<Vec<_>>()
    );
    assert_eq!(
        (&rows[3]["request"], &rows[3]["error"]["code"]),
        (&json!(4), &json!("image-too-small"))
    );
    assert_eq!(
        (&rows[4]["id"], rows[4]["crops"].as_array().unwrap().len()),
        (&json!(-3), 2)
    );
}

#[test]
fn a_bad_request_is_a_row_and_never_an_end() {
    let folder = folder("serve_errors");
    let [notes, missing] = ["notes.jpg", "missing.jpg"].map(|name| folder.join(name).display().to_string());
    fs::write(&notes, "no photo").unwrap();
    let photo = image("coffee.jpg");
    let cases = [
        ("this is no JSON".to_owned(), "option"),
        (String::new(), "option"),
        ("[1, 2]".to_owned(), "option"),
        (json!({ "id": 1 }).to_string(), "option"),
        (json!({ "id": 2, "path": photo, "bytes": "" }).to_string(), "option"),
        (json!({ "id": 3, "path": photo, "crops": 3 }).to_string(), "option"),
        (
            json!({ "id": 4, "path": photo, "options": { "crop": 3 } }).to_string(),
            "option",
        ),
        (
            json!({ "id": 5, "path": photo, "options": { "crops": 0 } }).to_string(),
            "option",
        ),
        (
            json!({ "id": 6, "path": photo, "options": { "policy": "best" } }).to_string(),
            "option",
        ),
        (
            json!({ "id": 7, "path": photo, "options": { "tolerance": -1 } }).to_string(),
            "option",
        ),
        (
            json!({ "id": 8, "path": photo, "options": { "scene": "portrait" } }).to_string(),
            "scene-unknown",
        ),
        (json!({ "id": 9, "bytes": "?" }).to_string(), "option"),
        (json!({ "id": 10, "url": "ftp://host/a.jpg" }).to_string(), "option"),
        (json!({ "id": 11, "url": "http://127.0.0.1:1/a.jpg" }).to_string(), "io"),
        (json!({ "id": 12, "path": notes }).to_string(), "image-format"),
        (json!({ "id": 13, "path": missing }).to_string(), "io"),
        (json!({ "id": 14, "path": "/dev/zero" }).to_string(), "io"),
        (json!({ "id": { "a": 1 }, "path": photo }).to_string(), "option"),
        ("\u{0}\u{1}\u{fffd}".to_owned(), "option"),
    ];
    // Each of them before a good one, and the last line without its end.
    let good = json!({ "id": "good", "path": photo }).to_string();
    let input = cases
        .iter()
        .map(|(line, _)| format!("{line}\n{good}\n"))
        .collect::<String>();
    let output = serve(&["--serve"], input.trim_end().as_bytes().to_vec());
    ends_with(&output, 0);
    let rows = lines(&output);
    assert_eq!(rows.len(), 2 * cases.len());
    for (pair, (line, code)) in rows.chunks(2).zip(&cases) {
        assert_eq!(pair[0]["error"]["code"], *code, "{line}: {}", pair[0]);
        assert!(pair[1]["score"].is_f64(), "{line}");
    }
    assert_eq!((&rows[0]["id"], &rows[0]["request"]), (&Value::Null, &json!(1)));
    assert_eq!(rows[6]["id"], 1);
}

#[test]
fn frames_carry_photos_as_they_are() {
    let [coffee, gray] = ["coffee.jpg", "gray_250x240.png"].map(image);
    let plain = lines(&score(&["--json", &coffee, &gray]));
    let mut input = Vec::new();
    input.extend(frame(&json!({ "id": 0 }), &fs::read(&coffee).unwrap()));
    input.extend(frame(&json!({ "id": 1, "path": gray }), b""));
    input.extend(frame(&json!({ "id": 2, "path": gray }), b"and a photo"));
    input.extend(frame(&json!("no object"), b"x"));
    // A JSON part that is far too long, and a photo that no memory is given for.
    input.extend(frame(&json!({ "id": "x".repeat(100_000) }), b"x"));
    input.extend(frame(&json!({ "id": 5 }), &vec![0; 5_000_000]));
    input.extend(frame(&json!({ "id": 6 }), &fs::read(&gray).unwrap()));
    let whole = serve(
        &["--serve=frames", "--max-memory", "8", "--workers", "1"],
        input.clone(),
    );
    ends_with(&whole, 0);
    let rows = lines(&whole);
    assert_eq!(rows.len(), 7);
    assert_eq!(result(&rows[0]), result(&plain[0]));
    assert_eq!(result(&rows[1]), result(&plain[1]));
    let codes: Vec<&Value> = rows[2..6].iter().map(|row| &row["error"]["code"]).collect();
    assert_eq!(codes, ["option", "option", "image-too-large", "image-too-large"]);
    assert_eq!(result(&rows[6]), result(&plain[1]));

    // What is cut off is told; what came before is answered.
    input.truncate(input.len() - 1);
    let cut = serve(&["--serve=frames", "--max-memory", "8"], input);
    ends_with(&cut, 1);
    assert_eq!(lines(&cut).len(), 6);
    assert!(
        text(&cut.stderr).contains("in the middle of a frame"),
        "{}",
        text(&cut.stderr)
    );
}

#[test]
fn a_photo_gets_no_more_memory_than_its_share() {
    let path = folder("serve_share").join("large.png");
    ::image::RgbImage::new(3000, 2000).save(&path).unwrap();
    let request = |path: &Path| json!({ "path": path });
    let input = input_of(&[request(&path), request(Path::new(&image("coffee.jpg")))]);
    let rows = lines(&serve(
        &["--serve", "--workers", "1", "--max-memory", "20"],
        input.clone(),
    ));
    assert_eq!(rows[0]["error"]["code"], "image-too-large", "{}", rows[0]);
    assert!(rows[1]["score"].is_f64());
    let rows = lines(&serve(&["--serve", "--workers", "1", "--max-memory", "200"], input));
    assert!(rows.iter().all(|row| row["score"].is_f64()), "{rows:?}");
}

#[test]
fn a_service_takes_no_photos_from_the_command_line() {
    let photo = image("coffee.jpg");
    for arguments in [
        vec!["--serve", &photo],
        vec!["--serve", "--json"],
        vec!["--serve", "--csv"],
        vec!["--serve=letters"],
        vec!["--serve", "--workers", "0"],
        vec!["--serve", "--queue", "0"],
        vec!["--serve", "--max-memory", "1"],
        vec!["--serve", "--scene", "portrait"],
    ] {
        let output = gamma(&[&["score", "--weights", MODEL], arguments.as_slice()].concat());
        ends_with(&output, 2);
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
    }
}
