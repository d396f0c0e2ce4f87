//! What files declare about their origin: fixtures, variants of them made here, photos without a declaration, and damage.

#[path = "../common/damage.rs"]
mod damage;
mod limits;
mod make;
mod manifest;
mod manifests;
mod mentions;
mod notes;
mod xmp;

use std::fs;
use std::path::{Path, PathBuf};

use damage::{Random, mutate};
use gamma_wasm::image::{C2pa, Provenance, SourceType, is_provenance_read, may_declare, provenance};
use serde_json::Value;

const MUTATIONS: usize = 10_000;

/// What a file says it is. Who declares anything is never passed over.
fn source(bytes: &[u8]) -> SourceType {
    let found = provenance(bytes);
    assert!(may_declare(bytes) || found == Provenance::default(), "{found:?}");
    found.source
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// The fixtures: their names, what they have to be, and their bytes.
fn fixtures() -> Vec<(String, Value, Vec<u8>)> {
    let folder = tests().join("fixtures/provenance");
    let list: Vec<Value> = serde_json::from_slice(&fs::read(folder.join("provenance.json")).unwrap()).unwrap();
    let read = |entry: Value| {
        let name = entry["file"].as_str().unwrap().to_owned();
        let bytes = fs::read(folder.join(&name)).unwrap();
        (name, entry, bytes)
    };
    list.into_iter().map(read).collect()
}

#[test]
fn every_fixture_is_what_it_says() {
    let fixtures = fixtures();
    assert_eq!(fixtures.len(), 28);
    for (name, expected, bytes) in fixtures {
        assert!(is_provenance_read(&bytes[..16]), "{name}");
        assert!(
            may_declare(&bytes) || provenance(&bytes) == Provenance::default(),
            "{name}"
        );
        let found = serde_json::to_value(provenance(&bytes)).unwrap();
        assert_eq!(found["source"], expected["source"], "{name}: {found}");
        assert!(
            expected["c2pa"] == "any" || found["c2pa"] == expected["c2pa"],
            "{name}: {found}"
        );
        assert_eq!(found["verified"], false, "{name}");
        assert_eq!(
            found["evidence"].as_array().unwrap().is_empty(),
            found["source"] == "unknown" && found["c2pa"] == "absent" || name == "c2pa-deep.png",
            "{name}: {found}"
        );
    }
}

#[test]
fn evidence_names_generator_and_source_type() {
    let (_, _, bytes) = fixtures()
        .into_iter()
        .find(|(name, ..)| name == "c2pa-filled.jpg")
        .unwrap();
    let Provenance { evidence, c2pa, .. } = provenance(&bytes);
    let pairs: Vec<(&str, &str)> = evidence
        .iter()
        .map(|found| (found.kind, found.value.as_str()))
        .collect();
    let edited = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia";
    let camera = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture";
    assert_eq!(c2pa, C2pa::Present);
    assert_eq!(
        pairs[..2],
        [
            ("c2pa-claim-generator", "Example Studio 2.1"),
            ("c2pa-digital-source-type", edited)
        ]
    );
    assert_eq!(pairs[2..], [("c2pa-digital-source-type", camera)]);
}

#[test]
fn what_follows_a_file_is_none_of_it() {
    for (name, expected, bytes) in fixtures() {
        // Each file with the declarations of another one behind its end.
        let plain = fs::read(tests().join("fixtures/images/lossy.webp")).unwrap();
        let joined = [plain, bytes].concat();
        assert_eq!(provenance(&joined), Provenance::default(), "{name}, {expected}");
    }
}

/// Files of folders, if they are there.
fn photos(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.retain(|path| is_provenance_read(&fs::read(path).unwrap_or_default()));
    paths
}

#[test]
fn photos_without_a_declaration_are_unknown() {
    let own = ["fixtures/images", "golden/preprocess/images"].map(|folder| photos(&tests().join(folder)));
    let own = own.concat();
    assert!(own.len() >= 30, "{} photos", own.len());
    for path in own {
        let found = provenance(&fs::read(&path).unwrap());
        assert_eq!(found, Provenance::default(), "{}", path.display());
    }
}

#[test]
fn photos_of_cameras_and_sites_are_unknown() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folders = [
        "clive/images",
        "biq2021/images",
        "pristine/images",
        "pristine",
        "pcuid/images",
    ];
    let all = folders.map(|folder| photos(&data.join(folder))).concat();
    if all.is_empty() {
        println!("skipped: {} with photos of data sets is not there", data.display());
        return;
    }
    assert!(all.len() >= 200, "{} photos", all.len());
    for path in all {
        let found = provenance(&fs::read(&path).unwrap());
        assert_eq!(
            (found.source, found.c2pa),
            (SourceType::Unknown, C2pa::Absent),
            "{}: {found:?}",
            path.display()
        );
    }
}

#[test]
fn ten_thousand_damaged_files_say_something_or_nothing() {
    let fixtures = fixtures();
    let mut still = 0;
    for seed in 0..MUTATIONS {
        let (name, _, file) = &fixtures[seed % fixtures.len()];
        let bytes = mutate(file, &mut Random(seed as u64 * 2 + 1));
        let found = std::panic::catch_unwind(|| provenance(&bytes)).unwrap_or_else(|_| panic!("{name}, seed {seed}"));
        assert!(found.evidence.len() <= 32 && !found.verified, "{name}, seed {seed}");
        assert!(
            may_declare(&bytes) || found == Provenance::default(),
            "{name}, seed {seed}"
        );
        still += usize::from(found.source != SourceType::Unknown);
    }
    // Most damage leaves the declaration readable: the readers were reached.
    assert!(still > MUTATIONS / 3, "{still}");
}
