//! Names of files and other text from outside, as people and programs are shown them.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;

/// A path as a line for people shows it, never the same for two names: what is not UTF-8, cannot be seen or turns the
/// direction
/// of the text is escaped, and so is the backslash, where it does not separate folders.
pub fn name(path: &Path) -> String {
    let mut shown = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' if !cfg!(windows) => shown.push_str(r"\\"),
                c => push(&mut shown, c),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(shown, r"\x{byte:02X}");
        }
    }
    shown
}

/// A path as programs are told it, so that it can be found again: as it is, or as a `file:` URL if it is not UTF-8.
pub fn exact(path: &Path) -> Cow<'_, str> {
    if let Some(text) = path.to_str() {
        return text.into();
    }
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut url = String::from("file://");
    for &byte in absolute.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => url.push(char::from(byte)),
            _ => {
                let _ = write!(url, "%{byte:02X}");
            }
        }
    }
    url.into()
}

/// Text that cannot command the terminal, break a line or look like another one.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(misleads) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len());
    text.chars().for_each(|c| push(&mut shown, c));
    shown.into()
}

fn push(shown: &mut String, c: char) {
    match misleads(c) {
        true => shown.extend(c.escape_default()),
        false => shown.push(c),
    }
}

/// Control characters, marks of direction, other ends of lines, and what has no width. The joiners are left: emoji and
/// several
/// scripts need them.
fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{feff}'
        )
        || matches!(c, '\u{2060}'..='\u{2069}' | '\u{fff9}'..='\u{fffb}')
}
