//! C2PA manifests: where they lie, and what they say of their asset.

use gamma_wasm::image::SourceType::{self, Ai, Capture, Composite, Unknown};
use gamma_wasm::image::{C2pa, provenance};

use super::make::{blocks, gif, iso, jpeg, png, tiff, webp};
use super::manifest::{Cbor, actions, assertion, ingredient, manifest, map, segments, store, superbox, text};
use super::source;

const AI: &str = "trainedAlgorithmicMedia";
const FILLED: &str = "compositeWithTrainedAlgorithmicMedia";
const CAMERA: &str = "digitalCapture";

/// What a PNG with this store says.
fn of(manifests: &[Vec<u8>]) -> SourceType {
    let found = provenance(&png(&[(b"caBX", store(manifests))]));
    assert_eq!(found.c2pa, C2pa::Present);
    found.source
}

fn camera() -> Vec<u8> {
    manifest("urn:camera", &[actions(&[("c2pa.created", CAMERA)])])
}

fn generated() -> Vec<u8> {
    manifest("urn:ai", &[actions(&[("c2pa.created", AI)])])
}

#[test]
fn the_active_manifest_decides() {
    assert_eq!(of(&[camera()]), Capture);
    assert_eq!(of(&[generated()]), Ai);
    assert_eq!(of(&[generated(), camera()]), Capture);
    assert_eq!(
        of(&[manifest(
            "a",
            &[actions(&[("c2pa.created", ""), ("c2pa.converted", "")])]
        )]),
        Unknown
    );
    // A watermark is a step of the same model.
    assert_eq!(
        of(&[manifest("a", &[actions(&[("c2pa.created", AI), ("c2pa.edited", AI)])])]),
        Ai
    );
    assert_eq!(of(&[manifest("a", &[actions(&[("c2pa.edited", AI)])])]), Ai);
    assert_eq!(of(&[]), Unknown);
}

#[test]
fn a_retouched_photo_is_not_an_ai_image() {
    let edited = |edits: &[(&str, &str)], parent: &str| {
        manifest(
            "urn:edited",
            &[ingredient("c2pa.ingredient", "parentOf", parent), actions(edits)],
        )
    };
    let opened = ("c2pa.opened", "");
    for (edits, parent, expected) in [
        (vec![opened, ("c2pa.color_adjustments", "")], "urn:camera", Capture),
        (vec![opened, ("c2pa.edited", FILLED)], "urn:camera", Composite),
        (vec![opened, ("c2pa.edited", AI)], "urn:camera", Composite),
        (vec![opened, ("c2pa.edited", "minorHumanEdits")], "urn:ai", Ai),
        (vec![opened, ("c2pa.cropped", "")], "urn:ai", Ai),
        (vec![opened, ("c2pa.edited", AI)], "urn:ai", Ai),
        (vec![opened, ("c2pa.edited", AI)], "urn:lost", Composite),
        (vec![opened, ("c2pa.edited", "")], "urn:lost", Unknown),
    ] {
        let manifests = [camera(), generated(), edited(&edits, parent)];
        assert_eq!(of(&manifests), expected, "{edits:?} of {parent}");
    }
    // Two steps back.
    let twice = manifest(
        "urn:twice",
        &[ingredient(
            "c2pa.ingredient.v3",
            "parentOf",
            "urn:edited/c2pa.signature",
        )],
    );
    assert_eq!(of(&[camera(), edited(&[opened], "urn:camera"), twice.clone()]), Capture);
    assert_eq!(of(&[generated(), edited(&[opened], "urn:ai"), twice]), Ai);
}

#[test]
fn a_generated_part_in_something_else_is_a_composite() {
    let placed = |made: &str, labels: &[&str]| {
        let parts = labels.iter().enumerate().map(|(number, label)| {
            let name = if number == 0 {
                "c2pa.ingredient.v2".into()
            } else {
                format!("c2pa.ingredient.v2__{number}")
            };
            ingredient(&name, "componentOf", label)
        });
        let done = actions(&[("c2pa.created", made), ("c2pa.placed", "")]);
        manifest("urn:collage", &[vec![done], parts.collect()].concat())
    };
    for (made, parts, expected) in [
        ("", vec!["urn:ai"], Composite),
        ("digitalCreation", vec!["urn:camera", "urn:ai"], Composite),
        ("digitalCreation", vec!["urn:camera"], Unknown),
        (AI, vec!["urn:ai"], Ai),
        (CAMERA, vec!["urn:ai"], Composite),
    ] {
        assert_eq!(
            of(&[camera(), generated(), placed(made, &parts)]),
            expected,
            "{made} with {parts:?}"
        );
    }
    let input = manifest("urn:input", &[ingredient("c2pa.ingredient.v3", "inputTo", "urn:ai")]);
    assert_eq!(of(&[generated(), input]), Unknown);
}

#[test]
fn do_not_train_means_nothing() {
    let uri = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia";
    let entry = map(&[("use", text("notAllowed")), ("digitalSourceType", text(uri))]);
    let mining = map(&[("entries", map(&[("c2pa.ai_generative_training", entry)]))]);
    let found = of(&[manifest(
        "a",
        &[
            assertion("c2pa.training-mining", &mining),
            actions(&[("c2pa.created", "digitalCreation")]),
        ],
    )]);
    assert_eq!(found, Unknown);
    // Nor do actions of another name, or in another place.
    let other = map(&[(
        "actions",
        Cbor::Array(vec![map(&[
            ("action", text("c2pa.created")),
            ("digitalSourceType", text(uri)),
        ])]),
    )]);
    assert_eq!(
        of(&[manifest(
            "a",
            &[
                assertion("c2pa.actionsx", &other),
                assertion("org.example.actions", &other)
            ]
        )]),
        Unknown
    );
    assert_eq!(of(&[superbox("a", &assertion("c2pa.actions", &other))]), Unknown);
    assert_eq!(of(&[manifest("a", &[assertion("c2pa.actions__3", &other)])]), Ai);
}

#[test]
fn everywhere_where_a_manifest_belongs() {
    let bytes = store(&[generated()]);
    let uuid = b"\xD8\xFE\xC3\xD6\x1B\x0E\x48\x3C\x92\x97\x58\x28\x87\x7E\xC4\x81\0\0\0\0manifest\0\0\0\0\0\0\0\0\0";
    let ftyp = iso(b"ftyp", b"avif\0\0\0\0avifmif1");
    let jxl = iso(b"JXL ", b"\r\n\x87\n");
    for (name, file) in [
        ("png", png(&[(b"IDAT", vec![0; 3]), (b"caBX", bytes.clone())])),
        ("webp", webp(&[(b"VP8 ", vec![0; 11]), (b"C2PA", bytes.clone())])),
        ("gif", gif(b"C2PA_GIF\x01\0\0", &blocks(&bytes))),
        ("tiff", tiff(true, &[(0xCD41, 7, &bytes)], &[])),
        ("tiff, big", tiff(false, &[(256, 3, &[0, 8]), (0xCD41, 1, &bytes)], &[])),
        ("jpeg", jpeg(&segments(&bytes, 1, 60_000))),
        ("jpeg in pieces", jpeg(&segments(&bytes, 529, 70))),
        ("avif", [ftyp, iso(b"uuid", &[&uuid[..], &bytes].concat())].concat()),
        ("jxl", [jxl, bytes.clone()].concat()),
    ] {
        assert_eq!(source(&file), Ai, "{name}");
        assert_eq!(provenance(&file).c2pa, C2pa::Present, "{name}");
    }
    // Not in EXIF, whose tags are others', and not under another label.
    assert_eq!(
        source(&webp(&[(b"EXIF", tiff(true, &[(0xCD41, 7, &bytes)], &[]))])),
        Unknown
    );
    let other = superbox("c2pa2", &generated());
    let found = provenance(&png(&[(b"caBX", other)]));
    assert_eq!((found.source, found.c2pa), (Unknown, C2pa::Absent));
}

#[test]
fn pieces_in_any_order_and_among_others() {
    let bytes = store(&[generated()]);
    let other = superbox("org.example", &[9; 300]);
    let mut pieces = [segments(&bytes, 1, 90), segments(&other, 2, 90)].concat();
    pieces.reverse();
    assert_eq!(source(&jpeg(&pieces)), Ai);
    // What follows a gap is lost.
    let mut gap = segments(&bytes, 1, 90);
    gap.remove(1);
    assert_eq!(source(&jpeg(&gap)), Unknown);
}

#[test]
fn boxes_that_lie_and_manifests_that_go_round() {
    let mut long = store(&[generated()]);
    long[..4].copy_from_slice(&u32::MAX.to_be_bytes());
    assert_eq!(source(&png(&[(b"caBX", long)])), Unknown);
    // Ingredients in a circle, many at a time.
    let all: Vec<Vec<u8>> = (0..20)
        .map(|n| {
            let to: Vec<Vec<u8>> = (0..20)
                .map(|m| {
                    ingredient(
                        &format!("c2pa.ingredient__{m}"),
                        "componentOf",
                        &format!("urn:{}", (n + m) % 20),
                    )
                })
                .collect();
            manifest(&format!("urn:{n}"), &to)
        })
        .collect();
    assert_eq!(of(&all), Unknown);
    // CBOR of no end and of no bottom.
    let action = Cbor::Endless(vec![
        ("action".into(), text("c2pa.created")),
        (
            "digitalSourceType".into(),
            text("http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"),
        ),
    ]);
    let endless = assertion(
        "c2pa.actions",
        &Cbor::Endless(vec![("actions".into(), Cbor::Array(vec![action]))]),
    );
    assert_eq!(of(&[manifest("a", &[endless])]), Ai);
    for bottomless in [
        vec![0x81; 100_000],
        vec![0xBF; 100_000],
        vec![0xC1; 100_000],
        vec![0x9B, 255, 255, 255, 255, 255, 255, 255, 255],
    ] {
        let actions = superbox("c2pa.actions", &iso(b"cbor", &bottomless));
        assert_eq!(of(&[manifest("a", &[actions])]), Unknown);
    }
}
