//! What looks like a declaration and is none: captions, names of programs, screenshots, the notes of a camera.

use gamma_wasm::image::SourceType::{Ai, Unknown};
use gamma_wasm::image::{Provenance, provenance};

use super::make::{declaring, jpeg, jpeg_with, png, texts, tiff, webp, xmp};
use super::manifest::{actions, manifest, store, superbox};
use super::source;

const LINES: &str = "a pier\nSteps: 28, Sampler: DPM++ 2M, CFG scale: 6.5, Seed: 12, Size: 8x8";
const MENTIONS: [&str; 6] = [
    "not made with Midjourney, DALL-E or Stable Diffusion",
    "a pier --ar 3:2 --v 6.1 Job ID: 0a8b4e1c",
    "AI generated? No: trainedAlgorithmicMedia is a term of the IPTC",
    "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
    "Made with Google AI",
    "c2pa.created by ComfyUI: prompt, workflow, parameters, steps and seed",
];

#[test]
fn captions_and_names_of_programs() {
    let dc = "xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:photoshop='http://ns.adobe.com/photoshop/1.0/'";
    for mention in MENTIONS {
        let list = format!(
            "<dc:description><rdf:Alt><rdf:li xml:lang='x-default'>{mention}</rdf:li></rdf:Alt></dc:description>"
        );
        let packet = xmp(dc, &format!("photoshop:Credit='{mention}'"), &list);
        assert_eq!(source(&jpeg_with(&packet)), Unknown, "{mention}");
        for key in [
            "Description",
            "Title",
            "Comment",
            "Software",
            "Author",
            "Source",
            "parameters",
            "prompt",
            "workflow",
        ] {
            assert_eq!(
                provenance(&texts(&[(key, mention)])),
                Provenance::default(),
                "{key}: {mention}"
            );
        }
        // ImageDescription, Make, Model, Software, Artist, Copyright; then UserComment and MakerNote.
        let first = [0x010E, 0x010F, 0x0110, 0x0131, 0x013B, 0x8298].map(|tag| (tag, 2, mention.as_bytes()));
        let comment = [b"ASCII\0\0\0", mention.as_bytes()].concat();
        let exif = tiff(true, &first, &[(0x9286, 7, &comment), (0x927C, 7, mention.as_bytes())]);
        assert_eq!(
            provenance(&webp(&[(b"EXIF", exif)])),
            Provenance::default(),
            "{mention}"
        );
    }
}

#[test]
fn screenshots_and_scans() {
    let comment = tiff(false, &[], &[(0x9286, 7, b"ASCII\0\0\0Screenshot")]);
    assert_eq!(source(&png(&[(b"eXIf", comment)])), Unknown);
    for term in [
        "screenCapture",
        "virtualRecording",
        "negativeFilm",
        "positiveFilm",
        "print",
        "humanEdits",
    ] {
        assert_eq!(source(&jpeg_with(&declaring(term))), Unknown, "{term}");
        let found = manifest("urn:a", &[actions(&[("c2pa.created", term)])]);
        assert_eq!(source(&png(&[(b"caBX", store(&[found]))])), Unknown, "{term}");
    }
}

#[test]
fn a_maker_note_is_not_read() {
    let exif = |tag| {
        let exif = tiff(true, &[(0x927C, 7, b"fooocus")], &[(tag, 7, LINES.as_bytes())]);
        source(&jpeg(&[(0xE1, [b"Exif\0\0", &exif[..]].concat())]))
    };
    assert_eq!(exif(0x927C), Unknown);
    assert_eq!(exif(0x9286), Ai);
}

#[test]
fn a_store_in_another_box_is_part_of_something_else() {
    let generated = manifest("urn:a", &[actions(&[("c2pa.created", "trainedAlgorithmicMedia")])]);
    for wrapped in [
        superbox("org.example", &store(std::slice::from_ref(&generated))),
        superbox("C2PA", &generated),
        generated.clone(),
    ] {
        assert_eq!(provenance(&png(&[(b"caBX", wrapped)])), Provenance::default());
    }
}
