//! C2PA manifests, read and not verified.

use super::{
    C2pa, Reading, SourceType,
    cbor::Value,
    jumbf::{Superbox, boxes, superboxes},
    source_type::source_of,
};

/// The most manifests that are looked at for one photo.
const MAX_MANIFESTS: usize = 64;

/// Reads a manifest store, if `bytes` begin with one.
pub(super) fn read(bytes: &[u8], reading: &mut Reading) {
    let Some(store) = superboxes(bytes).find(|found| found.label == "c2pa") else {
        return;
    };
    reading.found.c2pa = C2pa::Present;
    let manifests: Vec<Superbox<'_>> = superboxes(store.content).collect();
    let Some(active) = manifests.last() else { return };
    if let Some(generator) = claim_generator(active) {
        reading.declare("c2pa-claim-generator", &generator, SourceType::Unknown);
    }
    let mut store = Store {
        manifests: &manifests,
        left: MAX_MANIFESTS,
        reading,
    };
    let source = store.source(active);
    reading.weigh(source);
}

struct Store<'a, 'r> {
    manifests: &'a [Superbox<'a>],
    /// Manifests that may still be looked at: ingredients can name each other in circles.
    left: usize,
    reading: &'r mut Reading,
}

impl<'a> Store<'a, '_> {
    /// What a manifest says of its asset: by its own actions, else as its parent; with a generated part in something
    /// else, a composite.
    fn source(&mut self, manifest: &Superbox<'a>) -> SourceType {
        if self.left == 0 {
            return SourceType::Unknown;
        }
        self.left -= 1;
        let (mut origin, mut edit) = (SourceType::Unknown, SourceType::Unknown);
        // Whether there is something that a generated part is a part of.
        let (mut whole, mut component) = (false, SourceType::Unknown);
        let mut parent = None;
        for (label, value) in assertions(manifest) {
            if is(label, "c2pa.actions") {
                for action in value.get("actions").into_iter().flat_map(Value::items) {
                    let name = action.text_of("action").unwrap_or_default();
                    let begins = matches!(name, "c2pa.created" | "c2pa.opened");
                    let uri = action.text_of("digitalSourceType").unwrap_or_default();
                    let source = source_of(uri);
                    whole |= name == "c2pa.placed" || (name == "c2pa.created" && !uri.is_empty());
                    if !uri.is_empty() {
                        self.reading
                            .declare("c2pa-digital-source-type", uri, SourceType::Unknown);
                    }
                    let told = if begins { &mut origin } else { &mut edit };
                    if (source as u8) < *told as u8 {
                        *told = source;
                    }
                }
            } else if is(label, "c2pa.ingredient") {
                match value.text_of("relationship") {
                    Some("parentOf") => parent = parent.or(Some(value)),
                    Some("componentOf") => component = self.component(value, component),
                    _ => {}
                }
            }
        }
        whole |= parent.is_some();
        if origin == SourceType::Unknown
            && let Some(parent) = parent.and_then(|value| self.manifest_of(value))
        {
            origin = self.source(&parent);
        }
        match (origin, edit, component) {
            // Parts of what was made by a model are its parts, whatever they are.
            (SourceType::Ai, SourceType::Ai | SourceType::Capture | SourceType::Unknown, _) => SourceType::Ai,
            (_, SourceType::Composite, _) | (SourceType::Composite, ..) => SourceType::Composite,
            // Said of a step in the life of something else: a generated part. Said alone: of the whole.
            (_, SourceType::Ai, _) if whole => SourceType::Composite,
            (_, SourceType::Ai, _) => SourceType::Ai,
            (_, _, SourceType::Ai | SourceType::Composite) => SourceType::Composite,
            (SourceType::Capture, ..) => SourceType::Capture,
            // Said of a step, with no word about where it began.
            _ => edit,
        }
    }

    /// The heavier of what the ingredient is and what those before it are.
    fn component(&mut self, ingredient: Value<'a>, before: SourceType) -> SourceType {
        let source = self
            .manifest_of(ingredient)
            .map_or(SourceType::Unknown, |manifest| self.source(&manifest));
        if (source as u8) < before as u8 { source } else { before }
    }

    /// The manifest that an ingredient came with.
    fn manifest_of(&self, ingredient: Value<'a>) -> Option<Superbox<'a>> {
        let reference = ingredient
            .get("activeManifest")
            .or_else(|| ingredient.get("c2pa_manifest"))?;
        let path = reference.text_of("url")?.strip_prefix("self#jumbf=")?;
        let path = path.strip_prefix('/').unwrap_or(path).strip_prefix("c2pa/")?;
        let label = path.split('/').next()?;
        self.manifests.iter().find(|manifest| manifest.label == label).copied()
    }
}

/// Whether a label is `name`, maybe of a later version, or one of several of it: `c2pa.actions.v2__1`.
fn is(label: &str, name: &str) -> bool {
    let label = label.split("__").next().unwrap_or_default();
    let version = label
        .strip_prefix(name)
        .map(|rest| rest.strip_prefix(".v").unwrap_or(rest));
    version.is_some_and(|version| version.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The assertions of a manifest that are in CBOR.
fn assertions<'a>(manifest: &Superbox<'a>) -> impl Iterator<Item = (&'a str, Value<'a>)> {
    let stores = superboxes(manifest.content).filter(|found| found.label == "c2pa.assertions");
    stores
        .flat_map(|store| superboxes(store.content))
        .filter_map(|assertion| Some((assertion.label, cbor(&assertion)?)))
}

fn cbor<'a>(superbox: &Superbox<'a>) -> Option<Value<'a>> {
    let found = boxes(superbox.content).find(|found| &found.kind == b"cbor")?;
    Some(Value::new(found.data))
}

/// The name and version of the program that made the manifest.
fn claim_generator(manifest: &Superbox<'_>) -> Option<String> {
    let claim = superboxes(manifest.content).find(|found| is(found.label, "c2pa.claim"))?;
    let claim = cbor(&claim)?;
    let info = claim.get("claim_generator_info");
    // A map since version 2, an array of maps before.
    let info = info.map(|info| info.items().next().unwrap_or(info));
    let name = info.and_then(|info| info.text_of("name"));
    match (name, info.and_then(|info| info.text_of("version"))) {
        (Some(name), Some(version)) => Some([name, " ", version].concat()),
        (Some(name), None) => Some(name.to_owned()),
        _ => claim.text_of("claim_generator").map(str::to_owned),
    }
}
