//! The notes of generators, in texts of PNG and in EXIF.

use gamma_wasm::image::SourceType::{self, Ai, Unknown};

use super::make::{iso, jpeg, png, texts, tiff, webp};
use super::source;

const LINES: &str =
    "a pier\nNegative prompt: people\nSteps: 28, Sampler: DPM++ 2M, CFG scale: 6.5, Seed: 12, Size: 8x8";
const GRAPH: &str = r#"{"3": {"class_type": "KSampler", "inputs": {"seed": 7, "is_changed": [NaN]}}}"#;
const WORKFLOW: &str = r#"{"last_node_id": 9, "nodes": [{"id": 3, "type": "KSampler"}], "version": 0.4}"#;
const FOOOCUS: &str = r#"{"base_model": "x", "prompt": "a pier", "seed": 7, "steps": 30, "sampler": "dpmpp"}"#;

#[test]
fn a_key_alone_is_not_enough() {
    let cases: &[(&str, &str, SourceType)] = &[
        ("parameters", LINES, Ai),
        ("parameters", &LINES.replace('\n', " "), Ai),
        ("parameters", "Steps: 20, Seed: 5", Ai),
        ("parameters", FOOOCUS, Ai),
        ("parameters", r#"{"sui_image_params": {"prompt": "a"}}"#, Ai),
        ("parameters", "", Unknown),
        ("parameters", "exposure=3.5; gain=120", Unknown),
        ("parameters", r#"{"exposure": 3.5, "gain": 120, "seed": 3}"#, Unknown),
        ("parameters", "Steps: walk to the lake, see Sampler: no", Unknown),
        ("parameters", "{\"sampler\": \"euler\", \"seed\": 3", Unknown),
        ("prompt", GRAPH, Ai),
        ("prompt", "user@host:~$ ", Unknown),
        ("prompt", r#"{"text": "what is your name?"}"#, Unknown),
        ("prompt", r#"{"a": {"text": "\"class_type\": 1"}}"#, Unknown),
        ("workflow", WORKFLOW, Ai),
        ("workflow", r#"{"nodes": []}"#, Unknown),
        ("workflow", r#"{"steps": ["scan", "crop"]}"#, Unknown),
        ("workflow", "scan, crop, upload", Unknown),
        ("invokeai_metadata", r#"{"app_version": "5.6.0", "seed": 9}"#, Ai),
        ("invokeai_metadata", "yes", Unknown),
        (
            "sd-metadata",
            r#"{"model": "stable diffusion", "app_id": "invoke-ai/InvokeAI", "image": {}}"#,
            Ai,
        ),
        ("Dream", r#""a pier" -s 50 -S 1234 -W512 -H512 -C7.5 -Ak_lms"#, Ai),
        ("Dream", "of a -sunny Sunday", Unknown),
        (
            "generation_data",
            r#"{"prompt": "a", "samplerName": "Euler a", "seed": "7"}"#,
            Ai,
        ),
        ("generation_data", "42 MW", Unknown),
        ("Software", "NovelAI", Unknown),
        ("Software", "Adobe Firefly", Unknown),
        ("fooocus_scheme", "fooocus", Unknown),
        ("Description", LINES, Unknown),
        ("Comment", LINES, Unknown),
    ];
    for (key, value, expected) in cases {
        assert_eq!(source(&texts(&[(key, value)])), *expected, "{key}: {value}");
    }
}

#[test]
fn texts_that_belong_together() {
    let comment = r#"{"prompt": "harbour", "steps": 28, "sampler": "k_euler", "uc": "lowres"}"#;
    assert_eq!(source(&texts(&[("Comment", comment), ("Software", "NovelAI")])), Ai);
    assert_eq!(source(&texts(&[("Comment", comment), ("Software", "GIMP")])), Unknown);
    assert_eq!(
        source(&texts(&[("Comment", "hello"), ("Software", "NovelAI")])),
        Unknown
    );
    assert_eq!(
        source(&texts(&[
            ("fooocus_scheme", "fooocus"),
            ("parameters", r#"{"base_model": "x"}"#)
        ])),
        Ai
    );
}

#[test]
fn packed_and_translated_texts() {
    let packed = |text: &str| fdeflate::compress_to_vec(text.as_bytes());
    let z = [b"parameters\0\0", &packed(LINES)[..]].concat();
    let i = [b"prompt\0\0\0en\0Frage\0", GRAPH.as_bytes()].concat();
    let iz = [b"prompt\0\x01\0\0\0", &packed(GRAPH)[..]].concat();
    for (kind, data) in [(b"zTXt", z.clone()), (b"iTXt", i), (b"iTXt", iz)] {
        assert_eq!(source(&png(&[(kind, data)])), Ai, "{}", String::from_utf8_lossy(kind));
    }
    // A bomb is not unpacked, and a text that is cut off is none.
    let bomb = [
        b"parameters\0\0",
        &packed(&format!("{LINES}{}", " ".repeat(64 << 20)))[..],
    ]
    .concat();
    assert_eq!(source(&png(&[(b"zTXt", bomb)])), Unknown);
    assert_eq!(source(&png(&[(b"zTXt", z[..30].to_vec())])), Unknown);
    // After the end, nothing counts.
    assert_eq!(source(&png(&[(b"IEND", vec![]), (b"zTXt", z)])), Unknown);
}

/// `text` in one of the ways in which software writes it.
fn comments(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let utf16 = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    let (big, little) = (utf16(u16::to_be_bytes), utf16(u16::to_le_bytes));
    vec![
        ("UTF-16, big", [b"UNICODE\0", &big[..]].concat()),
        ("UTF-16, little", [b"UNICODE\0", &little[..]].concat()),
        ("UTF-16 with a mark", [b"UNICODE\0\xFF\xFE", &little[..]].concat()),
        ("UTF-8 as Unicode", [b"UNICODE\0", text.as_bytes()].concat()),
        ("UTF-8 as ASCII", [b"ASCII\0\0\0", text.as_bytes(), b"\0"].concat()),
        ("undefined", [&[0; 8], text.as_bytes()].concat()),
        ("no code", text.as_bytes().to_vec()),
    ]
}

#[test]
fn user_comments_in_every_encoding() {
    let foreign = LINES.replace("a pier", &"\u{6E2F}\u{5CA1}".repeat(200));
    for text in [LINES, FOOOCUS, GRAPH, &foreign] {
        for (name, comment) in comments(text) {
            for little in [false, true] {
                let exif = tiff(little, &[], &[(0x9286, 7, &comment)]);
                let app1 = [b"Exif\0\0", &exif[..]].concat();
                let case = format!("{name}, little: {little}, {text}");
                assert_eq!(source(&jpeg(&[(0xE1, app1.clone())])), Ai, "{case}");
                assert_eq!(source(&webp(&[(b"EXIF", exif.clone())])), Ai, "{case}");
                assert_eq!(source(&webp(&[(b"EXIF", app1)])), Ai, "{case}");
                assert_eq!(source(&png(&[(b"eXIf", exif)])), Ai, "{case}");
                // In the first directory, as bytes.
                let exif = tiff(little, &[(0x9286, 1, &comment)], &[]);
                assert_eq!(source(&webp(&[(b"EXIF", exif)])), Ai, "{case}");
            }
        }
    }
    for (name, comment) in comments("Steps to the beach; see the Seed: of the sunflower") {
        let exif = tiff(true, &[], &[(0x9286, 7, &comment)]);
        assert_eq!(source(&webp(&[(b"EXIF", exif)])), Unknown, "{name}");
    }
}

#[test]
fn graphs_in_tags_of_cameras() {
    for (tag, text, expected) in [
        (0x010F, format!("workflow:{WORKFLOW}"), Ai),
        (0x0110, format!("prompt:{GRAPH}"), Ai),
        (0x010E, format!("Prompt: {GRAPH}"), Ai),
        (0x010F, "NIKON CORPORATION".into(), Unknown),
        (0x010E, format!("a caption about {GRAPH}"), Unknown),
        (0x010E, "Prompt: a pier".into(), Unknown),
        (0x0131, format!("prompt:{GRAPH}"), Unknown),
    ] {
        let exif = tiff(false, &[(tag, 2, text.as_bytes())], &[]);
        assert_eq!(source(&webp(&[(b"EXIF", exif)])), expected, "{tag:x} {text}");
    }
}

#[test]
fn comments_of_a_jpeg_are_not_read() {
    assert_eq!(source(&jpeg(&[(0xFE, LINES.as_bytes().to_vec())])), Unknown);
}

#[test]
fn novel_ai_in_one_object() {
    let comment = r#"{\"prompt\": \"harbour\", \"steps\": 28, \"sampler\": \"k_euler\"}"#;
    let text = format!(r#"{{"Software": "NovelAI", "Comment": "{comment}"}}"#);
    for (name, comment) in comments(&text) {
        assert_eq!(
            source(&webp(&[(b"EXIF", tiff(true, &[], &[(0x9286, 7, &comment)]))])),
            Ai,
            "{name}"
        );
    }
}

#[test]
fn exif_in_items_and_boxes() {
    let comment = [
        b"UNICODE\0",
        &LINES.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>()[..],
    ]
    .concat();
    let exif = tiff(true, &[], &[(0x9286, 7, &comment)]);
    // What comes before the TIFF header, by its length.
    let plain = [&[0; 4], &exif[..]].concat();
    let named = [b"\0\0\0\x06Exif\0\0", &exif[..]].concat();
    for data in [plain, named] {
        let jxl = [iso(b"JXL ", b"\r\n\x87\n"), iso(b"Exif", &data)].concat();
        assert_eq!(source(&jxl), Ai);
        let ftyp = iso(b"ftyp", b"heic\0\0\0\0mif1heic");
        let infe = iso(b"infe", b"\x02\0\0\0\0\x01\0\0Exif\0");
        let iinf = iso(b"iinf", &[b"\0\0\0\0\0\x01", &infe[..]].concat());
        // Two items, the second in two pieces.
        let build = |at: u32| {
            let half = data.len() as u32 / 2;
            let number = |number: u32| number.to_be_bytes();
            let place = [
                &[0, 9, 0, 0, 0, 1][..],
                &number(0),
                &number(4),
                &[0, 1, 0, 0, 0, 2],
                &number(at),
                &number(half),
                &number(at + half),
                &number(data.len() as u32 - half),
            ];
            let iloc = iso(b"iloc", &[b"\0\0\0\0\x44\0\0\x02", &place.concat()[..]].concat());
            let meta = iso(b"meta", &[&[0; 4], &iinf[..], &iloc].concat());
            [ftyp.clone(), meta, iso(b"mdat", &data)].concat()
        };
        let at = build(0).len() - data.len();
        assert_eq!(source(&build(at as u32)), Ai);
        assert_eq!(source(&build(at as u32 + 1)), Unknown);
    }
}
