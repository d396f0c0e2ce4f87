//! The repair of text before it is tokenized: what CLIP has ftfy and `html.unescape` do, then one line in lower case.

use std::borrow::Cow;

use super::html::{self, WINDOWS_1252};
use super::{mojibake, nfc, width};

/// Most rounds of repair per line. A round can uncover work for the next (`&amp;lt;`), so they go on until nothing
/// changes; a text made to need a round per few bytes would take quadratic time.
const ROUNDS: usize = 16;

/// Repairs, unescapes HTML twice, makes every run of white space one space, strips, and lower-cases.
pub(super) fn clean(text: &str) -> String {
    let text = html::unescape(&html::unescape(&repair(text)));
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line.to_lowercase()
}

/// Repairs line by line. References stay as they are from the first line with a `<`: that text is HTML.
fn repair(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut unescape = true;
    for line in text.split_inclusive('\n') {
        unescape &= !line.contains('<');
        repair_line(line, unescape, &mut out);
    }
    out
}

fn repair_line(line: &str, unescape: bool, out: &mut String) {
    let mut line = Cow::Borrowed(line);
    for _ in 0..ROUNDS {
        let next = repair_once(&line, unescape && line.contains('&'));
        if next == line {
            break;
        }
        line = Cow::Owned(next);
    }
    out.push_str(&line);
}

/// One round: references, mojibake, plain characters, terminal escapes, controls, composition (NFC).
fn repair_once(line: &str, unescape: bool) -> String {
    let line = if unescape {
        Cow::Owned(html::unescape_strict(line))
    } else {
        Cow::Borrowed(line)
    };
    let line = mojibake::fix(&line).map_or(line, Cow::Owned);
    let mut plain = String::with_capacity(line.len());
    for c in line.chars() {
        match c {
            '\u{80}'..='\u{9f}' => push_quoted(WINDOWS_1252.get(c as usize - 0x80).copied().unwrap_or(c), &mut plain),
            '\r' | '\u{2028}' | '\u{2029}' => plain.push('\n'),
            _ if c.is_ascii() => plain.push(c),
            _ => push_quoted(c, &mut plain),
        }
    }
    let kept: String = without_escapes(&plain).chars().filter(|&c| !is_stripped(c)).collect();
    if kept.is_ascii() { kept } else { nfc::nfc(&kept) }
}

/// Appends a character with curly quotes made straight and width and ligature forms made plain.
fn push_quoted(c: char, out: &mut String) {
    match c {
        '\u{2bc}' | '\u{2018}'..='\u{201b}' => out.push('\''),
        '\u{201c}'..='\u{201f}' => out.push('"'),
        _ => width::push_plain(c, out),
    }
}

/// Without the escape sequences that colour text in a terminal: ESC `[`, digits and semicolons, a letter.
fn without_escapes(text: &str) -> Cow<'_, str> {
    const START: &str = "\u{1b}[";
    if !text.contains(START) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(START) {
        out.push_str(before);
        let tail = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        rest = match tail.strip_prefix(|c: char| c.is_ascii_alphabetic()) {
            Some(tail) => tail,
            None => {
                out.push_str(START);
                after
            }
        };
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Controls that text has no use for: ASCII except white space, deprecated formatting, annotation marks, the object
/// replacement character and the byte order mark.
fn is_stripped(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{e}'..='\u{1f}' | '\u{7f}' | '\u{206a}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffc}')
}
