//! C2PA manifests without signatures, put together by hand.

use super::make::iso;

/// CBOR.
#[derive(Clone)]
pub enum Cbor {
    Text(String),
    Array(Vec<Cbor>),
    Map(Vec<(String, Cbor)>),
    /// The same of indefinite length.
    Endless(Vec<(String, Cbor)>),
}

pub fn text(text: &str) -> Cbor {
    Cbor::Text(text.into())
}

pub fn map(entries: &[(&str, Cbor)]) -> Cbor {
    Cbor::Map(
        entries
            .iter()
            .map(|(key, value)| ((*key).into(), value.clone()))
            .collect(),
    )
}

impl Cbor {
    pub fn bytes(&self) -> Vec<u8> {
        let head = |major: u8, length: usize| [&[major << 5 | 26][..], &(length as u32).to_be_bytes()].concat();
        let pairs = |entries: &[(String, Cbor)]| -> Vec<u8> {
            let pair = |(key, value): &(String, Cbor)| [text(key).bytes(), value.bytes()].concat();
            entries.iter().flat_map(pair).collect()
        };
        match self {
            Self::Text(text) => [&head(3, text.len()), text.as_bytes()].concat(),
            Self::Array(items) => [head(4, items.len()), items.iter().flat_map(Self::bytes).collect()].concat(),
            Self::Map(entries) => [head(5, entries.len()), pairs(entries)].concat(),
            Self::Endless(entries) => [&[0xBF], &pairs(entries)[..], &[0xFF]].concat(),
        }
    }
}

/// A box of boxes.
pub fn superbox(label: &str, content: &[u8]) -> Vec<u8> {
    let description = iso(b"jumd", &[&[7; 16], &[3][..], label.as_bytes(), &[0]].concat());
    iso(b"jumb", &[&description, content].concat())
}

/// An assertion.
pub fn assertion(label: &str, value: &Cbor) -> Vec<u8> {
    superbox(label, &iso(b"cbor", &value.bytes()))
}

/// A manifest of assertions.
pub fn manifest(label: &str, assertions: &[Vec<u8>]) -> Vec<u8> {
    let claim = map(&[("claim_generator", text("Example/1.0"))]);
    let parts = [
        superbox("c2pa.assertions", &assertions.concat()),
        assertion("c2pa.claim", &claim),
    ];
    superbox(label, &parts.concat())
}

/// A manifest store.
pub fn store(manifests: &[Vec<u8>]) -> Vec<u8> {
    superbox("c2pa", &manifests.concat())
}

/// Actions: names, each with the term of a source type or nothing.
pub fn actions(actions: &[(&str, &str)]) -> Vec<u8> {
    let action = |(name, term): &(&str, &str)| {
        let uri = format!("http://cv.iptc.org/newscodes/digitalsourcetype/{term}");
        let mut entries = vec![("action", text(name))];
        if !term.is_empty() {
            entries.push(("digitalSourceType", text(&uri)));
        }
        map(&entries)
    };
    let list = Cbor::Array(actions.iter().map(action).collect());
    assertion("c2pa.actions.v2", &map(&[("actions", list)]))
}

/// An ingredient with its manifest's label.
pub fn ingredient(label: &str, relationship: &str, manifest: &str) -> Vec<u8> {
    let reference = map(&[("url", text(&format!("self#jumbf=/c2pa/{manifest}")))]);
    let key = if label.contains(".v3") {
        "activeManifest"
    } else {
        "c2pa_manifest"
    };
    assertion(label, &map(&[("relationship", text(relationship)), (key, reference)]))
}

/// The segments of a JPEG that hold a box, of at most `size` bytes each.
pub fn segments(jumbf: &[u8], instance: u16, size: usize) -> Vec<(u8, Vec<u8>)> {
    let (header, content) = jumbf.split_at(8);
    let segment = |(number, piece): (usize, &[u8])| {
        let number = (number as u32 + 1).to_be_bytes();
        (
            0xEB,
            [b"JP", &instance.to_be_bytes()[..], &number, header, piece].concat(),
        )
    };
    content.chunks(size).enumerate().map(segment).collect()
}
