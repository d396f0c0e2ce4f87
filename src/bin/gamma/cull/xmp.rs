//! Ratings in XMP sidecars. Of a sidecar that is there everything else stays as it is, byte for byte: it holds the
//! edits of other programs.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use quick_xml::NsReader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, QName, ResolveResult};

use super::args::Naming;
use super::safely;

const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/";
const RDF: &[u8] = b"http://www.w3.org/1999/02/22-rdf-syntax-ns#";
/// The longest sidecar that is changed, in bytes.
const MOST: u64 = 16 << 20;

/// What became of a rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It was written.
    Rated,
    /// There is another one, which stays.
    Kept,
}

/// Rates a photo in its sidecar: -1 rejected, 1 to 5 stars. A rating that is there stays, unless it is 0, unrated.
///
/// # Errors
/// If the sidecar cannot be read or written, or is no XMP; it is then as it was.
pub fn rate(photo: &Path, naming: Naming, rating: i8) -> io::Result<Written> {
    let path = sidecar(photo, naming);
    let old = match fs::metadata(&path) {
        Ok(metadata) if metadata.len() > MOST => return Err(io::Error::other("the sidecar is too long")),
        Ok(_) => Some(fs::read(&path)?),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let new = match &old {
        None => Some(packet(rating)),
        Some(old) => merged(old, rating)?,
    };
    match new {
        None => Ok(Written::Kept),
        Some(new) => safely(&path, old.is_some(), |part| fs::write(part, &new)).map(|()| Written::Rated),
    }
}

/// The names that a photo's sidecar may have, darktable's first.
pub fn names(photo: &Path) -> [PathBuf; 2] {
    let mut full = photo.as_os_str().to_owned();
    full.push(".xmp");
    [full.into(), photo.with_extension("xmp")]
}

/// The sidecar that is there, or what a new one is called.
fn sidecar(photo: &Path, naming: Naming) -> PathBuf {
    let [full, short] = names(photo);
    match naming {
        _ if full.exists() => full,
        _ if short.exists() => short,
        Naming::Adobe => short,
        Naming::Darktable => full,
    }
}

fn packet(rating: i8) -> Vec<u8> {
    format!(
        r#"<?xpacket begin="{bom}" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="{rating}"/>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
"#,
        bom = '\u{feff}'
    )
    .into_bytes()
}

/// Where something is in the sidecar, and what comes in its place.
struct Splice {
    from: usize,
    to: usize,
    text: String,
}

/// The sidecar with the rating; `None` if it has another one.
fn merged(old: &[u8], rating: i8) -> io::Result<Option<Vec<u8>>> {
    let text = std::str::from_utf8(old).map_err(|_| io::Error::other("the sidecar is not UTF-8"))?;
    let splice = match found(text, rating)? {
        Found::Rated => return Ok(None),
        Found::Place(splice) => splice,
    };
    let new = format!(
        "{}{}{}",
        text.get(..splice.from).unwrap_or_default(),
        splice.text,
        text.get(splice.to..).unwrap_or_default()
    );
    // What cannot be read again is not written.
    match found(&new, rating)? {
        Found::Rated => Ok(Some(new.into_bytes())),
        Found::Place(_) => Err(io::Error::other("the rating found no place in the sidecar")),
    }
}

enum Found {
    /// There is a rating other than 0.
    Rated,
    /// Where one belongs.
    Place(Splice),
}

fn found(text: &str, rating: i8) -> io::Result<Found> {
    let wrong = |error: &dyn std::fmt::Display| io::Error::other(format!("the sidecar is no XMP: {error}"));
    let mut reader = NsReader::from_str(text);
    // Where the first description's tag could take an attribute, and the prefix that is bound there.
    let mut place = None;
    let mut unrated = None;
    let mut inside = None;
    let mut depth = 0_usize;
    loop {
        let from = reader.buffer_position() as usize;
        let event = reader.read_event().map_err(|error| wrong(&error))?;
        let to = reader.buffer_position() as usize;
        match &event {
            Event::Start(tag) | Event::Empty(tag) => {
                let open = matches!(event, Event::Start(_));
                depth += usize::from(open);
                let (namespace, name) = reader.resolve_element(tag.name());
                let is = |wanted: &'static [u8]| namespace == ResolveResult::Bound(Namespace(wanted));
                if is(RDF) && name.as_ref() == b"Description" {
                    if let Some(value) = attribute(&reader, tag, text, from..to)? {
                        if !is_unrated(value.value) {
                            return Ok(Found::Rated);
                        }
                        unrated = Some(Splice {
                            from: value.from,
                            to: value.to,
                            text: rating.to_string(),
                        });
                    }
                    let is_bound = |prefix: &&str| {
                        let name = format!("{prefix}:Rating");
                        let (namespace, _) = reader.resolve_attribute(QName(name.as_bytes()));
                        namespace == ResolveResult::Bound(Namespace(XMP))
                    };
                    let bound = ["xmp", "xap"].into_iter().find(is_bound);
                    place.get_or_insert((from + 1 + tag.name().as_ref().len(), bound));
                } else if is(XMP) && name.as_ref() == b"Rating" {
                    match open {
                        true => inside = Some((to, to)),
                        false => {
                            let name = String::from_utf8_lossy(tag.name().as_ref()).into_owned();
                            unrated = Some(Splice {
                                from,
                                to,
                                text: format!("<{name}>{rating}</{name}>"),
                            });
                        }
                    }
                }
            }
            Event::Text(_) | Event::CData(_) => {
                if let Some((_, end)) = &mut inside {
                    *end = to;
                }
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                if let Some((start, end)) = inside.take() {
                    if !is_unrated(text.get(start..end).unwrap_or_default()) {
                        return Ok(Found::Rated);
                    }
                    unrated = Some(Splice {
                        from: start,
                        to: end,
                        text: rating.to_string(),
                    });
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if depth > 0 {
        return Err(wrong(&"it breaks off"));
    }
    if let Some(splice) = unrated {
        return Ok(Found::Place(splice));
    }
    let (at, bound) = place.ok_or_else(|| wrong(&"it describes nothing"))?;
    let text = match bound {
        Some(prefix) => format!(" {prefix}:Rating=\"{rating}\""),
        None => {
            // A prefix that nothing in the file has.
            let free = |prefix: &String| !text.contains(&format!("xmlns:{prefix}="));
            let mut prefixes = (1..).map(|number| format!("xmp{number}"));
            let prefix = Some("xmp".to_owned()).filter(free).or_else(|| prefixes.find(free));
            let prefix = prefix.unwrap_or_default();
            let xmlns = std::str::from_utf8(XMP).unwrap_or_default();
            format!(" xmlns:{prefix}=\"{xmlns}\" {prefix}:Rating=\"{rating}\"")
        }
    };
    Ok(Found::Place(Splice { from: at, to: at, text }))
}

fn is_unrated(value: &str) -> bool {
    let value = value.trim();
    value.is_empty() || value.parse::<f64>() == Ok(0.0)
}

/// The value of an attribute, and where it is in the file.
struct Value<'a> {
    value: &'a str,
    from: usize,
    to: usize,
}

/// The attribute with the rating of a tag that is at `range`.
fn attribute<'a>(
    reader: &NsReader<&[u8]>,
    tag: &BytesStart,
    text: &'a str,
    range: std::ops::Range<usize>,
) -> io::Result<Option<Value<'a>>> {
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| io::Error::other(format!("the sidecar is no XMP: {error}")))?;
        let (namespace, name) = reader.resolve_attribute(attribute.key);
        if namespace != ResolveResult::Bound(Namespace(XMP)) || name.as_ref() != b"Rating" {
            continue;
        }
        let whole = text.get(range.clone()).unwrap_or_default();
        let key = std::str::from_utf8(attribute.key.as_ref()).unwrap_or_default();
        // As it is written: name, equals sign, quotation mark.
        let found = whole.match_indices(key).find_map(|(at, _)| {
            let rest = whole.get(at + key.len()..)?;
            let quoted = rest.trim_start().strip_prefix('=')?.trim_start();
            let quote = quoted.chars().next().filter(|&quote| quote == '"' || quote == '\'')?;
            let value = quoted.get(1..)?.split(quote).next()?;
            let from = range.start + whole.len() - quoted.len() + 1;
            Some(Value {
                value,
                from,
                to: from + value.len(),
            })
        });
        return Ok(found);
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::{merged, packet};

    fn after(old: &str, rating: i8) -> Option<String> {
        merged(old.as_bytes(), rating)
            .unwrap()
            .map(|new| String::from_utf8(new).unwrap())
    }

    fn description(attributes: &str, inside: &str) -> String {
        format!(
            "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\
             <!-- mine --><rdf:Description rdf:about=''{attributes}>{inside}</rdf:Description></rdf:RDF></x:xmpmeta>"
        )
    }

    const BOUND: &str = " xmlns:xap='http://ns.adobe.com/xap/1.0/'";

    #[test]
    fn a_rating_is_added_and_the_rest_stays() {
        let old = description(
            " xmlns:crs='c' crs:Exposure2012='+1.25'",
            "<crs:Look>a &amp; b</crs:Look>",
        );
        let new = after(&old, -1).unwrap();
        let added = " xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" xmp:Rating=\"-1\"";
        assert_eq!(new.replacen(added, "", 1), old);
        assert_ne!(new, old);
        // The second time it is there.
        assert_eq!(after(&new, 1), None);
    }

    #[test]
    fn what_is_rated_stays_and_what_is_not_gets_it_in_its_place() {
        for unrated in ["0", "", " 0 "] {
            let old = description(&format!("{BOUND} xap:Rating = '{unrated}' xap:Label='Red'"), "");
            assert_eq!(
                after(&old, 1),
                Some(description(&format!("{BOUND} xap:Rating = '1' xap:Label='Red'"), ""))
            );
            let old = description(BOUND, &format!("<xap:Rating>{unrated}</xap:Rating>"));
            assert_eq!(after(&old, -1), Some(description(BOUND, "<xap:Rating>-1</xap:Rating>")));
        }
        assert_eq!(
            after(&description(BOUND, "<xap:Rating/>"), 1),
            Some(description(BOUND, "<xap:Rating>1</xap:Rating>"))
        );
        for rated in ["-1", "3", "5"] {
            assert_eq!(
                after(&description(&format!("{BOUND} xap:Rating='{rated}'"), ""), 1),
                None
            );
            assert_eq!(
                after(&description(BOUND, &format!("<xap:Rating>{rated}</xap:Rating>")), 1),
                None
            );
        }
        // Another vocabulary's rating is none of ours, and its prefix is taken.
        let other = description(" xmlns:xmp='https://example.org/' xmp:Rating='4'", "");
        assert!(
            after(&other, 1)
                .unwrap()
                .contains("xmlns:xmp1=\"http://ns.adobe.com/xap/1.0/\" xmp1:Rating=\"1\"")
        );
    }

    #[test]
    fn a_new_sidecar_is_one() {
        let new = String::from_utf8(packet(-1)).unwrap();
        assert_eq!(after(&new, 1), None);
        assert!(new.contains("xmp:Rating=\"-1\""));
    }

    #[test]
    fn what_is_no_xmp_is_not_touched() {
        for wrong in [
            "",
            "no xml",
            "<a/>",
            "<a><b></a>",
            &description("", "<c>").replace("</rdf:RDF></x:xmpmeta>", ""),
        ] {
            assert!(merged(wrong.as_bytes(), 1).is_err(), "{wrong}");
        }
        assert!(merged(b"\xff\xfe<\0a\0", 1).is_err());
        let whole = description(BOUND, "<xap:Rating>0</xap:Rating>");
        for length in 0..whole.len() {
            // Whatever is cut off: refused, never a panic.
            assert!(merged(&whole.as_bytes()[..length], 1).is_err(), "{length}");
        }
    }
}
