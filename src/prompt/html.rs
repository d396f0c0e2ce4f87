//! HTML character references: the lenient decoding that CLIP applies and the strict one of ftfy.

use htmlize::ENTITIES;

/// What the references U+0080 to U+009F mean in HTML, and what these bytes are in Windows-1252 with the five
/// unassigned ones kept.
pub(super) const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];
/// Most characters of a name after `&`, without the semicolon.
const NAME_MAX: usize = 32;
/// Most characters between `&` and `;` that ftfy takes for a reference, `#` not counted.
const STRICT_MAX: usize = 24;

/// Decodes every reference by the rules of HTML text: names need no semicolon where HTML allows it, and the longest
/// name that fits counts, so `&notit;` is `¬it;`. Same results as Python's `html.unescape`.
pub(super) fn unescape(text: &str) -> String {
    replace(text, |after| match after.strip_prefix('#') {
        Some(number) => numeric(number).map(|(value, used)| (value, used + 1)),
        None => named_prefix(after),
    })
}

/// Decodes only references that end in a semicolon, and names in capitals such as `&EACUTE;` that HTML does not know,
/// as ftfy does: a text may well hold an ampersand that means itself.
pub(super) fn unescape_strict(text: &str) -> String {
    replace(text, |after| {
        let hash = usize::from(after.starts_with('#'));
        let length = after
            .get(hash..)?
            .bytes()
            .take_while(u8::is_ascii_alphanumeric)
            .take(STRICT_MAX + 1)
            .count();
        let end = hash + length + 1;
        if length == 0 || length > STRICT_MAX || after.as_bytes().get(end - 1) != Some(&b';') {
            return None;
        }
        let body = after.get(..end)?;
        let value = match body.strip_prefix('#') {
            Some(number) => numeric(number)
                .filter(|(value, used)| used + 1 == end && value != ";")
                .map(|(value, _)| value),
            None => entity(body).map(String::from).or_else(|| capitals(body)),
        };
        Some((value?, end))
    })
}

/// Replaces what `decode` makes of the text after each `&`: a value and the number of bytes used up.
fn replace(text: &str, decode: impl Fn(&str) -> Option<(String, usize)>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        rest = match decode(after) {
            Some((value, used)) => {
                out.push_str(&value);
                after.get(used..).unwrap_or_default()
            }
            None => {
                out.push('&');
                after
            }
        };
    }
    out.push_str(rest);
    out
}

/// The value of a whole name, semicolon included where the name has one.
fn entity(name: &str) -> Option<&'static str> {
    let mut key = Vec::with_capacity(name.len() + 1);
    key.push(b'&');
    key.extend_from_slice(name.as_bytes());
    ENTITIES
        .get(key.as_slice())
        .and_then(|value| std::str::from_utf8(value).ok())
}

/// The longest name that the text starts with.
fn named_prefix(after: &str) -> Option<(String, usize)> {
    // Names are of ASCII letters and digits, so anything else ends them; the shortest have two.
    let mut end = after
        .bytes()
        .take(NAME_MAX)
        .take_while(u8::is_ascii_alphanumeric)
        .count();
    if after.as_bytes().get(end) == Some(&b';') {
        end += 1;
    }
    (2..=end)
        .rev()
        .find_map(|length| Some((entity(after.get(..length)?)?.to_owned(), length)))
}

/// A name in capitals that HTML does not know, but knows in small letters: the capital of its value.
fn capitals(body: &str) -> Option<String> {
    if body.bytes().any(|b| b.is_ascii_lowercase()) || named_prefix(body).is_some() {
        return None;
    }
    entity(&body.to_ascii_lowercase()).map(str::to_uppercase)
}

/// The character of a numeric reference, given the text after `&#`, and the bytes used: `65;`, `x41;`, `65`.
fn numeric(text: &str) -> Option<(String, usize)> {
    let (radix, sign) = if text.starts_with(['x', 'X']) { (16, 1) } else { (10, 0) };
    let digits = text.get(sign..)?;
    let length = digits.bytes().take_while(|&b| char::from(b).is_digit(radix)).count();
    if length == 0 {
        return None;
    }
    let value = digits
        .bytes()
        .take(length)
        .filter_map(|b| char::from(b).to_digit(radix));
    let code = value.fold(0_u32, |code, digit| code.saturating_mul(radix).saturating_add(digit));
    let semicolon = usize::from(digits.as_bytes().get(length) == Some(&b';'));
    Some((character(code), sign + length + semicolon))
}

/// What HTML makes of a code point given by number; nothing for noncharacters and controls.
fn character(code: u32) -> String {
    let c = match code {
        0 => '\u{fffd}',
        0x80..=0x9f => WINDOWS_1252.get(code as usize - 0x80).copied().unwrap_or('\u{fffd}'),
        0x1..=0x8 | 0xb | 0xe..=0x1f | 0x7f | 0xfdd0..=0xfdef => return String::new(),
        _ if code <= 0x0010_ffff && code & 0xfffe == 0xfffe => return String::new(),
        _ => char::from_u32(code).unwrap_or('\u{fffd}'),
    };
    c.into()
}
