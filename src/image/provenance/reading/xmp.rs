//! XMP packets: the digital source type of IPTC and the address of a C2PA manifest elsewhere, by namespace.
//!
//! Reads elements, attributes and namespaces of XML, nothing else. Only a property of the photo itself counts: one of a
//! description directly in the packet's RDF. A packet that breaks off or is not well-formed says nothing, and neither
//! does one with a document type.

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const NOTE: &str = "http://ns.adobe.com/xmp/note/";
const TERMS: &str = "http://purl.org/dc/terms/";
const IPTC: &str = "iptc.org/std/Iptc4xmpExt/2008-02-29/";
/// The deepest nesting of elements.
const MAX_DEPTH: usize = 256;
/// The most namespaces in force at a time.
const MAX_NAMESPACES: usize = 128;
/// The longest packet that is read.
const MAX_PACKET: usize = 16 << 20;

/// What a packet says.
#[derive(Default)]
pub(super) struct Xmp {
    pub(super) source_types: Vec<String>,
    /// Where manifests lie that the file does not have itself.
    pub(super) remote: Vec<String>,
    /// The GUID of the packet's extension.
    pub(super) extension: Option<String>,
}

/// What an element is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rdf,
    Description,
    Property(Property),
    Other,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Property {
    SourceType,
    Remote,
    Extension,
}

struct Element<'a> {
    name: &'a str,
    kind: Kind,
    /// Namespaces in force outside of it.
    namespaces: usize,
}

struct Reader<'a> {
    rest: &'a str,
    open: Vec<Element<'a>>,
    namespaces: Vec<(&'a str, String)>,
    /// The property whose text is read, and the text.
    property: Option<Property>,
    text: String,
    xmp: Xmp,
}

/// Reads a packet; `None` if it is not well-formed up to the end of its outermost element.
pub(super) fn read(packet: &[u8]) -> Option<Xmp> {
    let packet = packet.get(..MAX_PACKET).unwrap_or(packet);
    let wide = from_utf16(packet);
    let packet = wide.as_deref().map_or(packet, str::as_bytes);
    // What follows the packet need not be text.
    let text = match std::str::from_utf8(packet) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(packet.get(..error.valid_up_to())?).ok()?,
    };
    let mut reader = Reader {
        rest: text,
        open: Vec::new(),
        namespaces: Vec::new(),
        property: None,
        text: String::new(),
        xmp: Xmp::default(),
    };
    loop {
        let (before, rest) = reader.rest.split_once('<')?;
        reader.take_text(before);
        reader.rest = rest;
        if rest.starts_with('?') {
            reader.until("?>")?;
        } else if rest.starts_with("!--") {
            reader.until("-->")?;
        } else if let Some(data) = rest.strip_prefix("![CDATA[") {
            reader.rest = data;
            let data = reader.until("]]>")?;
            if reader.property.is_some() {
                reader.text.push_str(data);
            }
        } else if let Some(name) = rest.strip_prefix('/') {
            reader.rest = name;
            let name = reader.until(">")?.trim_end();
            reader.close(name)?;
            if reader.open.is_empty() {
                return Some(reader.xmp);
            }
        } else {
            reader.element()?;
            if reader.open.is_empty() {
                return Some(reader.xmp);
            }
        }
    }
}

impl<'a> Reader<'a> {
    /// What comes before `end`, which is passed.
    fn until(&mut self, end: &str) -> Option<&'a str> {
        let (before, rest) = self.rest.split_once(end)?;
        self.rest = rest;
        Some(before)
    }

    fn take_text(&mut self, text: &str) {
        if self.property.is_some() {
            let text = unescaped(text);
            self.text.push_str(&text);
        }
    }

    fn close(&mut self, name: &str) -> Option<()> {
        let element = self.open.pop().filter(|element| element.name == name)?;
        self.namespaces.truncate(element.namespaces);
        if let Some(property) = self.property {
            let text = std::mem::take(&mut self.text);
            self.tell(property, &text);
            if matches!(element.kind, Kind::Property(_)) {
                self.property = None;
            }
        }
        Some(())
    }

    /// An opening tag, `<` being passed.
    fn element(&mut self) -> Option<()> {
        let end = self
            .rest
            .find(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/')?;
        let (name, rest) = self.rest.split_at_checked(end)?;
        if name.is_empty() || name.starts_with('!') || self.open.len() >= MAX_DEPTH {
            return None;
        }
        self.rest = rest;
        let outside = self.namespaces.len();
        let mut attributes: Vec<(&str, String)> = Vec::new();
        let empty = loop {
            self.rest = self.rest.trim_start();
            if let Some(rest) = self.rest.strip_prefix("/>") {
                self.rest = rest;
                break true;
            }
            if let Some(rest) = self.rest.strip_prefix('>') {
                self.rest = rest;
                break false;
            }
            let key = self.until("=")?.trim_end();
            self.rest = self.rest.trim_start();
            let quote = if self.rest.starts_with('"') { "\"" } else { "'" };
            self.rest = self.rest.strip_prefix(quote)?;
            let value = unescaped(self.until(quote)?);
            match key.strip_prefix("xmlns") {
                Some(prefix) if prefix.is_empty() || prefix.starts_with(':') => {
                    if self.namespaces.len() >= MAX_NAMESPACES {
                        return None;
                    }
                    self.namespaces.push((prefix.trim_start_matches(':'), value));
                }
                _ => attributes.push((key, value)),
            }
        };
        let kind = self.kind(name);
        self.open.push(Element {
            name,
            kind,
            namespaces: outside,
        });
        if let Kind::Property(property) = kind {
            self.property = Some(property);
            self.text.clear();
        }
        for (key, value) in &attributes {
            let told = match kind {
                // An attribute without a prefix has no namespace.
                Kind::Description if key.contains(':') => self.property_of(key),
                Kind::Property(property) if self.is(key, RDF, "resource") => Some(property),
                _ => None,
            };
            if let Some(property) = told {
                self.tell(property, value);
            }
        }
        if empty { self.close(name) } else { Some(()) }
    }

    fn kind(&self, name: &str) -> Kind {
        let parent = self.open.last().map(|element| element.kind);
        match parent {
            None | Some(Kind::Other) if self.open.len() < 2 && self.is(name, RDF, "RDF") => Kind::Rdf,
            Some(Kind::Rdf) if self.is(name, RDF, "Description") => Kind::Description,
            Some(Kind::Description) => self.property_of(name).map_or(Kind::Other, Kind::Property),
            _ => Kind::Other,
        }
    }

    fn property_of(&self, name: &str) -> Option<Property> {
        if self.is(name, NOTE, "HasExtendedXMP") {
            return Some(Property::Extension);
        }
        if self.is(name, TERMS, "provenance") {
            return Some(Property::Remote);
        }
        let (namespace, local) = self.resolved(name)?;
        let namespace = namespace
            .strip_prefix("http://")
            .or_else(|| namespace.strip_prefix("https://"))?;
        (namespace == IPTC && local == "DigitalSourceType").then_some(Property::SourceType)
    }

    fn is(&self, name: &str, namespace: &str, local: &str) -> bool {
        self.resolved(name) == Some((namespace, local))
    }

    /// The namespace and the local part of a name that has a prefix. Names without one are none that are looked for.
    fn resolved<'n>(&self, name: &'n str) -> Option<(&str, &'n str)> {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let bound = self.namespaces.iter().rev().find(|(known, _)| *known == prefix)?;
        Some((&bound.1, local))
    }

    fn tell(&mut self, property: Property, value: &str) {
        let value = value.trim();
        match property {
            _ if value.is_empty() => {}
            Property::SourceType => self.xmp.source_types.push(value.to_owned()),
            Property::Remote => self.xmp.remote.push(value.to_owned()),
            Property::Extension => self.xmp.extension = Some(value.to_owned()),
        }
    }
}

/// A packet in UTF-16, which its first bytes tell: a mark of the byte order, or `<` of either.
fn from_utf16(packet: &[u8]) -> Option<String> {
    let big = match packet {
        [0xFE, 0xFF, ..] | [0, b'<', ..] => true,
        [0xFF, 0xFE, ..] | [b'<', 0, ..] => false,
        _ => return None,
    };
    let (pairs, _) = packet.as_chunks::<2>();
    let units = pairs.iter().map(|&pair| {
        if big {
            u16::from_be_bytes(pair)
        } else {
            u16::from_le_bytes(pair)
        }
    });
    // What follows the packet need not be text.
    Some(char::decode_utf16(units).map_while(Result::ok).collect())
}

/// Text with its references resolved; an unknown one stays as it is.
fn unescaped(text: &str) -> String {
    let mut pieces = text.split('&');
    let mut whole = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once(';').unwrap_or(("", piece));
        let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
        let character = match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => match name.strip_prefix('#') {
                Some(digits) => digits
                    .strip_prefix('x')
                    .map_or_else(|| number(digits, 10), |digits| number(digits, 16)),
                None => None,
            },
        };
        match character {
            Some(character) => whole.push(character),
            None => whole.push('&'),
        }
        whole.push_str(if character.is_some() { rest } else { piece });
    }
    whole
}
